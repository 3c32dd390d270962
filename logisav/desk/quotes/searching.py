"""Searching quotes and customers: every word that was typed stands somewhere in the quote or in its customer,
whatever its accents and case. A telephone number finds its customer however the one and the other are written.

PostgreSQL finds words inside texts by its trigram index. Elsewhere, or without it, rows are read along the list's
order until a page is full, so that common words are quick and only rare ones read everything.
"""

from __future__ import annotations

import itertools
import re

from django.db.models import Q, QuerySet

from lib import folding, phones
from quotes.models import Customer, Quote

MOST_WORDS = 6
MOST_CUSTOMERS = 500
FIGURES = re.compile(r"[0-9+()./-]+")
FEWEST_DIGITS = 4  # fewer stand in too many telephone numbers


def search_quotes(quotes: QuerySet[Quote], typed: str) -> QuerySet[Quote]:
    """A whole number is that quote alone."""
    number = typed.strip().upper()
    if number.startswith("D-") and Quote.objects.filter(number=number).exists():
        return quotes.filter(number=number)
    for term in _terms(typed):
        said = Q()
        for word in term.split():
            said &= _has(word) | _of_customers(_has(word))
        called = _called(term)
        quotes = quotes.filter(said | _of_customers(called) if called else said)
    return quotes


def search_customers(customers: QuerySet[Customer], typed: str) -> QuerySet[Customer]:
    for term in _terms(typed):
        said = Q()
        for word in term.split():
            said &= _has(word)
        customers = customers.filter(said | _called(term))
    return customers


def _terms(typed: str) -> list[str]:
    """Words, and figures that stand side by side as one: « 06 12 34 56 78 », a SIREN in threes."""
    terms: list[str] = []
    for figures, group in itertools.groupby(typed.split(), key=lambda word: bool(FIGURES.fullmatch(word))):
        words = list(group)
        terms += [" ".join(words[:MOST_WORDS])] if figures else words
    return terms[:MOST_WORDS]


def _has(word: str) -> Q:
    return Q(searched__iregex=folding.pattern(word))


def _called(term: str) -> Q:
    """Whose telephone number has these figures; nothing for what is none."""
    digits = phones.digits_for_search(term) if FIGURES.match(term) else ""
    if sum(c.isdigit() for c in term) < FEWEST_DIGITS:
        return Q()
    return Q(phone_digits__contains=digits) if digits else Q()


def _of_customers(named: Q) -> Q:
    """Few customers are named, so that an index finds their quotes; of many, some are soon met along the list."""
    found = Customer.objects.filter(named).values_list("pk", flat=True)
    first = list(found[: MOST_CUSTOMERS + 1])
    return Q(customer__in=first if len(first) <= MOST_CUSTOMERS else found)
