"""The quote editor in a real browser, for the tests of its parts."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from playwright.sync_api import Dialog, Locator, Page

from quotes.models import CatalogueItem, Quote

ADD = "/admin/quotes/quote/add/"
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def catalogue(transactional_db: None) -> None:
    for number, label in enumerate(("Pompe à chaleur 8 kW", "Pompe à chaleur 11 kW", "Chaudière gaz")):
        CatalogueItem.objects.create(
            reference=f"ART-{number}",
            label=label,
            unit="unité",
            unit_price=Decimal(6890),
            vat_rate=Decimal("5.5"),
        )


def edit(desk: Page, quote: Quote) -> None:
    desk.goto(f"/admin/quotes/quote/{quote.pk}/change/")


def lines(desk: Page) -> Locator:
    return desk.locator(".lines > .line")


def labels(desk: Page) -> list[str]:
    return [line.get_by_label("Désignation").input_value() for line in lines(desk).all()]


def more(line: Locator) -> None:
    """What a row folds away: description, discount, kind, option, moving."""
    line.locator("summary").click()


def write(
    line: Locator, label: str, quantity: str, price: str, *, vat: str = "20", discount: str = ""
) -> None:
    line.get_by_label("Désignation").fill(label)
    line.get_by_label("Quantité").fill(quantity)
    line.get_by_label("Unité").fill("u")
    line.get_by_label("Prix HT").fill(price)
    line.get_by_label("TVA").select_option(vat)
    if discount:
        more(line)
        line.get_by_label("Remise").fill(discount)


def choose_customer(desk: Page, words: str, name: str) -> None:
    desk.locator(".field-customer .select2-selection").click()
    desk.keyboard.type(words)
    desk.get_by_role("option", name=re.compile(name)).click()


def take_from_catalogue(desk: Page, words: str, label: str) -> None:
    lines(desk).last.get_by_label("Désignation").press_sequentially(words)
    desk.get_by_role("option", name=re.compile(label)).click()


def leaves(desk: Page) -> list[str]:
    """What the browser asked before it let us go."""
    asked: list[str] = []

    def accept(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    desk.on("dialog", accept)
    desk.get_by_role("link", name="Clients").click()
    desk.wait_for_url("**/customer/")
    desk.remove_listener("dialog", accept)
    return asked
