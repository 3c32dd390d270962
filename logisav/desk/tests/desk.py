"""Staff at their desk: accounts with the rights of their group, and forms filled as a browser would send them."""

from __future__ import annotations

import re
from typing import Any

from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.forms import BaseForm, BaseFormSet
from django.test import Client
from django.urls import reverse

from quotes.models import Quote
from quotes.tests.factories import make_owner


def owner(**fields: Any) -> User:
    return _in_group("Responsables de devis", **fields)


def manager(**fields: Any) -> User:
    return _in_group("Gestionnaires", **fields)


def accountant(**fields: Any) -> User:
    return _in_group("Comptables", **fields)


def administrator(**fields: Any) -> User:
    return _in_group("Administrateurs", **fields)


def _in_group(name: str, **fields: Any) -> User:
    if not Group.objects.filter(name=name).exists():
        call_command("make_groups", stdout=_Nowhere())
    user = make_owner(**fields)
    user.groups.add(Group.objects.get(name=name))
    return user


class _Nowhere:
    def write(self, text: str) -> None: ...


def at_desk(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page_of(quote: Quote) -> str:
    return reverse("admin:quotes_quote_change", args=[quote.pk])


def action_of(quote: Quote, step: str) -> str:
    return reverse("admin:quotes_quote_action", args=[quote.pk, step])


def text(response: Any) -> str:
    return response.content.decode()


def said(response: Any) -> list[str]:
    """The messages on the page that a redirect led to."""
    return [str(message) for message in response.context["messages"]]


def filled(response: Any) -> dict[str, Any]:
    """What a browser sends when nothing was touched on the page's form."""
    data = _values(response.context["adminform"].form)
    data |= stamp_in(response)
    for inline in response.context["inline_admin_formsets"]:
        formset: BaseFormSet[Any] = inline.formset
        data |= _values(formset.management_form)
        for form in formset.forms:
            data |= _values(form)
    return data


def stamp_in(response: Any) -> dict[str, str]:
    """The hidden field that says what the page's form was made from."""
    found = re.findall(r'name="_stamp" value="([^"]+)"', text(response))
    return {"_stamp": found[0]} if found else {}


def _values(form: BaseForm) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for bound in form:
        value = bound.value()
        if value is True:
            value = "on"
        if isinstance(value, list):
            values[bound.html_name] = [str(item) for item in value]
        elif value is not None and value is not False:
            values[bound.html_name] = str(getattr(value, "pk", value))
    return values


def line(number: int, **fields: Any) -> dict[str, Any]:
    """A new line of the form, as typed."""
    typed = {
        "kind": "item",
        "quantity": "1",
        "unit_price": "0",
        "discount": "0",
        "vat_rate": "20",
        "position": "",
    }
    return {f"lines-{number}-{name}": value for name, value in (typed | fields).items()}
