"""A quote of ten lines is written faster than in a word processor: by keyboard alone, or with rows from elsewhere."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Locator, Page, expect

from lib import french
from logisav.desk.tests.desk import page_of
from logisav.tests.browser import violations
from logisav.tests.editor import (
    ADD,
    choose_customer,
    edit,
    lines,
    more,
)
from quotes.models import Quote
from quotes.tests.factories import make_customer, make_quote

pytestmark = [pytest.mark.browser, pytest.mark.sqlite]


TEN = (
    ("Dépose de la chaudière", "1", "forfait", "420", "10"),
    ("Raccordements hydrauliques", "14", "m", "38,50", "5.5"),
    ("Ligne électrique dédiée", "1", "forfait", "465", "5.5"),
    ("Main-d'œuvre", "24", "h", "58", "5.5"),
    ("Ballon tampon 100 l", "1", "unité", "690", "5.5"),
    ("Désembouage", "1", "forfait", "590", "10"),
    ("Mise en service", "1", "forfait", "280", "5.5"),
    ("Évacuation des gravats", "1", "forfait", "150", "10"),
    ("Contrat d'entretien", "1", "an", "189", "10"),
)
TEN_TOTAL = "12\u202f303,98\xa0€"


def type_ten_lines(desk: Page) -> None:
    """From the first designation on, hands on the keyboard: one line from the catalogue, nine written."""
    keys = desk.keyboard
    keys.type("chaleur 8", delay=10)
    expect(desk.locator(".catalogue [role=option]")).to_have_count(1)
    keys.press("ArrowDown")
    keys.press("Enter")
    for label, quantity, unit, price, rate in TEN:
        keys.press("Enter")
        keys.type(label)
        for words in (quantity, unit, price):
            keys.press("Tab")
            keys.type(words)
        keys.press("Tab")
        keys.type(rate.replace(".", ","))
    expect(lines(desk)).to_have_count(10)


def check_ten_lines(desk: Page) -> None:
    expect(desk.get_by_text("est enregistré.")).to_be_visible()
    quote = Quote.objects.get()
    rows = [
        (line.label, line.quantity, line.unit, line.unit_price, line.vat_rate) for line in quote.lines.all()
    ]
    typed = [
        (label, Decimal(quantity), unit, Decimal(price.replace(",", ".")), Decimal(rate))
        for label, quantity, unit, price, rate in TEN
    ]
    assert rows == [("Pompe à chaleur 8 kW", Decimal(1), "unité", Decimal(6890), Decimal("5.5")), *typed]


def tab_to(desk: Page, field: Locator) -> None:
    for _ in range(60):
        if field.evaluate("field => field === document.activeElement"):
            return
        desk.keyboard.press("Tab")
    raise AssertionError(f"{field} is not reached")


@pytest.mark.usefixtures("catalogue")
def test_a_quote_of_ten_lines_is_written_by_keyboard_alone(desk: Page) -> None:
    make_customer()
    desk.goto(ADD)
    desk.evaluate("window.clicks = 0; addEventListener('pointerdown', () => { clicks += 1 }, true)")
    tab_to(desk, desk.locator(".field-customer .select2-selection"))
    desk.keyboard.press("Enter")
    desk.keyboard.type("morel")
    expect(desk.get_by_role("option", name=re.compile("Claire Morel"))).to_be_visible()
    desk.keyboard.press("Enter")
    tab_to(desk, desk.locator("[name=title]"))
    desk.keyboard.type("Chauffage de la maison")
    tab_to(desk, lines(desk).first.get_by_label("Désignation"))
    type_ten_lines(desk)
    expect(desk.locator(".bar-sum")).to_be_in_viewport()
    assert desk.evaluate("clicks") == 0
    desk.keyboard.press("Control+s")
    check_ten_lines(desk)


@pytest.mark.usefixtures("catalogue")
def test_a_quote_of_ten_lines_takes_no_more_than_twelve_clicks(desk: Page) -> None:
    make_customer()
    desk.goto(ADD)
    desk.evaluate("window.clicks = 0; addEventListener('pointerdown', () => { clicks += 1 }, true)")
    choose_customer(desk, "morel", "Claire Morel")
    desk.locator("[name=title]").click()
    desk.keyboard.type("Chauffage de la maison")
    lines(desk).first.get_by_label("Désignation").click()
    type_ten_lines(desk)
    total = desk.locator(".bar-sum strong").inner_text()
    clicks = desk.evaluate("clicks") + 1
    desk.get_by_role("button", name="Enregistrer").click()
    check_ten_lines(desk)
    assert french.money(Quote.objects.get().shown_total) == total == TEN_TOTAL
    assert clicks <= 12


def test_a_line_is_a_row_and_ten_are_a_few_thumbs_on_a_phone(desk: Page, julien: User) -> None:
    ten = tuple(
        {"label": f"Poste {rank}", "description": "Cuivre calorifugé, vannes.", "unit_price": Decimal(rank),
         "discount": Decimal(5 * (rank % 2)), "option": rank == 9}
        for rank in range(10)
    )  # fmt: skip
    edit(desk, make_quote(owner=julien, lines=ten))
    heights = lines(desk).evaluate_all("lines => lines.map(line => line.offsetHeight)")
    assert len(heights) == 10
    assert max(heights) <= 48
    expect(lines(desk).nth(9).locator(".line-note")).to_have_text("Cuivre calorifugé, vannes.")
    expect(lines(desk).nth(9).locator(".line-marks")).to_have_text("remise 5 % · option")
    for width, most in ((390, 4000), (320, 4400)):
        desk.set_viewport_size({"width": width, "height": 844})
        desk.reload()
        expect(desk.locator(".desk-lines.scripted")).to_be_visible()
        assert desk.evaluate("document.documentElement.scrollHeight") <= most
        assert desk.evaluate("document.documentElement.scrollWidth") <= width
        assert desk.locator(".line.open").count() == 0
    lines(desk).nth(3).locator(".line-card").click()
    more(lines(desk).nth(3))
    assert violations(desk, ".desk-lines", ".desk-bar") == []


def test_the_total_and_saving_are_always_in_sight(desk: Page, julien: User) -> None:
    quote = make_quote(owner=julien)
    for width in (320, 390, 768, 1024, 1280, 1920):
        desk.set_viewport_size({"width": width, "height": 844})
        for address in (ADD, page_of(quote)):
            desk.goto(address)
            for place in (
                "0",
                "document.documentElement.scrollHeight / 2",
                "document.documentElement.scrollHeight",
            ):
                desk.evaluate(f"scrollTo(0, {place})")
                expect(desk.locator("[data-total]").last).to_be_in_viewport()
                expect(desk.get_by_role("button", name="Enregistrer")).to_be_in_viewport()
            assert desk.evaluate("document.documentElement.scrollWidth") <= width


# Rows from elsewhere


PASTE = """(field, text) => {
  const data = new DataTransfer();
  data.setData("text/plain", text);
  return field.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
}"""


def paste(line: Locator, text: str) -> None:
    line.get_by_label("Désignation").evaluate(PASTE, text)


def rows(desk: Page) -> list[tuple[str, ...]]:
    names = ("label", "description", "quantity", "unit", "unit_price", "vat_rate")
    return [
        tuple(line.locator(f"[name$='-{name}']").input_value() for name in names)
        for line in lines(desk).all()
    ]


def test_rows_of_a_spreadsheet_become_lines(desk: Page) -> None:
    desk.goto(ADD)
    text = (
        "Désignation\tU\tQté\tP.U. HT\tTVA\tTotal HT\r\n"
        "Tuyau cuivre\tm\t14\t38,5\t10 %\t539,00 €\r\n"
        '"Dépose ""soignée""\net évacuation"\tforfait\t1\t1\u202f234,50 €\t5,5 %\t1 234,50 €\r\n'
    )
    paste(lines(desk).first, text)
    assert rows(desk) == [
        ("Tuyau cuivre", "", "14", "m", "38,5", "10"),
        ('Dépose "soignée" et évacuation', "", "1", "forfait", "1234,50", "5.5"),
    ]
    expect(desk.locator(".desk-lines [role=status]")).to_have_text("2 lignes collées.")
    expect(desk.get_by_label("Totaux").locator(".sum")).to_contain_text("1 895,30 €")
    paste(lines(desk).first, "Pose\t12 m²\t45\nSable\t1\tt\t1.250,00\n")
    assert [row[0] for row in rows(desk)] == [
        "Tuyau cuivre",
        "Pose",
        "Sable",
        'Dépose "soignée" et évacuation',
    ]
    assert rows(desk)[1][2:5] == ("12", "m²", "45")
    assert rows(desk)[2][2:5] == ("1", "t", "1250,00")


def test_a_list_of_a_word_processor_becomes_lines(desk: Page) -> None:
    desk.goto(ADD)
    paste(
        lines(desk).first, "•\tDépose\x0bde la chaudière\n\uf0b7\tPose\n- Essais\n\n1. Mise en service\u200b"
    )
    assert [row[0] for row in rows(desk)] == ["Dépose de la chaudière", "Pose", "Essais", "Mise en service"]


def test_one_word_is_pasted_as_ever(desk: Page) -> None:
    desk.goto(ADD)
    field = lines(desk).first.get_by_label("Désignation")
    assert field.evaluate(PASTE, "Pose\n")  # the browser's own paste goes on
