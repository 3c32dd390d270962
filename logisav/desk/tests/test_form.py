"""A quote on the desk: made with its lines, changed while it may be, read-only once it is sent."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from logisav.desk.tests.desk import accountant, at_desk, filled, line, manager, owner, page_of, text
from quotes import workflow
from quotes.models import Company, Quote, QuoteLine
from quotes.readiness import Draft
from quotes.tests.factories import (
    SYSTEM,
    make_company,
    make_customer,
    make_quote,
    make_sent_quote,
    send,
)

pytestmark = pytest.mark.django_db
ADD = "/admin/quotes/quote/add/"


@pytest.fixture
def desk() -> Client:
    make_company()
    return at_desk(owner())


def new_quote(desk: Client, **changes: Any) -> Any:
    """Fill the empty form: a customer, a title and two lines."""
    data = filled(desk.get(ADD)) | {
        "customer": make_customer(made_by_id=desk.session["_auth_user_id"]).pk,
        "title": "Ravalement",
        "lines-TOTAL_FORMS": "2",
    }
    data |= line(0, label="Peinture", quantity="12,5", unit_price="33,10")
    data |= line(1, label="Échafaudage", unit_price="800", vat_rate="10")
    return desk.post(ADD, data | changes)


def test_a_new_quote_takes_its_number_and_its_lines_in_order(desk: Client) -> None:
    response = new_quote(desk)
    quote = Quote.objects.get()
    assert response.headers["Location"] == page_of(quote)
    assert quote.number.startswith("D-")
    assert [(line.label, line.total) for line in quote.lines.all()] == [
        ("Peinture", Decimal("413.75")),
        ("Échafaudage", Decimal("800.00")),
    ]
    assert [event.kind for event in quote.events.all()] == ["created"]


def test_the_totals_are_shown_once_saved(desk: Client) -> None:
    new_quote(desk)
    page = text(desk.get(page_of(Quote.objects.get())))
    for amount in ("1\u202f213,75", "82,75", "80,00", "1\u202f376,50", "412,95"):
        assert amount in page


def test_owner_dates_and_deposit_come_from_who_makes_it_and_from_the_company(desk: Client) -> None:
    Company.objects.update(default_validity_days=45, default_deposit_percent=Decimal(40))
    with time_machine.travel(dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC), tick=False):
        new_quote(desk)
    quote = Quote.objects.get()
    assert (quote.issued_on, quote.valid_until) == (dt.date(2026, 3, 2), dt.date(2026, 4, 16))
    assert (quote.deposit_kind, quote.deposit_value) == ("percent", Decimal(40))
    assert quote.owner.groups.get().name == "Responsables de devis"


def test_without_a_company_the_desk_asks_for_it_first() -> None:
    response = at_desk(manager()).get(ADD, follow=True)
    assert response.redirect_chain[-1][0] == "/admin/quotes/company/add/"
    assert "Présentez d'abord votre entreprise" in response.content.decode().replace("&#x27;", "'")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"valid_until": "01/01/2020"}, "La validité finit avant la date du devis."),
        ({"deposit_kind": "percent", "deposit_value": "120"}, "Un pourcentage ne dépasse pas 100."),
        ({"deposit_kind": "amount", "deposit_value": "0"}, "Indiquez un acompte supérieur à zéro"),
        ({"withdrawal_exception": "urgent_repair"}, "pourquoi cette exception"),
        ({"withdrawal_reason": "Fuite en cours"}, "exception que cette raison explique"),
        ({"payment_methods": ["bitcoin"]}, "bitcoin"),
        ({"title": ""}, "Ce champ est obligatoire"),
        ({"lines-0-quantity": "0"}, "supérieure ou égale à 0"),
        ({"lines-0-unit_price": "-1"}, "supérieure ou égale à 0"),
        ({"lines-0-discount": "101"}, "inférieure ou égale à 100"),
        ({"lines-0-vat_rate": "7"}, "7"),
        ({"lines-0-vat_rate": "sNaN"}, "sNaN"),
        ({"lines-0-vat_rate": "vingt"}, "vingt"),
    ],
)
def test_what_makes_no_sense_is_told_beside_its_field_and_takes_no_number(
    desk: Client, changes: dict[str, str], sentence: str
) -> None:
    response = new_quote(desk, **changes)
    assert response.status_code == 200
    assert sentence in text(response)
    assert not Quote.objects.exists()


def test_no_deposit_asks_for_no_value(desk: Client) -> None:
    new_quote(desk, deposit_kind="none", deposit_value="0")
    assert Draft(Quote.objects.get()).deposit == 0


def test_an_exception_to_the_withdrawal_comes_with_its_reason_and_is_copied(desk: Client) -> None:
    new_quote(
        desk,
        contract="off_premises",
        nature="services",
        withdrawal_exception="urgent_repair",
        withdrawal_reason="Fuite en cours",
    )
    quote = Quote.objects.get()
    assert Draft(quote).needs.notices == ("no_withdrawal",)
    copy = workflow.duplicate(quote.pk, actor=SYSTEM)
    assert (copy.withdrawal_exception, copy.withdrawal_reason) == ("urgent_repair", "Fuite en cours")


def test_methods_of_payment_are_the_companys_unless_chosen(desk: Client) -> None:
    new_quote(desk)
    quote = Quote.objects.get()
    assert quote.payment_methods is None
    for chosen, kept in ((["transfer"], ["transfer"]), ([], None)):
        desk.post(page_of(quote), filled(desk.get(page_of(quote))) | {"payment_methods": chosen})
        quote.refresh_from_db()
        assert quote.payment_methods == kept


def test_an_untouched_form_changes_nothing(desk: Client) -> None:
    """Not a rate, not a quantity: 5.50 is the choice 5.5, and 1.000 is one."""
    quote = make_quote(owner=owner())
    browser = at_desk(quote.owner)
    before = list(quote.lines.values())
    response = browser.post(page_of(quote), filled(browser.get(page_of(quote))))
    assert response.status_code == 302
    assert list(quote.lines.values()) == before


def test_lines_are_put_in_another_order_and_new_ones_come_last(desk: Client) -> None:
    quote = make_quote(owner=owner())
    browser = at_desk(quote.owner)
    data = filled(browser.get(page_of(quote))) | {"lines-TOTAL_FORMS": "5"} | line(4, label="Dernière")
    data |= {
        "lines-0-position": "3",
        "lines-1-position": "2",
        "lines-2-position": "1",
        "lines-3-position": "0",
    }
    assert browser.post(page_of(quote), data).status_code == 302
    labels = [line.label for line in quote.lines.all()]
    assert labels == ["Thermostat", "Main-d'œuvre", "Pompe à chaleur", "Fourniture et pose", "Dernière"]
    assert [line.position for line in quote.lines.all()] == [0, 1, 2, 3, 4]


def test_a_line_is_removed(desk: Client) -> None:
    quote = make_quote(owner=owner())
    browser = at_desk(quote.owner)
    browser.post(page_of(quote), filled(browser.get(page_of(quote))) | {"lines-1-DELETE": "on"})
    assert "Pompe à chaleur" not in [line.label for line in quote.lines.all()]


def test_envoyer_and_apercu_save_before_they_go_on() -> None:
    quote = make_quote(owner=owner())
    browser = at_desk(quote.owner)
    data = filled(browser.get(page_of(quote)))
    response = browser.post(page_of(quote), data | {"title": "Vu et envoyé", "_send": ""})
    assert response.headers["Location"] == reverse("admin:quotes_quote_action", args=[quote.pk, "envoyer"])
    data = filled(browser.get(page_of(quote)))
    response = browser.post(page_of(quote), data | {"title": "Vu encore", "_preview": ""})
    assert response.headers["Location"] == reverse("admin:quotes_quote_preview", args=[quote.pk])
    quote.refresh_from_db()
    assert (quote.title, quote.state) == ("Vu encore", Quote.State.DRAFT)


def test_a_sent_quote_is_read_only() -> None:
    quote = make_sent_quote(owner=owner())
    page = text(at_desk(quote.owner).get(page_of(quote)))
    assert 'name="title"' not in page
    assert 'name="lines-0-label"' not in page
    assert 'name="_continue"' not in page


def test_a_sent_quote_cannot_be_changed_by_a_forged_request() -> None:
    quote = make_quote(owner=owner())
    browser = at_desk(quote.owner)
    data = filled(browser.get(page_of(quote)))
    send(quote)
    response = browser.post(page_of(quote), data | {"title": "Changé", "lines-1-unit_price": "1"})
    assert response.status_code == 409
    quote.refresh_from_db()
    assert quote.title != "Changé"
    assert not QuoteLine.objects.filter(unit_price=1).exists()


def test_a_form_opened_before_the_sending_changes_nothing_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The state is read again under the lock, whatever was read when the request began."""
    quote = make_quote(owner=owner())
    browser = at_desk(quote.owner)
    data = filled(browser.get(page_of(quote)))
    send(quote)
    monkeypatch.setattr("logisav.desk.quotes.quote.QuoteAdmin.has_change_permission", lambda *args: True)
    monkeypatch.setattr("logisav.desk.lines.LineInline.has_change_permission", lambda *args: True)
    response = browser.post(page_of(quote), data | {"title": "Changé", "lines-1-unit_price": "1"})
    assert response.status_code == 409
    quote.refresh_from_db()
    assert quote.title != "Changé"
    assert not QuoteLine.objects.filter(unit_price=1).exists()


@pytest.mark.parametrize("field", ["state", "number", "revising", "blocked_at", "public_id", "accepted_at"])
def test_a_forged_field_is_ignored(field: str) -> None:
    quote = make_quote(owner=owner())
    browser = at_desk(quote.owner)
    before = getattr(quote, field)
    browser.post(page_of(quote), filled(browser.get(page_of(quote))) | {field: "accepted", "title": "Permis"})
    quote.refresh_from_db()
    assert quote.title == "Permis"
    assert getattr(quote, field) == before


def test_saving_leaves_what_a_verb_wrote_meanwhile() -> None:
    """Only the form's own fields are written."""
    quote = make_sent_quote(owner=owner())
    workflow.revise(quote.pk, actor=SYSTEM)
    browser = at_desk(quote.owner)
    data = filled(browser.get(page_of(quote)))
    workflow.block(quote.pk, reason="Litige", actor=SYSTEM)
    browser.post(page_of(quote), data | {"title": "Version 2"})
    quote.refresh_from_db()
    assert (quote.title, quote.is_blocked) == ("Version 2", True)


def test_lines_of_another_quote_cannot_be_taken() -> None:
    quote, other = make_quote(owner=owner()), make_quote()
    browser = at_desk(quote.owner)
    data = filled(browser.get(page_of(quote)))
    foreign = other.lines.all()[1]
    browser.post(page_of(quote), data | {"lines-0-id": str(foreign.pk), "lines-0-label": "Volée"})
    foreign.refresh_from_db()
    assert (foreign.label, foreign.quote_id) == ("Pompe à chaleur", other.pk)


def test_a_new_version_is_edited_while_the_one_in_force_stays() -> None:
    quote = make_sent_quote(owner=owner())
    workflow.revise(quote.pk, actor=SYSTEM)
    browser = at_desk(quote.owner)
    browser.post(page_of(quote), filled(browser.get(page_of(quote))) | {"title": "Version 2"})
    quote.refresh_from_db()
    assert quote.title == "Version 2"
    version = quote.current_version()
    assert version is not None
    assert version.reading.title != "Version 2"
    assert "la version&nbsp;1" in text(browser.get(page_of(quote)))


def test_a_quote_is_never_deleted() -> None:
    quote = make_quote(owner=manager())
    browser = at_desk(quote.owner)
    assert browser.post(f"/admin/quotes/quote/{quote.pk}/delete/", {"post": "yes"}).status_code == 403
    browser.post(
        "/admin/quotes/quote/", {"action": "delete_selected", "_selected_action": quote.pk, "post": "yes"}
    )
    assert Quote.objects.filter(pk=quote.pk).exists()


def test_only_a_manager_gives_a_quote_to_somebody_else() -> None:
    quote, colleague = make_quote(owner=owner()), owner()
    browser = at_desk(quote.owner)
    browser.post(page_of(quote), filled(browser.get(page_of(quote))) | {"owner": colleague.pk})
    quote.refresh_from_db()
    assert quote.owner != colleague
    browser = at_desk(manager())
    browser.post(page_of(quote), filled(browser.get(page_of(quote))) | {"owner": colleague.pk})
    quote.refresh_from_db()
    assert quote.owner == colleague


def test_a_heading_keeps_no_figures_and_what_stands_in_them_is_not_wrong(desk: Client) -> None:
    new_quote(desk, **line(0, kind="section", label="Peinture", quantity="", unit_price="x", option="on"))
    heading = Quote.objects.get().lines.all()[0]
    assert (heading.label, heading.quantity, heading.unit_price, heading.option) == (
        "Peinture",
        Decimal(1),
        Decimal(0),
        False,
    )


def test_without_script_blank_lines_wait_to_be_filled_and_are_ignored(desk: Client) -> None:
    new_quote(desk)
    quote = Quote.objects.get()
    data = filled(desk.get(page_of(quote)))
    assert data["lines-TOTAL_FORMS"] == "5"
    desk.post(page_of(quote), data | {"lines-3-label": "Nettoyage", "lines-3-unit_price": "50"})
    labels = [line.label for line in quote.lines.all()]
    assert labels == ["Peinture", "Échafaudage", "Nettoyage"]


@pytest.mark.parametrize("typed", ["1 234,5", "1\u00a0234,50", "1\u202f234.5", "+1234,5", "01234,5"])
def test_amounts_are_read_as_people_write_them(desk: Client, typed: str) -> None:
    new_quote(desk, **{"lines-1-unit_price": typed, "lines-1-discount": ""})
    assert Quote.objects.get().lines.all()[1].total == Decimal("1234.50")


@pytest.mark.parametrize("typed", ["1e3", "1_000", "NaN", "1.234,5", "١٢", "douze", ""])
def test_what_is_no_amount_is_refused(desk: Client, typed: str) -> None:
    assert new_quote(desk, **{"lines-1-unit_price": typed}).status_code == 200
    assert not Quote.objects.exists()


def test_the_page_of_a_customer_leads_to_a_new_quote_for_them(desk: Client) -> None:
    writer = User.objects.get(pk=desk.session["_auth_user_id"])
    customer = make_customer(last_name="Durand", made_by=writer)
    address = f"{ADD}?customer={customer.pk}"
    assert address in text(desk.get(f"/admin/quotes/customer/{customer.pk}/change/"))
    assert f'<option value="{customer.pk}" selected' in text(desk.get(address))


def test_only_who_may_write_quotes_is_offered_as_their_owner() -> None:
    make_company()
    writer, reader = owner(first_name="Sophie"), accountant(first_name="Nadia")
    page = text(at_desk(manager()).get(ADD))
    assert f'value="{writer.pk}">Sophie' in page
    assert f'value="{reader.pk}">Nadia' not in page


@pytest.mark.parametrize("typed", ["abc", "9" * 30, "²"])
def test_a_customer_that_is_no_number_is_told_at_the_field(desk: Client, typed: str) -> None:
    response = new_quote(desk, customer=typed)
    assert response.status_code == 200
    assert not Quote.objects.exists()
    assert desk.get(f"{ADD}?customer={typed}").status_code == 200
