"""What is missing before sending: what stops a quote, apart from advice, each with who asks for it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Model

from lib.day import today_in_paris
from logisav.desk.tests.desk import action_of, at_desk, manager, owner, page_of, text
from quotes import readiness, workflow
from quotes.findings import Finding
from quotes.models import CatalogueItem, Company, Customer, Quote
from quotes.tests.factories import SYSTEM, make_business, make_quote
from quotes.versions.freezing import NotSendable

pytestmark = pytest.mark.django_db
COMPLETE: dict[str, Any] = {
    "travel_costs": "compris",
    "quote_cost": "Devis gratuit",
    "payment_methods": ["card"],
}


@pytest.fixture
def quote() -> Quote:
    """Nothing is missing, for a consumer, off premises."""
    quote = make_quote(
        owner=owner(),
        worksite="12 chemin des Vignes",
        start="3 semaines après la signature",
        delivery="12 janvier 2099",
        duration="2 jours",
        formalities="aucune",
        waste_quantity="150 kg",
        energy_works=Quote.Energy.NO,
        contract=Quote.Contract.OFF_PREMISES,
    )
    quote.lines.filter(unit="").update(unit="forfait")
    Company.objects.update(**COMPLETE)
    return quote


def found(quote: Quote) -> dict[str, Finding]:
    quote = Quote.objects.get(pk=quote.pk)
    return {finding.field: finding for finding in readiness.findings(quote)}


def test_a_complete_quote_has_nothing_to_mend(quote: Quote) -> None:
    assert found(quote) == {}
    assert "Rien n&#x27;empêche" in text(at_desk(quote.owner).get(page_of(quote))).replace("'", "&#x27;")


@pytest.mark.parametrize("field", ["siret", "legal_name", "address", "phone", "email"])
def test_who_sells_is_named(quote: Quote, field: str) -> None:
    Company.objects.update(**{field: ""})
    assert found(quote)["siret"].blocking


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"valid_until": dt.date(2020, 1, 2), "issued_on": dt.date(2020, 1, 1)}, "valid_until"),
        ({"deposit_kind": "amount", "deposit_value": Decimal(100_000)}, "deposit_value"),
        ({"start": ""}, "start"),
    ],
)
def test_what_stops_a_quote_stops_it(quote: Quote, changes: dict[str, Any], field: str) -> None:
    Quote.objects.filter(pk=quote.pk).update(**changes)
    finding = found(quote)[field]
    assert finding.blocking
    with pytest.raises(NotSendable) as refusal:
        workflow.send(quote.pk, actor=SYSTEM)
    assert refusal.value.reasons == [finding.sentence]


def test_a_quote_without_a_price_or_a_mail_address_stays(quote: Quote) -> None:
    quote.lines.filter(option=False).delete()
    Customer.objects.update(email="")
    assert found(quote)["lines"].blocking
    assert found(quote)["email"].blocking


def test_vat_is_not_counted_by_who_has_no_vat_number(quote: Quote) -> None:
    Company.objects.update(vat_number="")
    assert found(quote)["vat_number"].blocking
    quote.lines.update(vat_rate=0)
    assert "vat_number" not in found(quote)


@pytest.mark.parametrize("contract", Quote.Contract.values)
def test_the_mediator_is_a_condition_off_premises_and_advice_elsewhere(quote: Quote, contract: str) -> None:
    """Art. L221-9 says so on pain of nullity; elsewhere a fine is due, and the contract holds."""
    Company.objects.update(mediator_name="")
    Quote.objects.filter(pk=quote.pk).update(contract=contract)
    finding = found(quote)["mediator_name"]
    assert finding.blocking is (contract == Quote.Contract.OFF_PREMISES)
    assert "L616-1" in finding.law


def test_a_business_has_no_mediator_and_no_decree(quote: Quote) -> None:
    Company.objects.update(mediator_name="", travel_costs="", quote_cost="")
    Quote.objects.filter(pk=quote.pk).update(
        customer=make_business(), small_business=False, start="", delivery="", worksite=""
    )
    quote.lines.update(vat_rate=20)
    assert found(quote) == {}


@pytest.mark.parametrize(
    ("company", "field"),
    [
        ({"travel_costs": ""}, "travel_costs"),
        ({"quote_cost": ""}, "quote_cost"),
        ({"waste_cost": ""}, "waste_cost"),
        ({"registration": ""}, "registration"),
        ({"capital": None}, "capital"),
        ({"payment_methods": []}, "payment_methods"),
    ],
)
def test_advice_names_what_is_missing_of_the_company_and_stops_nothing(
    quote: Quote, company: dict[str, Any], field: str
) -> None:
    Company.objects.update(**company)
    assert list(found(quote)) == [field]
    assert not found(quote)[field].blocking
    assert readiness.missing(quote) == []


def test_advice_names_what_is_missing_of_the_quote(quote: Quote) -> None:
    Quote.objects.filter(pk=quote.pk).update(start="", delivery="", contract=Quote.Contract.DISTANCE)
    quote.lines.filter(label="Main-d'œuvre").update(unit_price=0)
    quote.lines.update(vat_rate=20)
    advice = readiness.findings(Quote.objects.get(pk=quote.pk))
    assert [finding.field for finding in advice] == ["lines", "delivery", "start"]
    assert not any(finding.blocking for finding in advice)


def test_a_consumer_reads_where_the_works_are_and_in_what_they_are_counted(quote: Quote) -> None:
    """They cost one second to say; between businesses nothing asks for them."""
    Quote.objects.filter(pk=quote.pk).update(worksite="")
    quote.lines.filter(label="Main-d'œuvre").update(unit="")
    assert found(quote)["worksite"].blocking
    assert found(quote)["lines"].blocking
    Quote.objects.filter(pk=quote.pk).update(customer=make_business(), small_business=False)
    quote.lines.update(vat_rate=20)
    assert found(quote) == {}


def test_a_visit_that_is_still_to_come_asks_for_what_a_contract_off_premises_needs(quote: Quote) -> None:
    """Signed on that day it is one, whatever was written before."""
    ahead = today_in_paris() + dt.timedelta(days=3)
    Quote.objects.filter(pk=quote.pk).update(contract="distance", visited_on=ahead, delivery="", start="")
    assert found(quote)["delivery"].blocking
    Quote.objects.filter(pk=quote.pk).update(visited_on=today_in_paris() - dt.timedelta(days=3))
    assert "delivery" not in found(quote) or not found(quote)["delivery"].blocking
    Quote.objects.filter(pk=quote.pk).update(customer=make_business(), visited_on=ahead)
    assert found(quote)["small_business"].blocking


def test_labour_that_sells_a_supply_of_the_catalogue_is_told_that_it_is_a_sale(quote: Quote) -> None:
    """The fourteen days of a sale run from the delivery (Cass. 1re civ., 17 May 2023)."""
    article = CatalogueItem.objects.create(
        reference="R-1", label=quote.lines.filter(kind="item")[0].label, unit_price=1, vat_rate=20
    )
    told = "une ligne est une fourniture de votre catalogue"
    for nature, is_supply, is_told in (
        ("services", False, False),
        ("goods", True, False),
        ("services", True, True),
    ):
        Quote.objects.filter(pk=quote.pk).update(nature=nature)
        CatalogueItem.objects.filter(pk=article.pk).update(is_supply=is_supply)
        found = readiness.findings(Quote.objects.get(pk=quote.pk))
        assert any(told in one.sentence and not one.blocking for one in found) is is_told


@pytest.mark.parametrize(
    ("row", "column", "field", "whose"),
    [
        (Quote, "intro", "title", "Un texte du devis"),
        (Customer, "address", "last_name", "La fiche du client"),
        (Company, "tagline", "legal_name", "La fiche de l'entreprise"),
    ],
)
@pytest.mark.parametrize(
    ("sign", "fault"), [("ሰ", "que nos documents ne savent pas imprimer"), ("\x0c", "signe invisible")]
)
def test_a_sign_that_no_document_can_bear_stops_the_sending(
    quote: Quote, row: type[Model], column: str, field: str, whose: str, sign: str, fault: str
) -> None:
    """It came by no form: the forms clean what they are given."""
    row._default_manager.update(**{column: f"Chauffage {sign}"})
    finding = found(quote)[field]
    assert finding.blocking
    assert finding.sentence.startswith(whose)
    assert fault in finding.sentence


def test_an_extra_that_its_owner_has_put_into_the_total_is_told(quote: Quote) -> None:
    item = quote.lines.filter(kind="item")[0]
    quote.lines.filter(pk=item.pk).update(option=True, chosen=True)
    assert "comprise d'avance" in found(quote)["lines"].sentence
    Quote.objects.filter(pk=quote.pk).update(choice=[item.identity])
    assert "lines" not in found(quote)


def test_a_thing_of_the_catalogue_is_not_made_to_measure(quote: Quote) -> None:
    reason = {"withdrawal_exception": "made_to_measure", "withdrawal_reason": "Escalier pour cette trémie"}
    Quote.objects.filter(pk=quote.pk).update(nature=Quote.Nature.GOODS, **reason)
    assert "withdrawal_exception" not in found(quote)
    CatalogueItem.objects.create(
        reference="P", label=quote.lines.filter(kind="item")[0].label, is_supply=True, unit_price=1
    )
    assert "n'est pas sur mesure" in found(quote)["withdrawal_exception"].sentence


def test_beyond_the_urgency_is_another_quote(quote: Quote) -> None:
    urgent = {"withdrawal_exception": "urgent_repair", "withdrawal_reason": "Fuite d'eau"}
    Quote.objects.filter(pk=quote.pk).update(nature=Quote.Nature.SERVICES, **urgent)
    assert "second devis" in found(quote)["withdrawal_exception"].sentence


def test_the_editor_lists_it_with_the_way_to_mend_it(quote: Quote) -> None:
    Company.objects.update(mediator_site="", insurer_name="")
    page = text(at_desk(manager()).get(page_of(quote)))
    assert "Cass. 1re civ." in page
    assert "/admin/quotes/company/#id_mediator_site" in page
    assert "/admin/quotes/company/#id_insurer_name" in page
    page = text(at_desk(quote.owner).get(page_of(quote)))
    assert "#id_mediator_site" not in page
    assert "Un gestionnaire complète l&#x27;entreprise" in page.replace("'", "&#x27;")


def test_the_question_before_sending_lists_it_again(quote: Quote) -> None:
    browser = at_desk(quote.owner)
    Company.objects.update(registration="")
    page = text(browser.get(action_of(quote, "envoyer")))
    assert "1 conseil pour" in page
    assert 'class="blocking"' not in page
    Quote.objects.filter(pk=quote.pk).update(start="")
    page = text(browser.get(action_of(quote, "envoyer")))
    assert f"{page_of(quote)}#id_start" in page
    assert browser.post(action_of(quote, "envoyer")).status_code == 422


def test_it_costs_the_editor_two_queries(quote: Quote, django_assert_num_queries: Any) -> None:
    """Its row knows already whether aids, photos or documents hang on it."""
    quote = Quote.objects.with_parties().knowing_what_hangs_on_it().get(pk=quote.pk)
    with django_assert_num_queries(2):
        readiness.findings(quote)
