"""The quote editor in a real browser: three minutes from an empty quote to « Envoyé », on a phone too."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from lib import french
from logisav.desk.tests.desk import at_desk, filled, manager, page_of
from logisav.tests.editor import (
    ADD,
    PHONE,
    choose_customer,
    edit,
    labels,
    leaves,
    lines,
    more,
    take_from_catalogue,
    write,
)
from quotes.models import Company, Quote
from quotes.pdf import rendering
from quotes.tests.factories import make_customer, make_quote, version_of

pytestmark = [pytest.mark.browser, pytest.mark.sqlite]


@pytest.mark.usefixtures("catalogue")
def test_the_three_minute_quote(desk: Page) -> None:
    """Ten lines, one from the catalogue, an option, a discount; the total shown while typing is the one sent."""
    make_customer()
    desk.goto(ADD)
    choose_customer(desk, "morel", "Claire Morel")
    desk.locator("[name=title]").fill("Chauffage de la maison")
    take_from_catalogue(desk, "chaleur 8", "Pompe à chaleur 8 kW")
    for number in range(2, 9):
        desk.get_by_role("button", name="Ajouter une ligne").click()
        write(lines(desk).last, f"Poste {number}", f"{number},5", "33,33", vat="10")
    desk.get_by_role("button", name="Ajouter une ligne").click()
    write(lines(desk).last, "Remisé", "1", "1 000.05", discount="12,5")
    desk.get_by_role("button", name="Ajouter une option").click()
    write(lines(desk).last, "Thermostat", "1", "249")
    expect(lines(desk)).to_have_count(10)
    shown = desk.get_by_label("Totaux").locator(".sum dd").inner_text()

    desk.get_by_role("button", name="Enregistrer").click()
    expect(desk.get_by_text("Rien n'empêche d'envoyer ce devis.")).to_be_visible()
    desk.get_by_role("button", name="Envoyer").click()
    expect(desk.get_by_role("heading", name="Ce que le client verra")).to_be_visible()
    desk.get_by_role("button", name="Envoyer", exact=True).click()
    expect(desk.get_by_text("Son PDF se prépare, le mail suit.")).to_be_visible()
    assert rendering.sweep() == 1
    expect(desk.locator(".quote-head .pill").first).to_have_text("Envoyé")

    quote = Quote.objects.get()
    assert french.money(version_of(quote).total) == shown == "9\u202f730,56\xa0€"
    assert quote.lines.count() == 10
    assert quote.lines.filter(option=True).get().label == "Thermostat"


def test_totals_follow_what_is_typed(desk: Page) -> None:
    desk.goto(ADD)
    write(lines(desk).first, "Peinture", "0,5", "0,01", vat="5.5")
    totals = desk.get_by_label("Totaux")
    expect(lines(desk).first.locator(".line-sum")).to_have_text("0,01 €")
    lines(desk).first.get_by_label("Quantité").fill("1\u202f012.5")
    lines(desk).first.get_by_label("Prix HT").fill("2")
    expect(totals).to_contain_text("TVA 5,5 % sur 2 025,00 €111,38 €")
    expect(totals.locator(".sum")).to_contain_text("2 136,38 €")
    expect(totals).to_contain_text("Acompte640,91 €")
    desk.locator("[name=deposit_value]").fill("50")
    expect(totals).to_contain_text("Acompte1 068,19 €")
    lines(desk).first.get_by_label("Prix HT").fill("deux")
    expect(lines(desk).first.locator(".line-sum")).to_have_text("—")
    expect(desk.get_by_text("Une ligne n'est pas comptée")).to_be_visible()
    more(lines(desk).first)
    lines(desk).first.get_by_label("Option").check()
    lines(desk).first.get_by_label("Prix HT").fill("2")
    expect(totals.locator(".sum")).to_contain_text("0,00 €")


@pytest.mark.usefixtures("catalogue")
def test_an_article_is_found_and_added_with_the_keyboard_alone(desk: Page) -> None:
    desk.goto(ADD)
    field = lines(desk).first.get_by_label("Désignation")
    field.press_sequentially("CHAUDIERE")
    field = desk.get_by_role("combobox", name="Désignation")
    articles = desk.get_by_role("listbox", name="Articles du catalogue").get_by_role("option")
    chosen = desk.locator(".catalogue [aria-selected=true]")
    expect(articles).to_have_count(1)
    expect(chosen).to_have_count(0)  # what is typed stands until an article is pointed at
    field.fill("art-")
    expect(articles).to_have_count(3)
    field.press("ArrowDown")
    field.press("ArrowDown")
    expect(chosen).to_contain_text("11 kW")
    field.press("Escape")
    expect(desk.locator(".catalogue")).to_be_hidden()
    field.fill("rien de tel")
    expect(desk.locator(".catalogue")).to_be_hidden()
    field.fill("11 kw")
    expect(articles).to_have_count(1)
    field.press("ArrowDown")
    field.press("Enter")
    assert labels(desk) == ["Pompe à chaleur 11 kW"]
    expect(lines(desk).first.get_by_label("Quantité")).to_be_focused()
    expect(desk.get_by_label("Totaux").locator(".sum")).to_contain_text("7 268,95 €")


def test_each_kind_of_line_has_its_button(desk: Page) -> None:
    desk.goto(ADD)
    for kind in ("section", "texte", "option"):
        desk.get_by_role("button", name=f"Ajouter une {kind}".replace("une texte", "un texte")).click()
        expect(lines(desk).last.get_by_label("Désignation")).to_be_focused()
        lines(desk).last.get_by_label("Désignation").fill(kind)
    expect(lines(desk).nth(1).get_by_label("Prix HT")).to_be_hidden()
    expect(lines(desk).nth(2).get_by_label("Prix HT")).to_be_hidden()
    expect(lines(desk).nth(3).locator(".line-marks")).to_have_text("option")
    more(lines(desk).nth(3))
    expect(lines(desk).nth(3).get_by_label("Option")).to_be_checked()


def test_enter_goes_on_to_the_next_line_and_never_sends(desk: Page, julien: User) -> None:
    edit(desk, make_quote(owner=julien))
    lines(desk).nth(2).get_by_label("Quantité").press("Enter")
    expect(lines(desk).nth(3).get_by_label("Désignation")).to_be_focused()
    desk.keyboard.press("Enter")
    expect(lines(desk)).to_have_count(5)
    expect(lines(desk).nth(4).get_by_label("Désignation")).to_be_focused()


def test_enter_in_the_title_saves_and_does_nothing_more(desk: Page, julien: User) -> None:
    edit(desk, make_quote(owner=julien))
    desk.locator("[name=title]").fill("Chauffage")
    desk.locator("[name=title]").press("Enter")
    expect(desk.get_by_text("est enregistré.")).to_be_visible()
    expect(desk.get_by_role("heading", name="Chauffage")).to_be_visible()


def test_lines_are_moved_with_the_keyboard_and_the_new_rank_is_said(desk: Page, julien: User) -> None:
    quote = make_quote(owner=julien)
    edit(desk, quote)
    more(lines(desk).nth(3))
    up = lines(desk).nth(3).get_by_role("button", name="Monter")
    expect(up).to_have_accessible_name("Monter la ligne 4")
    up.focus()
    desk.keyboard.press("Enter")
    expect(desk.locator(".desk-lines [role=status]")).to_have_text("Thermostat : ligne 3 sur 4.")
    desk.keyboard.press("Enter")
    desk.keyboard.press("Enter")
    desk.keyboard.press("Enter")  # first already: nothing happens, the focus stays
    expect(desk.get_by_role("button", name="Monter la ligne 1")).to_be_focused()
    desk.get_by_role("button", name="Ajouter une ligne").click()
    lines(desk).last.get_by_label("Désignation").fill("Ajoutée")
    desk.keyboard.press("Alt+ArrowUp")
    expect(lines(desk).nth(3).get_by_label("Désignation")).to_be_focused()
    desk.get_by_role("button", name="Enregistrer").click()
    expect(desk.get_by_text("est enregistré.")).to_be_visible()
    saved = [line.label for line in quote.lines.all()]
    assert saved == ["Thermostat", "Fourniture et pose", "Pompe à chaleur", "Ajoutée", "Main-d'œuvre"]


def test_lines_are_dragged_into_another_order(desk: Page, julien: User) -> None:
    quote = make_quote(owner=julien)
    edit(desk, quote)
    lines(desk).nth(3).locator(".line-grip").scroll_into_view_if_needed()
    lines(desk).nth(3).locator(".line-grip").hover()
    desk.mouse.down()
    box = lines(desk).nth(0).bounding_box()
    assert box is not None
    for step in range(20):
        desk.mouse.move(box["x"] + 20, box["y"] + (20 - step) * 12)
    desk.mouse.move(box["x"] + 20, box["y"] + 5)
    desk.mouse.up()
    desk.get_by_role("button", name="Enregistrer").click()
    expect(desk.get_by_text("est enregistré.")).to_be_visible()
    assert quote.lines.all()[0].label == "Thermostat"


def test_a_removed_line_can_be_kept_until_it_is_saved(desk: Page, julien: User) -> None:
    quote = make_quote(owner=julien)
    edit(desk, quote)
    desk.get_by_role("button", name="Ajouter une ligne").click()
    lines(desk).last.get_by_label("Désignation").fill("Jamais née")
    for number in (1, 2, 4):
        lines(desk).nth(number).locator(".line-drop").click()
    expect(desk.get_by_label("Totaux").locator(".sum")).to_contain_text("0,00 €")
    lines(desk).nth(1).locator(".line-drop", has_text="Garder").click()
    expect(desk.get_by_label("Totaux").locator(".sum")).to_contain_text("7 268,95 €")
    desk.get_by_role("button", name="Enregistrer").click()
    expect(desk.get_by_text("est enregistré.")).to_be_visible()
    assert [line.label for line in quote.lines.all()] == [
        "Fourniture et pose",
        "Pompe à chaleur",
        "Thermostat",
    ]


def _type_a_title(desk: Page) -> None:
    desk.locator("[name=title]").fill("Autre")


def _type_in_a_line(desk: Page) -> None:
    lines(desk).nth(1).get_by_label("Quantité").fill("2")


def _move_a_line(desk: Page) -> None:
    lines(desk).first.get_by_label("Désignation").press("Alt+ArrowDown")


def _remove_a_line(desk: Page) -> None:
    lines(desk).nth(1).locator(".line-drop").click()


def _add_a_line(desk: Page) -> None:
    desk.get_by_role("button", name="Ajouter une section").click()


def _choose_another_customer(desk: Page) -> None:
    choose_customer(desk, "durand", "Durand")


CHANGES: tuple[Callable[[Page], None], ...] = (
    _type_a_title,
    _type_in_a_line,
    _move_a_line,
    _remove_a_line,
    _add_a_line,
    _choose_another_customer,
)


def test_leaving_with_a_change_asks_first_whatever_was_changed(desk: Page, julien: User) -> None:
    make_customer(last_name="Durand", email="durand@exemple.fr")
    quote = make_quote(owner=julien)
    for change in CHANGES:
        edit(desk, quote)
        expect(desk.locator(".scripted")).to_be_visible()
        change(desk)
        assert leaves(desk) == ["beforeunload"], change.__name__


def test_leaving_after_saving_asks_nothing(desk: Page, julien: User) -> None:
    edit(desk, make_quote(owner=julien))
    _type_a_title(desk)
    desk.get_by_role("button", name="Enregistrer").click()
    expect(desk.get_by_text("est enregistré.")).to_be_visible()
    lines(desk).nth(1).get_by_label("Quantité").fill("2")
    lines(desk).nth(1).get_by_label("Quantité").fill("1")
    assert leaves(desk) == []


def test_leaving_what_was_refused_asks_first(desk: Page, julien: User) -> None:
    edit(desk, make_quote(owner=julien))
    lines(desk).nth(1).get_by_label("Quantité").fill("beaucoup")
    desk.get_by_role("button", name="Enregistrer").click()
    expect(lines(desk).nth(1).locator(".line-error")).to_be_visible()
    expect(lines(desk).nth(1).get_by_label("Quantité")).to_have_value("beaucoup")
    desk.locator("[name=title]").press("End")
    assert leaves(desk) == ["beforeunload"]


def test_a_new_customer_is_made_inside_the_quote_without_a_second_window(desk: Page) -> None:
    windows: list[Page] = []
    desk.on("popup", lambda window: windows.append(window))  # noqa: PLW0108 (Playwright marks the function)
    desk.goto(ADD)
    desk.locator("[name=title]").fill("Ravalement")
    desk.get_by_text("Nouveau client", exact=True).click()
    expect(desk.get_by_label("SIREN")).to_be_hidden()
    desk.locator("[name=nouveau-last_name]").fill("Durand")
    desk.locator("[name=nouveau-email]").fill("durand@exemple.fr")
    desk.locator("[name=nouveau-address]").fill("1 rue Neuve")
    desk.get_by_role("button", name="Enregistrer").click()
    expect(desk.get_by_text("est enregistré.")).to_be_visible()
    assert Quote.objects.get().customer.last_name == "Durand"
    assert not windows


def test_who_is_typed_again_is_recognised_and_chosen_and_the_worksite_follows(desk: Page) -> None:
    customer = make_customer()
    desk.goto(ADD)
    desk.get_by_text("Nouveau client", exact=True).click()
    desk.locator("[name=nouveau-last_name]").fill(customer.last_name)
    desk.get_by_role("button", name=f"Choisir {customer.name}").click()
    expect(desk.locator(".field-customer .select2-selection")).to_contain_text(customer.last_name)
    expect(desk.locator("[name=worksite]")).to_have_value(customer.address)
    desk.locator("[name=worksite]").fill("Ailleurs")
    desk.get_by_role("button", name="Identique à l'adresse du client").click()
    expect(desk.locator("[name=worksite]")).to_have_value(customer.address)
    assert desk.locator("[name=customer]").input_value() == str(customer.pk)


@pytest.mark.usefixtures("catalogue")
def test_a_quote_is_written_on_a_phone(desk: Page) -> None:
    """Cards of lines, every button reachable, what the customer will pay in sight all the while."""
    make_customer()
    Company.objects.update(default_deposit_percent=Decimal(0))
    desk.set_viewport_size(PHONE)  # type: ignore[arg-type]
    desk.goto(ADD)
    choose_customer(desk, "morel", "Claire Morel")
    desk.locator("[name=title]").fill("Ravalement")
    take_from_catalogue(desk, "gaz", "Chaudière gaz")
    desk.get_by_role("button", name="Ajouter une ligne").click()
    write(lines(desk).last, "Pose", "2", "100")
    expect(lines(desk).first.get_by_label("Désignation")).to_be_hidden()  # one card is open at a time
    expect(lines(desk).first.locator(".card-figures")).to_have_text("1 × 6\u202f890,00\xa0€ / unité")
    expect(desk.locator(".bar-sum")).to_be_in_viewport()
    expect(desk.locator(".bar-sum")).to_contain_text("7 508,95 €")
    expect(desk.get_by_role("button", name="Enregistrer")).to_be_in_viewport()
    more(lines(desk).last)
    lines(desk).last.get_by_role("button", name="Monter").click()
    lines(desk).last.get_by_role("button", name=re.compile("Chaudière gaz")).click()
    expect(lines(desk).last.get_by_label("Quantité")).to_be_visible()
    expect(lines(desk).first.get_by_label("Quantité")).to_be_hidden()
    assert labels(desk) == ["Pose", "Chaudière gaz"]
    assert desk.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    small = desk.evaluate(
        """[...document.querySelectorAll('.desk-lines button, .line :is(summary, .line-drop), .desk-bar button')]
           .filter(b => b.checkVisibility() && b.getBoundingClientRect().height < 44).length"""
    )
    assert small == 0
    desk.get_by_role("button", name="Enregistrer").click()
    expect(desk.get_by_role("heading", name="Ravalement")).to_be_visible()
    assert [line.label for line in Quote.objects.get().lines.all()] == ["Pose", "Chaudière gaz"]


def test_what_a_colleague_saved_meanwhile_is_told_and_what_was_typed_stays(desk: Page, julien: User) -> None:
    quote = make_quote(owner=julien)
    edit(desk, quote)
    colleague = at_desk(manager(first_name="Karim", last_name="Benali"))
    typed = filled(colleague.get(page_of(quote))) | {"title": "Pompe à chaleur 11 kW"}
    assert colleague.post(page_of(quote), typed).status_code == 302
    lines(desk).nth(3).get_by_label("Désignation").press("Alt+ArrowUp")
    desk.get_by_label("Conditions particulières").fill("Accès par la cour")
    desk.get_by_role("button", name="Enregistrer", exact=True).click()
    expect(desk.get_by_role("alert")).to_contain_text("modifié entre-temps par Karim Benali")
    expect(desk.get_by_label("Conditions particulières")).to_have_value("Accès par la cour")
    assert labels(desk)[2:] == ["Thermostat", "Main-d'œuvre"]
    desk.get_by_role("button", name="Enregistrer quand même ma version").first.click()
    expect(desk.get_by_text("est enregistré")).to_be_visible()
    quote.refresh_from_db()
    assert quote.title != "Pompe à chaleur 11 kW"
    assert quote.conditions == "Accès par la cour"
    assert [line.label for line in quote.lines.all()][2:] == ["Thermostat", "Main-d'œuvre"]
