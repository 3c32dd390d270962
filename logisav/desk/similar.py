"""Customers like the one that is being typed, of those that one may see; and the address of one that was chosen."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from lib import phones
from lib.fields import whole
from logisav.desk import access
from logisav.desk.quotes.searching import search_customers
from quotes.models import Customer

MOST = 5
FEWEST_LETTERS, FEWEST_DIGITS = 3, 8


@require_safe
def similar(request: HttpRequest) -> JsonResponse:
    access.check_may_see_customers(request)
    found = _found(access.visible_customers(request), request.GET)[:MOST]
    answer = JsonResponse({"customers": [_told(customer) for customer in found]})
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _found(customers: QuerySet[Customer], typed: Any) -> QuerySet[Customer]:
    """By mailbox or number exactly, else by all words of the name."""
    if (pk := whole(typed.get("client", ""))) is not None:
        return customers.filter(pk=pk)
    mail, phone, name = (" ".join(typed.get(key, "").split()) for key in ("mail", "tel", "nom"))
    others = customers.exclude(pk=whole(typed.get("sauf", "")) or 0)
    same = Q(pk__in=())
    if "@" in mail:
        same |= Q(email__iexact=mail)
    if len(digits := phones.digits_for_search(phone)) >= FEWEST_DIGITS:
        same |= Q(phone_digits=digits)
    if len(name) >= FEWEST_LETTERS:
        same |= Q(pk__in=search_customers(others, name).values("pk")[:MOST])
    return others.filter(same).order_by("company_name", "last_name", "first_name", "-pk")


def _told(customer: Customer) -> dict[str, Any]:
    return {
        "pk": customer.pk,
        "name": str(customer),
        "phone": phones.shown(customer.phone),
        "address": customer.address,
        "business": not customer.is_individual,
        "url": reverse("admin:quotes_customer_change", args=[customer.pk]),
    }
