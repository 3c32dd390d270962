"""« Nouveau client » inside the page of a quote: sent with the quote's own fields, and both are saved or neither."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest

from notifications.staff import member
from quotes.models import Customer

PREFIX = "nouveau"
TYPED = ("first_name", "last_name", "company_name", "siren", "email", "phone", "address")


def panel(request: HttpRequest) -> ModelForm[Customer] | None:
    """Filled as soon as anything was typed into it; None for whoever makes no customers."""
    if not request.user.has_perm("quotes.add_customer"):
        return None
    form = admin.site.get_model_admin(Customer).get_form(request)
    sent = [request.POST.get(f"{PREFIX}-{name}", "").strip() for name in TYPED]
    return form(request.POST if any(sent) else None, prefix=PREFIX)


def save(request: HttpRequest, form: Any) -> Customer:
    """As the customer's own page saves it."""
    desk: Any = admin.site.get_model_admin(Customer)
    customer: Customer = form.save(commit=False)
    customer.made_by = member(request)
    customer.save()
    desk.log_addition(request, customer, [{"added": {}}])
    return customer
