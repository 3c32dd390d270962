"""Nine quotes, each made faulty on purpose: « Avant d'envoyer » names the fault, and stops what nothing would cure."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine

from logisav.desk.tests.desk import at_desk, manager, page_of, text
from quotes import readiness, workflow
from quotes.findings import Finding
from quotes.models import Company, Customer, Quote
from quotes.tests.factories import SYSTEM, make_business, make_customer, make_quote
from quotes.versions import freezing
from quotes.versions.freezing import NotSendable

pytestmark = pytest.mark.django_db
OFF_PREMISES: dict[str, Any] = {
    "contract": Quote.Contract.OFF_PREMISES,
    "delivery": "2 semaines après la signature",
    "start": "3 semaines après la signature",
    "duration": "2 jours",
    "formalities": "aucune",
    "waste_quantity": "150 kg",
    "requested_on": dt.date(2026, 11, 3),
    "requested_by": Quote.Channel.PHONE,
    "without_subcontractors": True,
}


def found(quote: Quote) -> dict[str, Finding]:
    return {finding.field: finding for finding in readiness.findings(Quote.objects.get(pk=quote.pk))}


def stopped(quote: Quote, field: str) -> str:
    """The finding stops the quote, stands in « Avant d'envoyer », and is its only fault that does."""
    finding = found(quote)[field]
    assert finding.blocking
    assert finding.law
    with pytest.raises(NotSendable) as refusal:
        workflow.send(quote.pk, actor=SYSTEM)
    assert finding.sentence in refusal.value.reasons
    page = text(at_desk(manager()).get(page_of(quote)))
    assert f"#id_{field}" in page
    return finding.sentence


def advised(quote: Quote, field: str) -> str:
    finding = found(quote)[field]
    assert not finding.blocking
    assert finding.law
    return finding.sentence


def test_without_a_fault_the_quote_leaves() -> None:
    quote = make_quote(energy_works="yes", **OFF_PREMISES)
    assert readiness.missing(quote) == []
    workflow.send(quote.pk, actor=SYSTEM)


def test_row_2_a_duration_alone_off_premises() -> None:
    """« Durée : 2 jours »: neither when it is delivered nor when it begins."""
    quote = make_quote(**OFF_PREMISES | {"delivery": "", "start": ""})
    assert "livrez" in stopped(quote, "delivery")
    assert "le contrat est nul" in stopped(quote, "start")
    Quote.objects.update(contract=Quote.Contract.DISTANCE)
    assert "nul" not in advised(quote, "start")


def test_row_2_no_general_terms_and_so_no_guarantees() -> None:
    """The fault can no longer be made: the notice is in every consumer's version, terms or not."""
    quote = make_quote(**OFF_PREMISES)
    Company.objects.update(terms_text="")
    content = freezing.preview(quote)
    notices = {notice.id: notice.text for notice in content.notices}
    assert content.terms is None
    assert "décennale pendant dix ans" in notices["guarantees"]
    assert "deux ans à compter de la délivrance du bien" in notices["conformity"]
    assert readiness.missing(quote) == []


@pytest.mark.parametrize(
    ("mediator", "field"),
    [
        ({"mediator_address": "", "mediator_site": ""}, "mediator_address"),
        ({"mediator_site": ""}, "mediator_site"),
        (
            {"mediator_name": "", "mediator_address": "", "mediator_site": "", "mediator": "CM2C"},
            "mediator_name",
        ),
    ],
)
def test_row_2_cm2c_alone_is_no_mediator(mediator: dict[str, str], field: str) -> None:
    quote = make_quote(**OFF_PREMISES)
    Company.objects.update(**{"mediator_name": "CM2C"} | mediator)
    assert "adresse postale et son site" in stopped(quote, field)
    Quote.objects.update(contract=Quote.Contract.DISTANCE)
    assert not found(quote)[field].blocking


def test_row_2_no_insurer() -> None:
    quote = make_quote(**OFF_PREMISES)
    Company.objects.update(insurer_name="", insurer_contract="", insurer_territory="")
    stopped(quote, "insurer_name")
    Quote.objects.update(contract=Quote.Contract.DISTANCE)
    advised(quote, "insurer_name")
    Company.objects.update(insurer_not_needed="aucun ouvrage de construction")
    assert "insurer_name" not in found(quote)


@pytest.mark.parametrize("energy", ["yes", ""])
def test_row_9_a_heat_pump_without_a_word_of_rge(energy: str) -> None:
    """Whether its owner has ticked it, or its own words tell: « pompe à chaleur »."""
    quote = make_quote(energy_works=energy, **OFF_PREMISES)
    Company.objects.update(rge="")
    stopped(quote, "rge")
    Quote.objects.update(energy_works="no")
    assert "rge" not in found(quote)


def test_row_9_an_expired_certificate_stops_the_quote() -> None:
    quote = make_quote(energy_works="yes", **OFF_PREMISES)
    expired = {"number": "E-69-1", "domain": "pompes à chaleur", "until": "2026-11-30"}
    Company.objects.update(rge="yes", rge_qualifications=[expired], rge_proof="company/rge.pdf")
    with time_machine.travel(dt.datetime(2026, 11, 30, 12, tzinfo=dt.UTC)):
        assert "rge_qualifications" not in found(quote), "its last day counts"
    with time_machine.travel(dt.datetime(2026, 12, 1, 12, tzinfo=dt.UTC)):
        assert "a expiré le 30\u00a0novembre\u00a02026" in stopped(quote, "rge_qualifications")


def test_row_10_no_word_of_the_waste() -> None:
    """A fine, which the invoice does not cure and which voids nothing: advice."""
    quote = make_quote(**OFF_PREMISES | {"waste_quantity": ""})
    assert "quantité" in advised(quote, "waste_quantity")
    Company.objects.update(waste_points=[])
    assert "point de collecte" in advised(quote, "waste_points")
    Quote.objects.update(no_waste=True)
    assert not {"waste_quantity", "waste_points"} & found(quote).keys()


def test_row_18_jean_martin_without_his_form() -> None:
    quote = make_quote(customer=make_business())
    Company.objects.update(legal_name="Jean Martin", legal_form="", capital=None)
    stopped(quote, "legal_form")
    Company.objects.update(legal_form="EI", trade_name="")
    assert freezing.preview(Quote.objects.get()).company.name == "Jean Martin EI"
    assert readiness.missing(Quote.objects.get()) == []
    assert freezing.preview(Quote.objects.get()).company.legal_line.startswith("Jean Martin EI, 18 quai")


def test_row_19_a_business_without_terms_of_late_payment() -> None:
    quote = make_quote(customer=make_business())
    assert "40\u00a0€" in notice_of(quote, "late_payment")
    Company.objects.update(late_rate="")
    assert "pénalités" in advised(quote, "late_rate")
    Quote.objects.update(customer=make_customer())
    assert "late_rate" not in found(quote)


def test_energy_works_that_nobody_asked_for() -> None:
    quote = make_quote(energy_works="yes", **OFF_PREMISES | {"requested_on": None})
    assert "375\u202f000\u00a0€" in stopped(quote, "requested_on")
    Quote.objects.update(energy_works="")
    advised(quote, "requested_on")
    Quote.objects.update(energy_works="yes", customer=make_business())
    assert "requested_on" not in found(quote)


def notice_of(quote: Quote, name: str) -> str:
    return next(notice.text for notice in freezing.preview(quote).notices if notice.id == name)


def test_a_customer_kind_asks_for_its_own_mentions() -> None:
    consumer, business = make_quote(), make_quote(customer=make_business())
    assert Customer.Kind(consumer.customer.kind) is Customer.Kind.INDIVIDUAL
    mine, theirs = ({one.id for one in freezing.preview(quote).notices} for quote in (consumer, business))
    assert {"guarantees", "conformity", "waste", "rge"} <= mine
    assert theirs == {"waste", "late_payment", "reduced_vat"}
