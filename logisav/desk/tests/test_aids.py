"""Discount, reason of a zero rate and aids in the editor: what is typed wrong is told at its field, nothing is lost."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from lib import files
from lib.day import today_in_paris
from logisav.desk.tests.desk import at_desk, filled, line, manager, owner, page_of, text
from quotes.models import Aid, Company, Quote, QuoteTemplate
from quotes.tests.factories import make_company, make_quote, send
from quotes.tests.frozen import fixture

pytestmark = pytest.mark.django_db
LINES = ({"label": "Pompe", "unit": "u", "unit_price": Decimal(1000), "vat_rate": Decimal(10)},)


@pytest.fixture
def quote() -> Quote:
    return make_quote(lines=LINES, owner=owner())


@pytest.fixture
def desk(quote: Quote) -> Client:
    return at_desk(quote.owner)


def aid(number: int, **typed: str) -> dict[str, str]:
    usual = {"kind": "cee", "payer": "Énergéticien", "amount": "300", "conditional": "on"}
    return {f"aids-{number}-{name}": value for name, value in (usual | typed).items() if value}


def save(desk: Client, quote: Quote, **typed: Any) -> Any:
    address = page_of(quote)
    return desk.post(address, filled(desk.get(address)) | typed)


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        ("percent", "100,01", "ne dépasse pas 100"),
        ("percent", "", "Écrivez la remise"),
        ("percent", "-5", "supérieure ou égale à 0"),
        ("amount", "1000,01", "La remise dépasse le total HT, 1\u202f000,00\u00a0€"),
        ("amount", "deux", "nombre"),
    ],
)
def test_a_discount_that_makes_no_sense_is_told_at_its_field(
    desk: Client, quote: Quote, kind: str, value: str, words: str
) -> None:
    response = save(desk, quote, discount_kind=kind, discount_value=value, title="Autre objet")
    assert words in str(response.context["adminform"].form.errors["discount_value"])
    assert "Autre objet" in text(response)
    quote.refresh_from_db()
    assert (quote.discount_kind, quote.discount_value) == ("none", Decimal(0))


def test_a_discount_is_kept_and_counted(desk: Client, quote: Quote) -> None:
    assert save(desk, quote, discount_kind="percent", discount_value="12,5").status_code == 302
    quote.refresh_from_db()
    assert quote.shown_total == Decimal("962.50")
    page = text(desk.get(page_of(quote)))
    assert "Total HT avant remise" in page
    assert save(desk, quote, discount_kind="none", discount_value="12,5").status_code == 302
    quote.refresh_from_db()
    assert (quote.discount_value, quote.shown_total) == (Decimal(0), Decimal(1100))


def test_the_discount_is_measured_by_the_lines_that_are_sent_with_it(desk: Client, quote: Quote) -> None:
    response = save(
        desk, quote, discount_kind="amount", discount_value="900", **{"lines-0-unit_price": "500"}
    )
    assert "500,00" in str(response.context["adminform"].form.errors["discount_value"])


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"amount": "1100,01"}, "amount", "Cette aide dépasse le total TTC, 1\u202f100,00\u00a0€"),
        ({"amount": "0"}, "amount", "il est positif"),
        ({"amount": "-3"}, "amount", "il est positif"),
        ({"amount": ""}, "amount", "Écrivez le montant"),
        ({"amount": "beaucoup"}, "amount", "nombre"),
        ({"payer": ""}, "payer", "Dites qui verse cette aide"),
    ],
)
def test_an_aid_that_makes_no_sense_is_told_at_its_field(
    desk: Client, quote: Quote, typed: dict[str, str], field: str, words: str
) -> None:
    response = save(desk, quote, **aid(0, **typed))
    (formset,) = (
        one.formset for one in response.context["inline_admin_formsets"] if one.formset.model is Aid
    )
    assert words in str(formset.forms[0].errors[field])
    assert words in text(response)
    assert not Aid.objects.exists()


def test_aids_that_are_deducted_stay_together_below_the_total(desk: Client, quote: Quote) -> None:
    assert save(desk, quote, **aid(0, amount="700")).status_code == 302
    response = save(desk, quote, **aid(1, amount="401", payer="Un autre"), **{"aids-TOTAL_FORMS": "2"})
    assert "Les primes déduites dépassent ensemble" in text(response)
    estimate = aid(1, kind="mpr", amount="1100", payer="Anah")
    assert save(desk, quote, **estimate, **{"aids-TOTAL_FORMS": "2"}).status_code == 302
    assert list(quote.aids.values_list("kind", flat=True)) == ["cee", "mpr"]


def test_the_deposit_that_the_desk_shows_is_of_what_is_left_to_pay(desk: Client, quote: Quote) -> None:
    save(desk, quote, deposit_kind="percent", deposit_value="30", **aid(0, amount="100"))
    page = text(desk.get(page_of(quote)))
    assert "Reste à payer" in page
    assert "300,00" in page


def test_an_aid_is_tied_to_lines_and_told_when_they_are_gone(desk: Client, quote: Quote) -> None:
    identity = quote.lines.get().identity
    assert save(desk, quote, **aid(0), **{"aids-0-lines": [identity]}).status_code == 302
    assert Aid.objects.get().lines == [identity]
    added = line(1, label="Pose", unit_price="500")
    assert save(desk, quote, **{"lines-0-DELETE": "on", "lines-TOTAL_FORMS": "2"}, **added).status_code == 302
    assert Aid.objects.get().lines == [identity], "it stays tied, or it would count again"
    page = text(desk.get(page_of(quote)))
    assert "Une aide ne compte plus" in page
    assert "Ligne retirée" in page
    assert save(desk, quote, **{"aids-0-DELETE": "on"}).status_code == 302
    assert not Aid.objects.exists()


def test_unit_prices_have_parts_of_a_cent(desk: Client, quote: Quote) -> None:
    typed = {"lines-0-quantity": "1000", "lines-0-unit_price": "0,0385"}
    assert save(desk, quote, **typed).status_code == 302
    assert quote.lines.get().total == Decimal("38.50")
    assert 'value="0,0385"' in text(desk.get(page_of(quote)))
    assert save(desk, quote, **{"lines-0-unit_price": "0,03851"}).status_code == 200


def test_a_company_offers_the_rates_of_its_territory_and_keeps_what_a_line_has(
    desk: Client, quote: Quote
) -> None:
    Company.objects.update(territory="dom")
    page = desk.get(page_of(quote))
    (formset,) = (
        one.formset for one in page.context["inline_admin_formsets"] if one.formset.model is not Aid
    )
    assert [value for value, _ in formset.forms[0].fields["vat_rate"].choices] == ["8.5", "2.1", "0", "10"]
    assert [value for value, _ in formset.empty_form.fields["vat_rate"].choices] == ["8.5", "2.1", "0"]
    assert formset.empty_form["vat_rate"].value() == "8.5"


def test_a_template_keeps_discount_and_reason_and_gives_them_back() -> None:
    make_company()
    desk = at_desk(manager())
    address = "/admin/quotes/quotetemplate/add/"
    typed = {"name": "Pompe", "title": "Pompe", "discount_kind": "percent", "discount_value": "5"}
    sent = filled(desk.get(address)) | typed | {"vat_reason": "out_of_scope", "lines-TOTAL_FORMS": "0"}
    assert desk.post(address, sent).status_code == 302
    template = QuoteTemplate.objects.get()
    assert (template.discount_value, template.vat_reason) == (Decimal(5), "out_of_scope")


# « Cadre de contribution »


def hand_in(desk: Client, quote: Quote, data: bytes, dated: str) -> Any:
    file = SimpleUploadedFile("cadre.pdf", data, content_type="application/pdf")
    return desk.post(f"/admin/quotes/quote/{quote.pk}/cadre/", {"file": file, "dated": dated})


def test_the_cadre_is_looked_into_and_attached(desk: Client, quote: Quote) -> None:
    data = fixture("1", "pdf").read_bytes()
    assert hand_in(desk, quote, data, "24/11/2026").status_code == 302
    quote.refresh_from_db()
    assert files.read_named(str(quote.contribution)) == data
    assert quote.contribution_on == dt.date(2026, 11, 24)
    assert desk.post(f"/admin/quotes/quote/{quote.pk}/cadre/", {"_remove": ""}).status_code == 302
    quote.refresh_from_db()
    assert not quote.contribution
    assert quote.contribution_on is None


@pytest.mark.parametrize(
    ("data", "dated", "words"),
    [
        (b"GIF89a", "24/11/2026", "pas un PDF"),
        (b"%PDF-1.7 et rien", "24/11/2026", "pas pu être lu"),
        (None, "demain", "Écrivez une date"),
        (None, "", "Écrivez la date que porte le cadre"),
        (None, f"{today_in_paris() + dt.timedelta(days=400):%d/%m/%Y}", "Cette date est à venir"),
    ],
)
def test_a_cadre_that_cannot_be_one_is_told(
    desk: Client, quote: Quote, data: bytes | None, dated: str, words: str
) -> None:
    response = hand_in(desk, quote, data or fixture("1", "pdf").read_bytes(), dated)
    assert response.status_code == 422
    assert words in text(response)
    quote.refresh_from_db()
    assert not quote.contribution


def test_a_quote_that_left_takes_no_other_cadre_and_a_stranger_sees_none(desk: Client, quote: Quote) -> None:
    assert at_desk(owner()).get(f"/admin/quotes/quote/{quote.pk}/cadre/").status_code == 404
    send(quote)
    hand_in(desk, quote, fixture("1", "pdf").read_bytes(), "24/11/2026")
    quote.refresh_from_db()
    assert not quote.contribution
