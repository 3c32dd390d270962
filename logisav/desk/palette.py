"""Ctrl+K, and the field on every page: quotes, customers and articles that one may see, by what was typed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode
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


@dataclass(frozen=True)
class Group:
    title: str
    found: list[Found]
    all: str  # where more of them are
    all_words: str


@require_safe
def find(request: HttpRequest) -> HttpResponse:
    """The same as a page of its own, for the field in the head of every page."""
    typed = visible(request.GET.get("s", "")).strip()[:LONGEST]
    groups = (
        [
            _group(request, "Devis", _quotes(request, typed), "quote", typed, "Voir tous ces devis"),
            _group(
                request, "Clients", _customers(request, typed), "customer", typed, "Voir tous ces clients"
            ),
            _group(
                request,
                "Catalogue",
                _articles(request, typed),
                "catalogueitem",
                typed,
                "Voir tous ces articles",
            ),
        ]
        if typed
        else []
    )
    context = {
        "title": "Chercher",
        "sought": typed,
        "groups": groups,
        "any": any(one.found for one in groups),
    }
    return TemplateResponse(request, "desk/find.html", admin.site.each_context(request) | context)


def _group(
    request: HttpRequest, title: str, found: Iterator[Found], model: str, typed: str, words: str
) -> Group:
    rows = list(found)
    more = (
        f"{reverse(f'admin:quotes_{model}_changelist')}?{urlencode({'q': typed})}"
        if len(rows) == MOST
        else ""
    )
    return Group(title, rows, more, words)


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
        yield Found("person", customer.name, ", ".join(filter(None, ["Client", customer.email])), address)


def _articles(request: HttpRequest, typed: str) -> Iterator[Found]:
    if not _may_read(request, "catalogueitem"):
        return
    for item in CatalogueItem.objects.matching(typed)[:MOST]:
        address = reverse("admin:quotes_catalogueitem_change", args=[item.pk])
        yield Found("sell", item.label, f"Catalogue, {item.reference}", address)
