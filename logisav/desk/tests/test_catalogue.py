"""The price list: kept by managers, read by owners, searched by the editor."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from logisav.desk.tests.desk import at_desk, filled, manager, owner, text
from quotes.models import CatalogueItem
from quotes.tests.factories import make_owner

pytestmark = pytest.mark.django_db
LIST = "/admin/quotes/catalogueitem/"
SEARCH = f"{LIST}chercher/"


def article(reference: str, label: str, **fields: Any) -> CatalogueItem:
    defaults = {"unit": "unité", "unit_price": Decimal("38.50"), "vat_rate": Decimal("5.5")}
    return CatalogueItem.objects.create(reference=reference, label=label, **defaults | fields)


def found(browser: Client, words: str) -> list[str]:
    return [item["reference"] for item in browser.get(SEARCH, {"q": words}).json()["items"]]


def test_a_manager_keeps_the_price_list() -> None:
    browser = at_desk(manager())
    data = filled(browser.get(f"{LIST}add/"))
    data |= {"reference": "PAC-8", "label": "Pompe à chaleur", "unit_price": "6 890,50", "vat_rate": "5.5"}
    assert browser.post(f"{LIST}add/", data).status_code == 302
    item = CatalogueItem.objects.get()
    assert (item.unit_price, item.vat_rate, item.is_active) == (Decimal("6890.50"), Decimal("5.5"), True)
    page = f"{LIST}{item.pk}/change/"
    assert browser.post(page, filled(browser.get(page)) | {"label": "Pompe 8 kW"}).status_code == 302
    assert "Pompe 8 kW" in text(browser.get(LIST))


def test_a_reference_is_given_once() -> None:
    article("PAC-8", "Pompe à chaleur")
    browser = at_desk(manager())
    data = filled(browser.get(f"{LIST}add/")) | {"reference": "PAC-8", "label": "Autre"}
    assert "existe déjà" in text(browser.post(f"{LIST}add/", data))


def test_nothing_is_deleted() -> None:
    item = article("PAC-8", "Pompe à chaleur")
    browser = at_desk(manager())
    assert browser.post(f"{LIST}{item.pk}/delete/", {"post": "yes"}).status_code == 403


def test_owners_read_it_and_others_do_not() -> None:
    item = article("PAC-8", "Pompe à chaleur")
    browser = at_desk(owner())
    assert "Pompe à chaleur" in text(browser.get(LIST))
    assert browser.post(f"{LIST}{item.pk}/change/", {"label": "Moins cher"}).status_code == 403
    assert browser.get(f"{LIST}add/").status_code == 403
    stranger = at_desk(make_owner())
    assert [stranger.get(path).status_code for path in (LIST, SEARCH)] == [403, 403]
    assert Client().get(SEARCH).status_code == 302


@pytest.mark.parametrize(
    "words", ["chaudiere", "CHAUDIÈRE gaz", "gaz chaud", "ch-24", "24 kw", "œuvre chaudi", "m2", "d'oeuvre"]
)
def test_an_article_is_found_by_reference_or_words_whatever_accents_and_case(words: str) -> None:
    article("CH-24", "Main-d’œuvre, Chaudière gaz 24 kW, 3 m²")
    article("RAD", "Radiateur")
    assert found(at_desk(owner()), words) == ["CH-24"]


@pytest.mark.parametrize("words", [".*", "(", "[a", "\\", "x\x01", "+", "a" * 5000])
def test_what_looks_like_a_pattern_is_only_text(words: str) -> None:
    article("RAD", "Radiateur")
    assert found(at_desk(owner()), words) == []
    assert at_desk(owner()).get(LIST, {"q": words}).status_code == 200


def test_the_search_offers_what_is_sold_a_dozen_at_a_time() -> None:
    for number in range(15):
        article(f"A-{number:02}", "Robinet")
    article("VIEUX", "Robinet", is_active=False)
    answer = at_desk(owner()).get(SEARCH, {"q": "robinet"}).json()
    assert [item["reference"] for item in answer["items"]] == [f"A-{number:02}" for number in range(12)]
    assert answer["more"]


def test_an_article_comes_as_it_would_be_typed() -> None:
    article("TUBE", "Tube", unit="m", description="Cuivre")
    assert at_desk(owner()).get(SEARCH, {"q": "tube"}).json() == {
        "items": [
            {
                "reference": "TUBE",
                "label": "Tube",
                "description": "Cuivre",
                "unit": "m",
                "unit_price": "38,50",
                "vat_rate": "5.5",
                "price": "38,50\xa0€ / m",
            }
        ],
        "more": False,
    }
