"""Money that goes back: whole or part, once, seen whoever asked for it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from demo.stripe_standin.faults import FaultKind, PlannedFault
from demo.stripe_standin.standin import StandIn
from payments import workflow
from payments.models import BalanceStatus, Dispute, Payment, Refund
from payments.rules import balance_status_of
from payments.tests.factories import (
    deposit_of,
    kinds,
    make_accepted_quote,
    pay,
    session_of,
    withdraw,
)
from payments.tests.stripe_side import deliver_all, intent_of
from payments.tests.test_transfer import confirm
from payments.workflow import NotRefundable
from quotes.journal import Actor
from quotes.models import Quote
from quotes.tests.factories import mails

pytestmark = pytest.mark.django_db
OWNER = Actor("staff", name="julien")


@pytest.fixture
def quote() -> Quote:
    return make_accepted_quote()


def ask(payment: Payment, amount: str, *, reason: str = "Rétractation") -> Refund:
    return workflow.request_refund(payment.pk, amount=Decimal(amount), reason=reason, actor=OWNER)


def given_back(stripe: StandIn) -> Decimal:
    return Decimal(stripe.ledger()["total"]["refunded"]) / 100


def test_the_whole_is_sent_back_once(stripe: StandIn, quote: Quote) -> None:
    payment = pay(stripe, quote)
    refund = ask(payment, "2681.81")
    assert [workflow.send_refund(refund.pk) for _ in range(2)] == [True, False]
    deliver_all(stripe)
    assert given_back(stripe) == Decimal("2681.81")
    assert balance_status_of(quote) is BalanceStatus.REFUNDED
    assert Refund.objects.get().state == Refund.State.SUCCEEDED
    assert mails("payments/refunded", quote).count() == 1
    asked = quote.events.get(kind="refund_requested")
    assert (asked.actor["name"], asked.facts["reason"]) == ("julien", "Rétractation")
    assert kinds(quote).count("refunded") == 1


def test_parts_add_up_and_never_exceed_the_payment(stripe: StandIn, quote: Quote) -> None:
    payment = pay(stripe, quote)
    for amount in ("1000", "1000"):
        workflow.send_refund(ask(payment, amount).pk)
    with pytest.raises(NotRefundable):
        ask(payment, "681.82")
    with pytest.raises(NotRefundable):
        ask(payment, "0")
    assert deposit_of(quote).received == Decimal("681.81")


def test_a_refund_does_not_open_the_deposit_again(stripe: StandIn, quote: Quote) -> None:
    payment = pay(stripe, quote)
    workflow.send_refund(ask(payment, "1000").pk)
    assert deposit_of(quote).remaining == 0


def test_a_lost_answer_is_the_same_refund_at_the_next_try(stripe: StandIn, quote: Quote) -> None:
    payment = pay(stripe, quote)
    refund = ask(payment, "500")
    stripe.faults.plan(PlannedFault(FaultKind.LOST, path="/v1/refunds", method="POST", times=3))
    assert not workflow.send_refund(refund.pk)
    Refund.objects.update(next_try_at="2020-01-01T00:00Z")
    workflow.sweep()
    assert given_back(stripe) == Decimal(500)
    assert deposit_of(quote).refunded == Decimal(500)
    assert Refund.objects.count() == 1


def test_the_webhook_of_our_own_refund_finds_its_row(stripe: StandIn, quote: Quote) -> None:
    """It comes before the answer was kept."""
    payment = pay(stripe, quote)
    refund = ask(payment, "500")
    stripe.afterwards.refund(
        intent=intent_of(stripe, session_of(payment)), amount=50000, metadata={"refund": refund.key}
    )
    deliver_all(stripe)
    refund.refresh_from_db()
    assert (Refund.objects.count(), refund.state) == (1, Refund.State.SUCCEEDED)


def test_a_refund_made_at_stripe_is_seen(stripe: StandIn, quote: Quote) -> None:
    payment = pay(stripe, quote)
    for amount in (10000, 20000):
        stripe.afterwards.refund(intent=intent_of(stripe, session_of(payment)), amount=amount)
    deliver_all(stripe)
    assert deposit_of(quote).refunded == Decimal(300)
    assert kinds(quote).count("refunded") == 2


def test_more_refunds_than_stripe_tells_at_once(stripe: StandIn, quote: Quote) -> None:
    payment = pay(stripe, quote)
    for _ in range(12):
        stripe.afterwards.refund(intent=intent_of(stripe, session_of(payment)), amount=100)
    deliver_all(stripe)
    assert deposit_of(quote).refunded == given_back(stripe) == Decimal(12)


def test_a_slow_refund_counts_from_the_start_and_is_told_at_its_end(stripe: StandIn, quote: Quote) -> None:
    payment = pay(stripe, quote, number="4000000000007726")
    workflow.send_refund(ask(payment, "500").pk)
    assert deposit_of(quote).refunded == given_back(stripe) == Decimal(500)
    assert not mails("payments/refunded", quote).exists()
    stripe.afterwards.settle_refund(str(Refund.objects.get().provider_id), succeeded=True)
    deliver_all(stripe)
    assert mails("payments/refunded", quote).count() == 1


def test_a_refund_that_fails_afterwards_is_told_to_the_owner(stripe: StandIn, quote: Quote) -> None:
    payment = pay(stripe, quote, number="4000000000005126")
    workflow.send_refund(ask(payment, "500").pk)
    stripe.afterwards.settle_refund(str(Refund.objects.get().provider_id), succeeded=False)
    deliver_all(stripe)
    assert deposit_of(quote).refunded == given_back(stripe) == 0
    assert mails("payments/refund_failed_owner", quote).count() == 1
    payment.refresh_from_db()
    assert payment.refundable == Decimal("2681.81")


def test_a_refund_that_stripe_refuses_is_told_to_the_owner(stripe: StandIn, quote: Quote) -> None:
    payment = pay(stripe, quote)
    refund = ask(payment, "2000")
    stripe.afterwards.refund(intent=intent_of(stripe, session_of(payment)), amount=100000)
    workflow.send_refund(refund.pk)
    refund.refresh_from_db()
    assert refund.state == Refund.State.FAILED
    assert mails("payments/refund_failed_owner", quote).count() == 1


def test_a_withdrawn_quote_is_refund_due_until_the_money_is_back(stripe: StandIn, quote: Quote) -> None:
    payment = pay(stripe, quote)
    withdraw(quote)
    assert balance_status_of(quote) is BalanceStatus.REFUND_DUE
    workflow.send_refund(ask(payment, "2681.81").pk)
    assert balance_status_of(quote) is BalanceStatus.REFUNDED


def test_a_transfer_is_sent_back_by_the_owners_bank_and_written_down(quote: Quote) -> None:
    payment = confirm(quote, "2681.81")
    ask(payment, "2681.81", reason="Par virement")
    assert balance_status_of(quote) is BalanceStatus.REFUNDED
    assert mails("payments/refunded", quote).count() == 1


def test_a_dispute_is_told_at_its_beginning_and_at_its_end(stripe: StandIn, quote: Quote) -> None:
    payment = pay(stripe, quote)
    dispute = stripe.afterwards.dispute(intent_of(stripe, session_of(payment)))
    deliver_all(stripe)
    assert deposit_of(quote).is_disputed()
    stripe.afterwards.close_dispute(dispute["id"], won=True)
    deliver_all(stripe)
    assert Dispute.objects.get().state == Dispute.State.WON
    assert mails("payments/disputed_owner", quote).count() == 2
    assert not deposit_of(quote).is_disputed()


def test_only_money_that_came_can_go_back(stripe: StandIn, quote: Quote) -> None:
    workflow.ensure_deposit(quote.pk)
    payment = Payment.objects.create(deposit=deposit_of(quote), method="card", amount=Decimal(10))
    with pytest.raises(NotRefundable):
        workflow.request_refund(payment.pk, amount=Decimal(10), reason="", actor=OWNER)
