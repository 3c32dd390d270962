"""Ctrl+K: what it finds, in French, and for whom."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from logisav.desk.tests.desk import at_desk, manager, owner, page_of, text
from quotes.models import CatalogueItem, Quote
from quotes.tests.factories import make_customer, make_sent_quote

pytestmark = pytest.mark.django_db


@pytest.fixture
def quote() -> Quote:
    customer = make_customer(first_name="Élise", last_name="Perrin", phone="06 39 98 12 42")
    return make_sent_quote(owner=owner(), customer=customer)


def found(desk: Client, typed: str) -> str:
    page = desk.get("/admin/search/", {"s": typed, "extended": "1"})
    assert page.status_code == 200
    return text(page).replace("&#x27;", "'")


@pytest.mark.parametrize("typed", ["{number}", "elise PERRIN", "0639981242", "pompe chaleur"])
def test_a_quote_is_found_by_number_customer_telephone_and_words(quote: Quote, typed: str) -> None:
    page = found(at_desk(quote.owner), typed.format(number=quote.number))
    assert f'href="{page_of(quote)}"' in page
    assert f"{quote.number} {quote.title}" in page


def test_customers_and_articles_are_found_too(quote: Quote) -> None:
    item = CatalogueItem.objects.create(reference="BAL-1", label="Ballon tampon", unit_price=1, vat_rate=20)
    desk = at_desk(quote.owner)
    assert reverse("admin:quotes_customer_change", args=[quote.customer_id]) in found(desk, "perrin")
    assert reverse("admin:quotes_catalogueitem_change", args=[item.pk]) in found(desk, "ballon")


def test_nothing_found_says_so_in_french_and_nothing_typed_says_nothing(quote: Quote) -> None:
    page = found(at_desk(quote.owner), "<b>zzz")
    assert "Aucun devis, client ni article ne correspond à" in page
    assert "&lt;b&gt;zzz" in page
    assert "<li" not in found(at_desk(quote.owner), " ")


def test_a_colleague_finds_neither_and_a_manager_both(quote: Quote) -> None:
    assert "<li" not in found(at_desk(owner()), "perrin")
    page = found(at_desk(manager()), "perrin")
    assert page.count("<li") == 2


def test_odd_bytes_are_no_search(quote: Quote) -> None:
    for typed in ("\x00", "(", "[a", "\\", "x" * 5000):
        assert at_desk(quote.owner).get("/admin/search/", {"s": typed}).status_code in (200, 400)


# The field on every page


def test_every_page_has_the_field_and_it_leads_to_what_was_typed(quote: Quote) -> None:
    desk = at_desk(quote.owner)
    for address in ("/admin/", "/admin/quotes/quote/", page_of(quote), "/admin/quotes/customer/add/"):
        assert 'action="/admin/chercher/"' in text(desk.get(address)), address
    page = text(desk.get("/admin/chercher/", {"s": "perrin"}))
    assert f'href="{page_of(quote)}"' in page
    assert reverse("admin:quotes_customer_change", args=[quote.customer_id]) in page


def test_the_page_of_the_search_says_nothing_of_what_one_may_not_see(quote: Quote) -> None:
    assert "Aucun devis, client ni article ne correspond à" in text(
        at_desk(owner()).get("/admin/chercher/?s=perrin")
    )
    assert quote.number not in text(at_desk(owner()).get("/admin/chercher/?s=perrin"))
    assert Client().get("/admin/chercher/?s=perrin").status_code == 302
