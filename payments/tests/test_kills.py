"""I4: a process killed at any step of payment, settlement or refund leaves the ledger equal to Stripe's, to the cent.

Each run is a quote of its own. The process dies at one step; then come the customer's second press or Stripe's second
message, and the sweep; at the end the two ledgers are compared, and every mail has gone out once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

import pytest
from django.utils import timezone

from demo.stripe_standin.standin import StandIn
from logisav.tests.figures import sample
from notifications.queue import QueueEntry
from payments import workflow
from payments.models import Payment, Refund, StripeEvent
from payments.tests import victim
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
from payments.tests.stripe_side import WAITING, deliver, intent_of
from payments.tests.test_replay import check_ledger
from quotes import journal
from quotes.journal import Actor
from quotes.models import Quote
from quotes.tests.factories import mails

pytestmark = [pytest.mark.long, pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
OWNER = Actor("staff", name="julien")
PART = Decimal("681.81")


@dataclass(frozen=True)
class Scenario:
    """What is killed, what stands before it, and how it must end once everybody has tried again."""

    before: Callable[[StandIn, Quote], object]
    killed: Callable[[StandIn, Quote], object]
    after: Callable[[StandIn, Quote], None]
    holds: Callable[[StandIn, Quote], bool]
    by_transfer: Decimal = Decimal(0)


def nothing(stripe: StandIn, quote: Quote) -> None:
    """Nothing stands before it."""


def press(stripe: StandIn, quote: Quote) -> None:
    workflow.pay_by_card(quote.pk, actor=CUSTOMER)


def pay_at_last(stripe: StandIn, quote: Quote) -> None:
    """The customer presses again, pays, and Stripe tells."""
    payment = open_page(quote)
    stripe.pay_with(session_of(payment))
    tell(stripe, quote)


def tell(stripe: StandIn, quote: Quote) -> None:
    """Everything that Stripe has to say about this quote."""
    for event in stripe.events():
        if stripe.store.family_of(event["id"]) in sessions_of(quote):
            deliver(stripe, event["id"])


def sessions_of(quote: Quote) -> set[str | None]:
    return set(Payment.objects.filter(deposit__quote=quote).values_list("session_id", flat=True))


def paid_but_unheard(stripe: StandIn, quote: Quote) -> None:
    stripe.pay_with(session_of(open_page(quote)))


def slowly_paid_but_unheard(stripe: StandIn, quote: Quote) -> None:
    payment = open_page(quote)
    stripe.pay_with(session_of(payment), number=WAITING)
    tell(stripe, quote)
    stripe.bank.settle(intent_of(stripe, session_of(payment)), succeeded=True)


def webhook(stripe: StandIn, quote: Quote) -> None:
    """The last thing that Stripe says of a session of this quote."""
    events = stripe.events("checkout.session.completed", "checkout.session.async_payment_succeeded")
    assert deliver(stripe, events[-1]["id"]) == 200


def reconcile(stripe: StandIn, quote: Quote) -> None:
    make_due()
    workflow.reconcile()


def make_due() -> None:
    """The pauses are over, and so are the claims of those who died."""
    past = timezone.now() - dt.timedelta(seconds=1)
    Payment.objects.filter(next_check_at__isnull=False).update(next_check_at=past, claimed_until=past)
    StripeEvent.objects.update(next_try_at=past, claimed_until=past)
    Refund.objects.update(next_try_at=past, claimed_until=past)
    QueueEntry.objects.update(next_try_at=past, claimed_until=past)


def part_by_transfer(stripe: StandIn, quote: Quote) -> None:
    open_page(quote)
    confirm(stripe, quote)


def confirm(stripe: StandIn, quote: Quote) -> None:
    workflow.confirm_transfer(
        quote.pk, amount=PART, received_on=dt.date(2026, 11, 24), actor=OWNER, key=f"form-{quote.pk}"
    )


def open_and_withdraw(stripe: StandIn, quote: Quote) -> None:
    open_page(quote)
    withdraw(quote)


def send_back(stripe: StandIn, quote: Quote) -> None:
    payment = Payment.objects.get(deposit__quote=quote)
    refund = workflow.request_refund(payment.pk, amount=Decimal(1000), reason="Geste", actor=OWNER)
    workflow.send_refund(refund.pk)


def nobody(stripe: StandIn, quote: Quote) -> None:
    """Only the sweep, which comes after all of them."""


def is_paid(stripe: StandIn, quote: Quote) -> bool:
    return deposit_of(quote).remaining == 0 and mails("payments/receipt", quote).count() == 1


def nothing_open(stripe: StandIn, quote: Quote) -> bool:
    pages = [stripe.bank.session(session)["status"] for session in sessions_of(quote) if session]
    return "open" not in pages and not Payment.objects.filter(deposit__quote=quote).under_way().exists()


def refunded_or_never_asked(stripe: StandIn, quote: Quote) -> bool:
    """Killed before its row was there, the owner sees that nothing was asked for."""
    asked = Refund.objects.filter(payment__deposit__quote=quote)
    states = set(asked.values_list("state", flat=True))
    return (
        asked.count() <= 1
        and states <= {"succeeded"}
        and mails("payments/refunded", quote).count() == len(asked)
    )


def transferred_once(stripe: StandIn, quote: Quote) -> bool:
    return deposit_of(quote).received == PART and mails("payments/transfer_received", quote).count() == 1


SCENARIOS = {
    "open the page": Scenario(nothing, press, pay_at_last, is_paid),
    "replace the page": Scenario(part_by_transfer, press, pay_at_last, is_paid, by_transfer=PART),
    "webhook, told again": Scenario(paid_but_unheard, webhook, tell, is_paid),
    "webhook, never told again": Scenario(paid_but_unheard, webhook, nobody, is_paid),
    "late success": Scenario(slowly_paid_but_unheard, webhook, nobody, is_paid),
    "reconcile": Scenario(paid_but_unheard, reconcile, nobody, is_paid),
    "press on a paid page": Scenario(paid_but_unheard, press, nobody, is_paid),
    "close on withdrawal": Scenario(open_and_withdraw, lambda s, q: workflow.sweep(), nobody, nothing_open),
    "refund": Scenario(pay, send_back, nobody, refunded_or_never_asked),
    "confirm a transfer": Scenario(nothing, confirm, confirm, transferred_once, by_transfer=PART),
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_killed_at_each_step_the_ledgers_are_equal(
    name: str, stripe: StandIn, figure: Callable[[str, str], None]
) -> None:
    scenario = SCENARIOS[name]
    stride, step, kills = sample(9, 1), 1, 0
    while run(scenario, stripe, step):
        kills += 1
        step += stride
    assert kills >= 3
    figure(
        "kill -9 payment",
        f"{name}: {kills} kills at {'every' if stride == 1 else f'one in {stride}'} step, 0 differences",
    )


def run(scenario: Scenario, stripe: StandIn, step: int) -> bool:
    """False when the scenario ended before this step; its end is checked all the same."""
    quote = make_accepted_quote()
    scenario.before(stripe, quote)
    killed = victim.kill_at(step, lambda: scenario.killed(stripe, quote))
    scenario.after(stripe, quote)
    for _ in range(2):
        make_due()
        workflow.sweep()
    assert scenario.holds(stripe, quote), (step, kinds(quote))
    check_ledger(stripe, deposit_of(quote), by_transfer=scenario.by_transfer)
    assert journal.first_bad_row(quote) is None
    Quote.objects.filter(pk=quote.pk, state=Quote.State.ACCEPTED).update(state=Quote.State.DONE)
    stripe.store.empty()
    Payment.objects.update(next_check_at=None)
    return killed
