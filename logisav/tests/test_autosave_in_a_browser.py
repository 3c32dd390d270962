"""A draft saves itself while it is typed, and stops where somebody else has saved."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from logisav.desk.tests.desk import at_desk, filled, manager, page_of
from logisav.tests.editor import (
    edit,
    leaves,
    lines,
)
from quotes.tests.factories import make_quote

pytestmark = [pytest.mark.browser, pytest.mark.sqlite]


def saved_by_itself(desk: Page) -> None:
    expect(desk.locator(".bar-said")).to_have_text(re.compile(r"Enregistré à \d+\u00a0h\u00a0\d\d"))


def test_a_draft_saves_itself_and_is_left_without_a_question(desk: Page, julien: User) -> None:
    quote = make_quote(owner=julien)
    edit(desk, quote)
    lines(desk).nth(1).get_by_label("Désignation").fill("Pompe à chaleur 11 kW")
    saved_by_itself(desk)
    lines(desk).last.get_by_label("Désignation").press("Enter")
    desk.keyboard.type("Purge")
    expect(lines(desk).last.locator("[name$='-id']")).not_to_have_value("")
    with desk.expect_response("**/enregistrer/"):
        desk.keyboard.type(" et rinçage")
    saved_by_itself(desk)
    assert leaves(desk) == []
    assert [line.label for line in quote.lines.all()] == [
        "Fourniture et pose", "Pompe à chaleur 11 kW", "Main-d'œuvre", "Thermostat", "Purge et rinçage",
    ]  # fmt: skip


def test_a_line_that_was_removed_and_saved_by_itself_comes_back_as_it_was(desk: Page, julien: User) -> None:
    quote = make_quote(owner=julien)
    before = {line.label: line.identity for line in quote.lines.all()}
    edit(desk, quote)
    lines(desk).nth(1).locator(".line-drop").click()
    saved_by_itself(desk)
    assert quote.lines.count() == 3
    lines(desk).nth(1).locator(".line-drop", has_text="Garder").click()
    desk.get_by_role("button", name="Enregistrer").click()
    expect(desk.get_by_text("est enregistré.")).to_be_visible()
    assert {line.label: line.identity for line in quote.lines.all()} == before
    assert [line.label for line in quote.lines.all()] == list(before)


def test_saving_by_itself_stops_where_somebody_else_saved_and_keeps_what_was_typed(
    desk: Page, julien: User
) -> None:
    quote = make_quote(owner=julien)
    edit(desk, quote)
    colleague = at_desk(manager(first_name="Karim", last_name="Benali"))
    typed = filled(colleague.get(page_of(quote))) | {"title": "Pompe à chaleur 11 kW"}
    assert colleague.post(page_of(quote), typed).status_code == 302
    desk.get_by_label("Conditions particulières").fill("Accès par la cour")
    expect(desk.get_by_role("alert")).to_contain_text("modifié entre-temps par Karim Benali")
    expect(desk.get_by_role("alert")).to_contain_text("Pompe à chaleur 11 kW")
    expect(desk.locator(".bar-said")).to_contain_text("Pas enregistré")
    expect(desk.get_by_label("Conditions particulières")).to_have_value("Accès par la cour")
    quote.refresh_from_db()
    assert quote.conditions == ""
    drop = desk.get_by_role("link", name="Abandonner et recharger")
    assert drop.get_attribute("href") == page_of(quote)
    desk.get_by_role("button", name="Enregistrer quand même ma version").click()
    expect(desk.get_by_text("est enregistré")).to_be_visible()
    quote.refresh_from_db()
    assert quote.conditions == "Accès par la cour"


def test_what_cannot_be_saved_yet_is_said_in_the_bar(desk: Page, julien: User) -> None:
    quote = make_quote(owner=julien)
    edit(desk, quote)
    lines(desk).nth(1).get_by_label("Prix HT").fill("beaucoup")
    expect(desk.locator(".bar-said")).to_contain_text("Pas encore enregistré. Ligne 2, prix HT (€) : ")
    lines(desk).nth(1).get_by_label("Prix HT").fill("7000")
    saved_by_itself(desk)
    assert quote.lines.all()[1].unit_price == 7000
