"""Searching quotes and customers: every word that was typed stands somewhere in the quote or in its customer,
whatever its accents and case.

PostgreSQL finds words inside texts by its trigram index. Elsewhere, or without it, rows are read along the list's
order until a page is full, so that common words are quick and only rare ones read everything.
"""

from __future__ import annotations

from django.db.models import Q, QuerySet

from quotes import folding
from quotes.models import Customer, Quote

MOST_WORDS = 6
MOST_CUSTOMERS = 500


def search_quotes(quotes: QuerySet[Quote], typed: str) -> QuerySet[Quote]:
    """A whole number is that quote alone."""
    number = typed.strip().upper()
    if number.startswith("D-") and Quote.objects.filter(number=number).exists():
        return quotes.filter(number=number)
    for word in _words(typed):
        quotes = quotes.filter(_has(word) | _of_customers(word))
    return quotes


def search_customers(customers: QuerySet[Customer], typed: str) -> QuerySet[Customer]:
    for word in _words(typed):
        customers = customers.filter(_has(word))
    return customers


def _words(typed: str) -> list[str]:
    return typed.split()[:MOST_WORDS]


def _has(word: str) -> Q:
    return Q(searched__iregex=folding.pattern(word))


def _of_customers(word: str) -> Q:
    """Few customers are named, so that an index finds their quotes; of many, some are soon met along the list."""
    found = Customer.objects.filter(_has(word)).values_list("pk", flat=True)
    first = list(found[: MOST_CUSTOMERS + 1])
    return Q(customer__in=first if len(first) <= MOST_CUSTOMERS else found)
