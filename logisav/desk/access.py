"""The one door to quotes and customers on the desk: who may see them, who may act, and the frame of their pages."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.template.response import TemplateResponse

from notifications.staff import member
from quotes.models import Company, Customer, Quote
from quotes.models.company import CustomerQuerySet


def may_act(request: HttpRequest) -> bool:
    return request.user.has_perm("quotes.change_quote")


def visible_quote(request: HttpRequest, pk: int) -> Quote:
    """The quote if this member of staff may see it; else it does not exist."""
    if not (may_act(request) or request.user.has_perm("quotes.view_quote")):
        raise PermissionDenied
    quote = Quote.objects.visible_to(member(request)).with_parties().filter(pk=pk).first()
    if quote is None:
        raise Http404
    return quote


def company_of(request: HttpRequest) -> Company:
    """Asked for once a page; an empty one before there is any."""
    known: Company | None = getattr(request, "company", None)
    if known is None:
        known = Company.objects.first() or Company()
        request.company = known  # type: ignore[attr-defined]
    return known


def visible_customers(request: HttpRequest) -> CustomerQuerySet:
    """Lists, search, choice, export and import of customers all begin here."""
    return Customer.objects.visible_to(member(request))


def check_may_see_customers(request: HttpRequest) -> None:
    if not (request.user.has_perm("quotes.view_customer") or request.user.has_perm("quotes.change_customer")):
        raise PermissionDenied


def page(
    request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200
) -> TemplateResponse:
    everything = (
        admin.site.each_context(request) | {"opts": Quote._meta, "object": context.get("quote")} | context
    )
    return TemplateResponse(request, template, everything, status=status)
