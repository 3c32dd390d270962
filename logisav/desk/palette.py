"""Ctrl+K: quotes, customers and articles by what was typed, and nothing that one may not see."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from lib.fields import visible
from logisav.desk.access import visible_customers
from logisav.desk.quotes.searching import search_customers, search_quotes
from notifications.staff import member
from quotes.models import CatalogueItem, Quote

MOST, LONGEST = 6, 100  # of each kind; characters


@dataclass(frozen=True)
class Found:
    icon: str
    title: str
    under: str
    address: str


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """What the palette shows below its field; nothing for nothing typed."""
    typed = visible(request.GET.get("s", "")).strip()[:LONGEST]
    found = (
        [*_quotes(request, typed), *_customers(request, typed), *_articles(request, typed)] if typed else []
    )
    return render(request, "desk/palette.html", {"typed": typed, "found": found})


def _may_read(request: HttpRequest, model: str) -> bool:
    """As the pages of the model ask it."""
    return any(request.user.has_perm(f"quotes.{right}_{model}") for right in ("view", "change"))


def _quotes(request: HttpRequest, typed: str) -> Iterator[Found]:
    if not _may_read(request, "quote"):
        return
    quotes = (
        Quote.objects.visible_to(member(request)).select_related("customer").order_by("-created_at", "-pk")
    )
    for quote in search_quotes(quotes, typed)[:MOST]:
        under = f"{quote.customer.name}, {quote.get_state_display().lower()}"
        address = reverse("admin:quotes_quote_change", args=[quote.pk])
        yield Found("description", f"{quote.number} {quote.title}", under, address)


def _customers(request: HttpRequest, typed: str) -> Iterator[Found]:
    if not _may_read(request, "customer"):
        return
    for customer in search_customers(visible_customers(request), typed)[:MOST]:
        address = reverse("admin:quotes_customer_change", args=[customer.pk])
        yield Found("person", customer.name, f"Client, {customer.email}", address)


def _articles(request: HttpRequest, typed: str) -> Iterator[Found]:
    if not _may_read(request, "catalogueitem"):
        return
    for item in CatalogueItem.objects.matching(typed)[:MOST]:
        address = reverse("admin:quotes_catalogueitem_change", args=[item.pk])
        yield Found("sell", item.label, f"Catalogue, {item.reference}", address)
