"""Customers on the desk: a changed mail address ends every link to the old one, and says so."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from logisav.desk.tests.desk import at_desk, filled, manager, owner, said
from quotes.models import Customer
from quotes.tests.factories import make_customer, make_link, make_sent_quote, visitor

pytestmark = pytest.mark.django_db


def change(customer: Customer, **changes: Any) -> Any:
    desk = at_desk(manager())
    address = f"/admin/quotes/customer/{customer.pk}/change/"
    return desk.post(address, filled(desk.get(address)) | changes, follow=True)


def test_a_new_address_revokes_the_links_and_is_journalled() -> None:
    quote = make_sent_quote()
    browser = visitor(quote)
    _, path = make_link(quote)
    response = change(quote.customer, email="claire@ailleurs.example", phone="06 11 22 33 44")
    assert any("ne s'ouvrent plus" in sentence for sentence in said(response))
    assert browser.get(quote.get_absolute_url()).status_code == 403
    assert Client().get(path).status_code == 404
    quote.customer.refresh_from_db()
    assert (quote.customer.email, quote.customer.phone) == ("claire@ailleurs.example", "06 11 22 33 44")
    assert quote.events.get(kind="email_changed").facts["to"] == "claire@ailleurs.example"


def test_another_change_leaves_the_links() -> None:
    quote = make_sent_quote()
    browser = visitor(quote)
    change(quote.customer, address="3 rue Neuve\n69002 Lyon")
    assert browser.get(quote.get_absolute_url()).status_code == 200
    quote.customer.refresh_from_db()
    assert quote.customer.address.startswith("3 rue Neuve")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"last_name": ""}, "Indiquez le nom du particulier."),
        ({"kind": "business", "company_name": ""}, "Indiquez la raison sociale du professionnel."),
        ({"siren": "123456789"}, "SIREN"),
        ({"email": "pas une adresse"}, "valide"),
    ],
)
def test_what_is_wrong_is_told(changes: dict[str, str], sentence: str) -> None:
    customer = make_customer()
    response = change(customer, **changes)
    assert sentence in response.content.decode()
    customer.refresh_from_db()
    assert customer.email == "claire.morel@exemple.fr"


def test_a_customer_is_made_in_place_and_found_again() -> None:
    desk = at_desk(owner())
    add = "/admin/quotes/customer/add/?_to_field=id&_popup=1"
    data = filled(desk.get(add)) | {
        "kind": "business", "company_name": "Boulangerie Perrin", "email": "perrin@exemple.fr", "address": "Lyon",
        "_popup": "1",
    }  # fmt: skip
    assert b"popup_response" in desk.post(add, data).content
    found = desk.get(
        "/admin/autocomplete/",
        {"app_label": "quotes", "model_name": "quote", "field_name": "customer", "term": "perrin"},
    ).json()
    assert [result["text"] for result in found["results"]] == ["Boulangerie Perrin, perrin@exemple.fr"]


def test_a_customer_is_never_deleted() -> None:
    customer = make_customer()
    response = at_desk(manager()).post(f"/admin/quotes/customer/{customer.pk}/delete/", {"post": "yes"})
    assert response.status_code == 403
    assert Customer.objects.filter(pk=customer.pk).exists()


def test_the_list_counts_quotes() -> None:
    quote = make_sent_quote()
    response = at_desk(manager()).get("/admin/quotes/customer/?q=morel")
    assert [customer.quotes_made for customer in response.context["cl"].result_list] == [1]
    assert quote.customer.name in response.content.decode()
