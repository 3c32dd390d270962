"""Paying by transfer: what the customer copies or scans, says, and what the owner confirms."""

from __future__ import annotations

import datetime as dt
import html
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from stdnum import iban, iso11649

from demo.stripe_standin.standin import StandIn
from lib import french
from notifications.models import Notification
from payments import rules, transfer, workflow
from payments.models import BalanceStatus, Deposit
from payments.rules import balance_status_of
from payments.tests import qr_reading
from payments.tests.factories import (
    CUSTOMER,
    deposit_of,
    kinds,
    make_accepted_quote,
    make_paying_company,
    open_page,
    pay,
    session_of,
    withdraw,
)
from payments.tests.stripe_side import deliver_all
from payments.transfer import Transfer
from payments.workflow import Announced
from quotes import workflow as quotes
from quotes.models import Company, Quote
from quotes.tests.factories import SYSTEM, mails, make_sent_quote, version_of, visitor

pytestmark = pytest.mark.django_db


@pytest.fixture
def quote() -> Quote:
    return make_accepted_quote()


def page(quote: Quote, browser: Client | None = None) -> str:
    response = (browser or visitor(quote)).get(quote.get_absolute_url())
    return html.unescape(response.content.decode())


def confirm(quote: Quote, amount: str, *, key: str = "") -> Any:
    return workflow.confirm_transfer(
        quote.pk, amount=Decimal(amount), received_on=dt.date(2026, 11, 24), actor=CUSTOMER, key=key
    )


def test_the_page_shows_what_to_copy(quote: Quote) -> None:
    shown = page(quote)
    assert "FR76 3000 6000 0112 3456 7890 189" in shown
    assert "Thermo Rhône SARL" in shown
    assert "AGRIFRPP" in shown
    assert "2\u202f681,81\u00a0€" in shown
    reference = transfer.reference_of(quote.number)
    assert iso11649.format(reference) in shown
    for copied in ("FR7630006000011234567890189", "2681,81", reference):
        assert f'data-copy="{copied}"' in shown
    assert "J'ai fait le virement" in shown


def test_row_21_a_cheque_is_offered_with_whom_it_is_for_and_where_it_goes() -> None:
    shown = page(make_accepted_quote(payment_methods=[Company.Method.CHEQUE]))
    company = Company.current()
    section = shown[shown.index("Par chèque") :]
    for words in (company.legal_name, company.address.splitlines()[-1], "2\u202f681,81\u00a0€", "D-"):
        assert words in section
    assert "Par virement" not in shown


def test_every_quote_has_a_valid_reference_of_its_own() -> None:
    references = {transfer.reference_of(f"D-2026-{number:04}") for number in range(1, 2000)}
    assert len(references) == 1999
    assert all(iso11649.is_valid(reference) for reference in references)


def test_whoever_reads_the_page_on_a_telephone_keeps_the_qr_code_as_a_picture(quote: Quote) -> None:
    address = f"{quote.get_absolute_url()}acompte/virement.png"
    browser = visitor(quote)
    assert f'<a href="{address}" download>Enregistrer l\'image</a>' in page(quote, browser)
    response = browser.get(address)
    assert (response.status_code, response["Content-Type"]) == (200, "image/png")
    assert response["Content-Disposition"] == f'attachment; filename="virement-{quote.number}.png"'
    deposit = rules.deposit_of(quote)
    assert deposit is not None
    facts = rules.transfer_facts(deposit, Company.current())
    assert qr_reading.pictured(response.content) == qr_reading.drawn(facts.qr_svg)
    confirm(quote, "2681.81")
    assert browser.get(address).status_code == 404


@pytest.mark.parametrize(
    ("holder", "amount"),
    [
        ("Thermo Rhône SARL", "3337.96"),
        ("A", "0.01"),
        ("Électricité & Chauffage « Été » de la Vallée du Rhône et des Alpes du Nord", "999999.99"),
    ],
)
def test_a_banking_application_reads_the_qr_code(holder: str, amount: str) -> None:
    reference = transfer.reference_of("D-2026-0148")
    facts = Transfer(
        holder=holder,
        iban="FR7630006000011234567890189",
        bic="AGRIFRPP",
        amount=Decimal(amount),
        reference=reference,
    )
    lines = qr_reading.read(facts.qr_svg).split("\n")
    assert lines[:4] == ["BCD", "002", "1", "SCT"]
    assert lines[4:7] == ["AGRIFRPP", holder[:70].strip(), "FR7630006000011234567890189"]
    assert lines[7] == f"EUR{Decimal(amount):f}"
    assert lines[9] == reference
    assert iban.is_valid(lines[6])


def test_i_made_the_transfer_tells_the_owner_once(quote: Quote) -> None:
    browser = visitor(quote)
    for _ in range(2):
        response = browser.post(f"{quote.get_absolute_url()}acompte/virement/")
        assert response.headers["Location"] == quote.get_absolute_url()
    assert mails("payments/transfer_announced_owner", quote).count() == 1
    assert Notification.objects.filter(user=quote.owner, kind="deposit").count() == 1
    shown = page(quote, browser)
    assert "Virement annoncé le" in shown
    assert "Vous n'avez rien d'autre à faire" in shown
    assert balance_status_of(quote) is BalanceStatus.DUE


def test_after_i_made_the_transfer_the_card_is_only_instead_of_it(quote: Quote, stripe: StandIn) -> None:
    """Who has announced a transfer and sees « Régler mon acompte » pays twice."""
    assert "à régler à la commande</small>" in page(quote)
    workflow.announce_transfer(quote.pk, actor=CUSTOMER)
    shown = page(quote)
    assert "Régler mon acompte" not in shown
    assert "à régler à la commande" not in shown
    assert "revenir plus tard" not in shown
    assert "virement annoncé le" in shown[shown.index("Et maintenant") :]
    before, instead = shown.split("<details", 1)
    assert "Par carte bancaire" not in before
    for words in ("Seulement si votre virement n'est pas parti", "Payer par carte à la place", "FR76"):
        assert words in instead
    assert "J'ai fait le virement" not in shown


def test_once_a_part_of_it_has_come_the_rest_is_asked_for_again(quote: Quote, stripe: StandIn) -> None:
    workflow.announce_transfer(quote.pk, actor=CUSTOMER)
    confirm(quote, "1000")
    shown = page(quote)
    assert "Virement annoncé le" not in shown
    assert "Régler mon acompte" in shown
    assert "1\u202f000,00\u00a0€ reçus, 1\u202f681,81\u00a0€ à régler" in shown
    assert not Deposit.objects.announced().exists()
    assert "J'ai fait le virement" in shown
    assert workflow.announce_transfer(quote.pk, actor=CUSTOMER) is Announced.DONE
    assert workflow.announce_transfer(quote.pk, actor=CUSTOMER) is Announced.ALREADY
    assert Deposit.objects.announced().exists()
    assert mails("payments/transfer_announced_owner", quote).count() == 2


def test_the_receipt_says_what_of_it_is_vat_by_the_rates_of_the_quote() -> None:
    """Wording no 30: until there is an invoice, HT and VAT by rate, to the cent."""
    lines = (
        {"label": "Pompe", "unit": "unité", "unit_price": Decimal(1000), "vat_rate": Decimal("5.5")},
        {"label": "Pose", "unit": "forfait", "unit_price": Decimal(500), "vat_rate": Decimal(20)},
    )
    quote = make_accepted_quote(lines=lines, deposit_value=Decimal(30))  # of 1,655.00
    confirm(quote, "496.50")
    mail = mails("payments/transfer_received", quote).get()
    parts = {"Dont HT": "450,00", "Dont TVA 20\u00a0%": "30,00", "Dont TVA 5,5\u00a0%": "16,50"}
    for label, euros in parts.items():
        assert f"{label}\u00a0: {euros}\u00a0€" in mail.text
        for words in (label, f"{euros}\u00a0€"):
            assert words in html.unescape(mail.html)


def test_money_that_goes_back_is_no_turnover() -> None:
    quote = make_accepted_quote(contract="off_premises", duration="2 jours")
    confirm(quote, "1000")
    assert "Dont" not in mails("payments/transfer_received", quote).get().text


def test_a_part_that_went_back_is_left_to_pay_with_the_balance_and_not_asked_for(quote: Quote) -> None:
    payment = confirm(quote, "2681.81")
    workflow.request_refund(payment.pk, amount=Decimal(681), reason="Geste", actor=CUSTOMER)
    shown, content = page(quote), version_of(quote).reading
    assert "2\u202f000,81\u00a0€ reçus</small>" in shown
    assert "à régler" not in shown.partition('id="devis"')[0]
    assert f"solde de {french.money(content.payable - Decimal('2000.81'))}" in shown


def test_a_refunded_deposit_is_not_called_paid_and_the_whole_price_is_left(quote: Quote) -> None:
    before = page(quote)
    content = version_of(quote).reading
    assert f"solde de {french.money(content.payable - Decimal('2681.81'))}" in before
    payment = confirm(quote, "2681.81")
    workflow.request_refund(payment.pk, amount=payment.amount, reason="Geste", actor=CUSTOMER)
    shown = page(quote)
    assert "Votre acompte vous a été remboursé" in shown
    assert "réglé</small>" not in shown
    assert "à régler" not in shown
    assert f"solde de {french.money(content.payable)}" in shown


def test_the_owner_confirms_what_arrived(quote: Quote) -> None:
    confirm(quote, "2681.81")
    assert balance_status_of(quote) is BalanceStatus.PAID
    assert mails("payments/transfer_received", quote).count() == 1
    assert "a bien été reçu" in page(quote)


def test_a_part_is_a_state_that_is_seen(quote: Quote) -> None:
    confirm(quote, "1000")
    assert balance_status_of(quote) is BalanceStatus.PARTIAL
    assert deposit_of(quote).remaining == Decimal("1681.81")
    assert "1\u202f681,81\u00a0€</span> à régler" in page(quote)
    confirm(quote, "1681.81")
    assert balance_status_of(quote) is BalanceStatus.PAID


def test_too_much_is_a_state_that_is_seen(quote: Quote) -> None:
    confirm(quote, "3000")
    assert balance_status_of(quote) is BalanceStatus.OVERPAID
    assert "318,19" in mails("payments/overpaid_owner", quote).get().text


def test_the_same_confirmation_twice_is_one_transfer(quote: Quote) -> None:
    confirm(quote, "1000", key="form-1")
    confirm(quote, "1000", key="form-1")
    assert deposit_of(quote).received == Decimal(1000)


def test_card_and_transfer_together_are_shown_as_too_much(stripe: StandIn, quote: Quote) -> None:
    payment = open_page(quote)
    confirm(quote, "2681.81")
    stripe.pay_with(session_of(payment))
    deliver_all(stripe)
    assert deposit_of(quote).excess == Decimal("2681.81")
    assert balance_status_of(quote) is BalanceStatus.OVERPAID
    assert mails("payments/overpaid_owner", quote).count() == 1


def test_a_transfer_that_arrives_closes_the_card_page(stripe: StandIn, quote: Quote) -> None:
    payment = open_page(quote)
    confirm(quote, "2681.81")
    workflow.sweep()
    assert stripe.bank.session(session_of(payment))["status"] == "expired"


def test_a_transfer_on_a_withdrawn_quote_is_recorded_and_shown(quote: Quote) -> None:
    withdraw(quote)
    assert workflow.announce_transfer(quote.pk, actor=CUSTOMER) is Announced.NOT_OPEN
    confirm(quote, "2681.81")
    assert balance_status_of(quote) is BalanceStatus.REFUND_DUE
    assert "vous seront remboursés" in page(quote)


def test_a_refused_quote_that_was_filed_asks_for_no_deposit() -> None:
    make_paying_company()
    quote = make_sent_quote()
    quotes.mark_refused(quote.pk, reason="", actor=SYSTEM)
    quotes.mark_done(quote.pk, actor=SYSTEM)
    assert workflow.announce_transfer(quote.pk, actor=CUSTOMER) is Announced.NOT_OPEN
    assert "deposit_requested" not in kinds(quote)


def test_a_paid_deposit_takes_no_announcement(stripe: StandIn, quote: Quote) -> None:
    pay(stripe, quote)
    assert workflow.announce_transfer(quote.pk, actor=CUSTOMER) is Announced.NOT_OPEN
    assert "transfer_announced" not in kinds(quote)


def test_what_comes_next_is_no_more_the_deposit_once_it_is_there(quote: Quote) -> None:
    for amount, current in (("1000", "Acompte de"), ("1681.81", "vous contacte")):
        confirm(quote, amount)
        next_step = page(quote).partition('aria-current="step"')[2].partition("</li>")[0]
        assert current in next_step
