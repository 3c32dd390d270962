"""Paying by card: a row first, one page at a time, reused, replaced only once it is closed."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings

from demo.stripe_standin.faults import FaultKind, PlannedFault
from demo.stripe_standin.standin import StandIn
from notifications.models import Notification
from payments import stripe_gateway, workflow
from payments.models import BalanceStatus, Payment
from payments.rules import balance_status_of
from payments.stripe_gateway import GatewayUnavailable
from payments.tests.factories import (
    CUSTOMER,
    deposit_of,
    kinds,
    make_accepted_quote,
    open_page,
    pay,
    session_of,
    withdraw,
)
from payments.tests.stripe_side import GOOD, REFUSED, deliver_all
from payments.workflow import Paying
from quotes import journal
from quotes import workflow as quotes
from quotes.models import Quote
from quotes.tests.factories import mails, visitor

pytestmark = pytest.mark.django_db
PAY = "acompte/carte/"


@pytest.fixture
def quote() -> Quote:
    return make_accepted_quote()


def press(quote: Quote) -> Any:
    """« Régler mon acompte »."""
    return visitor(quote).post(f"{quote.get_absolute_url()}{PAY}")


def sessions(stripe: StandIn) -> list[dict[str, Any]]:
    return stripe.store.all_now("checkout.session")


def test_the_button_leads_to_stripes_page_and_nowhere_else(stripe: StandIn, quote: Quote) -> None:
    response = press(quote)
    assert response.status_code == 303
    assert response.headers["Location"].startswith(f"{stripe.base_url}/c/pay/cs_test_")


def test_a_page_at_an_unknown_place_is_refused(stripe: StandIn, quote: Quote, settings: Settings) -> None:
    settings.PAYMENT_PAGE_ORIGINS = ["https://checkout.stripe.com"]
    assert workflow.pay_by_card(quote.pk, actor=CUSTOMER) == (Paying.REFUSED, "")


def test_the_session_is_built_from_the_row(stripe: StandIn, quote: Quote) -> None:
    payment = open_page(quote)
    (session,) = sessions(stripe)
    assert session["amount_total"] == int(payment.amount * 100) == 268181
    assert session["locale"] == "fr"
    assert session["customer_email"] == "claire.morel@exemple.fr"
    assert session["client_reference_id"] == deposit_of(quote).reference
    assert session["metadata"]["payment"] == payment.key
    assert session["expires_at"] == payment.call["expires_at"]
    assert quote.number in payment.call["label"]
    assert payment.call["label"].startswith("Acompte")


def test_pressing_again_reuses_the_page(stripe: StandIn, quote: Quote) -> None:
    first, second = press(quote), press(quote)
    assert first.headers["Location"] == second.headers["Location"]
    assert Payment.objects.count() == len(sessions(stripe)) == 1


def test_a_lost_answer_leads_to_the_same_page(stripe: StandIn, quote: Quote) -> None:
    stripe.faults.plan(PlannedFault(FaultKind.LOST, path="/v1/checkout/sessions", times=3))
    with pytest.raises(GatewayUnavailable):
        workflow.pay_by_card(quote.pk, actor=CUSTOMER)
    assert Payment.objects.get().state == Payment.State.STARTED
    payment = open_page(quote)
    assert len(sessions(stripe)) == Payment.objects.count() == 1
    assert payment.session_id == sessions(stripe)[0]["id"]


def test_when_stripe_is_away_the_page_says_so_and_nothing_is_half_done(stripe: StandIn, quote: Quote) -> None:
    stripe.faults.plan(PlannedFault(FaultKind.ERROR, times=10))
    response = press(quote)
    assert response.status_code == 503
    assert "Rien n'a été débité" in response.content.decode().replace("&#x27;", "'")
    assert sessions(stripe) == []
    stripe.faults.clear()
    assert press(quote).status_code == 303


def test_a_definite_no_is_told_to_the_owner_and_can_be_tried_again(
    stripe: StandIn, quote: Quote, settings: Settings
) -> None:
    settings.STRIPE_SECRET_KEY = "sk_test_wrong"
    response = press(quote)
    assert response.status_code == 302
    assert mails("payments/card_refused_owner", quote).exists()
    settings.STRIPE_SECRET_KEY = "sk_test_logisav0123456789"
    assert press(quote).status_code == 303


def test_paid_by_card_books_once_and_tells_both(stripe: StandIn, quote: Quote) -> None:
    payment = pay(stripe, quote)
    deliver_all(stripe)
    assert payment.is_paid
    assert balance_status_of(quote) is BalanceStatus.PAID
    assert mails("payments/receipt", quote).get().to == "claire.morel@exemple.fr"
    assert mails("payments/paid_owner", quote).get().to == quote.owner.email
    assert Notification.objects.filter(user=quote.owner, kind="deposit").count() == 1
    assert kinds(quote).count("deposit_paid") == 1


def test_the_card_holder_stays_in_the_journal(stripe: StandIn, quote: Quote) -> None:
    pay(stripe, quote)
    facts = quote.events.get(kind="deposit_paid").facts
    assert facts["card_holder"] == "Claire Morel"
    assert facts["brand"] == "visa"
    assert facts["last4"] == "4242"
    assert facts["receipt_email"] == "claire.morel@exemple.fr"
    assert facts["amount"] == "2681.81"
    assert journal.first_bad_row(quote) is None


def test_a_refused_card_then_a_good_one(stripe: StandIn, quote: Quote) -> None:
    payment = open_page(quote)
    stripe.pay_with(session_of(payment), number=REFUSED)
    deliver_all(stripe)
    assert balance_status_of(quote) is BalanceStatus.DUE
    assert press(quote).headers["Location"] == payment.session_url
    stripe.pay_with(session_of(payment), number=GOOD)
    deliver_all(stripe)
    assert balance_status_of(quote) is BalanceStatus.PAID


def test_once_paid_the_button_opens_nothing(stripe: StandIn, quote: Quote) -> None:
    pay(stripe, quote)
    assert workflow.pay_by_card(quote.pk, actor=CUSTOMER) == (Paying.PAID, "")


def test_a_page_that_turns_out_paid_is_read_and_settled(stripe: StandIn, quote: Quote) -> None:
    """Its webhook has not come yet: pressing again charges nobody twice."""
    payment = open_page(quote)
    stripe.pay_with(session_of(payment))
    assert workflow.pay_by_card(quote.pk, actor=CUSTOMER) == (Paying.PAID, "")
    assert balance_status_of(quote) is BalanceStatus.PAID
    assert len(sessions(stripe)) == 1


def test_an_expired_page_is_replaced(stripe: StandIn, quote: Quote) -> None:
    first = open_page(quote)
    stripe.bank.expire(session_of(first))
    second = open_page(quote)
    first.refresh_from_db()
    assert first.state == Payment.State.EXPIRED
    assert second.session_id != first.session_id


def test_another_amount_replaces_the_page_once_the_old_one_is_closed(stripe: StandIn, quote: Quote) -> None:
    first = open_page(quote)
    transfer(quote, "681.81")
    second = open_page(quote)
    assert stripe.bank.session(session_of(first))["status"] == "expired"
    assert second.amount == Decimal(2000)
    assert Payment.objects.under_way().get() == second


def test_no_new_page_while_the_old_one_cannot_be_closed(stripe: StandIn, quote: Quote) -> None:
    open_page(quote)
    transfer(quote, "681.81")
    stripe.faults.plan(PlannedFault(FaultKind.ERROR, path="/v1/checkout/sessions", times=10))
    with pytest.raises(GatewayUnavailable):
        workflow.pay_by_card(quote.pk, actor=CUSTOMER)
    assert len(sessions(stripe)) == 1


def test_a_page_to_be_replaced_that_was_just_paid_is_booked(stripe: StandIn, quote: Quote) -> None:
    first = open_page(quote)
    transfer(quote, "681.81")
    stripe.pay_with(session_of(first))
    assert workflow.pay_by_card(quote.pk, actor=CUSTOMER) == (Paying.PAID, "")
    assert balance_status_of(quote) is BalanceStatus.OVERPAID
    assert mails("payments/overpaid_owner", quote).count() == 1


def transfer(quote: Quote, amount: str) -> Payment:
    return workflow.confirm_transfer(
        quote.pk, amount=Decimal(amount), received_on=dt.date(2026, 11, 24), actor=CUSTOMER
    )


def test_a_withdrawn_quote_closes_its_page(stripe: StandIn, quote: Quote) -> None:
    payment = open_page(quote)
    withdraw(quote)
    assert workflow.pay_by_card(quote.pk, actor=CUSTOMER) == (Paying.NOT_OPEN, "")
    workflow.sweep()
    assert stripe.bank.session(session_of(payment))["status"] == "expired"
    payment.refresh_from_db()
    assert payment.state == Payment.State.EXPIRED


def test_a_declared_withdrawal_closes_the_page_too(stripe: StandIn, quote: Quote) -> None:
    payment = open_page(quote)
    quotes.declare(quote.pk, name="Claire Morel", email="", actor=CUSTOMER)
    workflow.sweep()
    payment.refresh_from_db()
    assert payment.state == Payment.State.EXPIRED
    assert workflow.pay_by_card(quote.pk, actor=CUSTOMER)[0] is Paying.DECLARED


def test_money_that_arrives_on_a_withdrawn_quote_is_recorded_and_shown(stripe: StandIn, quote: Quote) -> None:
    payment = open_page(quote)
    withdraw(quote)
    stripe.pay_with(session_of(payment))
    deliver_all(stripe)
    assert balance_status_of(quote) is BalanceStatus.REFUND_DUE
    assert "à rembourser" in mails("payments/paid_owner", quote).get().text


def test_below_fifty_cents_a_card_is_not_offered(stripe: StandIn) -> None:
    quote = make_accepted_quote(deposit_kind="amount", deposit_value=Decimal("0.49"))
    assert workflow.pay_by_card(quote.pk, actor=CUSTOMER) == (Paying.NOT_OFFERED, "")


def test_a_quote_that_offers_transfer_alone_takes_no_card(stripe: StandIn) -> None:
    quote = make_accepted_quote(payment_methods=["transfer"])
    assert workflow.pay_by_card(quote.pk, actor=CUSTOMER) == (Paying.NOT_OFFERED, "")


def test_a_quote_that_is_not_accepted_takes_no_money(stripe: StandIn, quote: Quote) -> None:
    Quote.objects.filter(pk=quote.pk).update(state=Quote.State.REFUSED)
    assert workflow.pay_by_card(quote.pk, actor=CUSTOMER) == (Paying.NOT_OPEN, "")


def test_the_gateway_itself_refuses_before_the_day_of_the_law(stripe: StandIn, quote: Quote) -> None:
    payment = open_page(quote)
    later = int(timezone.now().timestamp()) + 60
    call = replace(stripe_gateway.SessionCall.from_json(payment.call), not_before=later)
    with pytest.raises(stripe_gateway.TooEarlyToPay):
        stripe_gateway.create_session(call, key="another")
    with time_machine.travel(timezone.now() + dt.timedelta(seconds=61)):
        assert stripe_gateway.create_session(call, key="another").id


def test_nobody_is_called_inside_a_transaction(stripe: StandIn, quote: Quote) -> None:
    with transaction.atomic(), pytest.raises(RuntimeError):
        workflow.pay_by_card(quote.pk, actor=CUSTOMER)


@pytest.mark.parametrize("amount", ["0.005", "1327.925", "-0.001"])
def test_a_fraction_of_a_cent_is_refused_and_not_cut(stripe: StandIn, quote: Quote, amount: str) -> None:
    call = stripe_gateway.SessionCall.from_json(open_page(quote).call)
    with pytest.raises(ValueError, match="cents"):
        stripe_gateway.create_session(replace(call, amount=Decimal(amount)), key="another")
    with pytest.raises(ValueError, match="cents"):
        stripe_gateway.refund("pi_1", amount=Decimal(amount), key="another")
    assert replace(call, amount=Decimal("1327.92")).to_json()["amount"] == 132792
