"""Whatever Stripe says, in whatever order, however often and at once: one effect, and the right end.

Six events of one quote: a session completed but unpaid, its late success, the end of the session that it replaced,
two partial refunds, a dispute. While they are replayed Stripe answers as it did at each event, and then as of the end.
"""

from __future__ import annotations

import datetime as dt
import itertools
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal

import pytest
from django.test import RequestFactory

from demo.stripe_standin.standin import StandIn
from logisav.tests import crowd
from logisav.tests.figures import Figure, sample, share, share_of
from payments import workflow
from payments.models import Deposit, Dispute, Payment, Refund, StripeEvent
from payments.tests.factories import CUSTOMER, deposit_of, kinds, make_accepted_quote, open_page, session_of
from payments.tests.stripe_side import WAITING, WEBHOOK, intent_of, post
from payments.webhooks import stripe_webhook
from quotes import journal
from quotes.models import Quote
from quotes.tests.factories import mails

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
PROCESSES, THREADS = 4, 13
ORDERS = list(itertools.permutations(range(6)))
PARTS = (Decimal("681.81"), Decimal(2000))
REFUNDS = (50000, 25000)


@pytest.fixture
def deliverers(stripe: StandIn, monkeypatch: pytest.MonkeyPatch) -> Iterator[Executor]:
    """Web processes that know the same Stripe."""
    monkeypatch.setenv("STRIPE_API_URL", stripe.base_url)
    with crowd.processes(PROCESSES) as pool:
        yield pool


_threads: list[ThreadPoolExecutor] = []


def post_often(body: bytes, header: str, times: int) -> list[int]:
    """In a process of the crowd, whose threads keep their connections: to the view itself, a million times over."""
    if not _threads:
        _threads.append(ThreadPoolExecutor(THREADS))
    return list(_threads[0].map(lambda _: _tell(body, header), range(times)))


def _tell(body: bytes, header: str) -> int:
    request = RequestFactory().post(
        WEBHOOK, body, content_type="application/json", headers={"Stripe-Signature": header}
    )
    return stripe_webhook(request).status_code


def replay(pool: Executor, stripe: StandIn, event: str, *, times: int) -> Counter[int]:
    body, header = stripe.signed(event)
    share = -(-times // PROCESSES)
    running = [pool.submit(post_often, body, header, share) for _ in range(PROCESSES)]
    return Counter(status for part in running for status in part.result())


@dataclass(frozen=True)
class Case:
    """One quote, the sessions that it had, and what Stripe says of them."""

    quote: Quote
    sessions: tuple[str, str]
    events: tuple[str, ...]


def make_case(stripe: StandIn) -> Case:
    quote = make_accepted_quote()
    replaced = open_page(quote)
    workflow.confirm_transfer(quote.pk, amount=PARTS[0], received_on=dt.date(2026, 11, 24), actor=CUSTOMER)
    session = session_of(open_page(quote))
    stripe.pay_with(session, number=WAITING)
    intent = intent_of(stripe, session)
    stripe.bank.settle(intent, succeeded=True)
    for amount in REFUNDS:
        stripe.afterwards.refund(intent=intent, amount=amount)
    stripe.afterwards.dispute(intent)
    sessions = (session_of(replaced), session)
    return Case(quote, sessions, _events(stripe, sessions))


def _events(stripe: StandIn, sessions: Sequence[str]) -> tuple[str, ...]:
    """In the order in which they happened."""
    types = {
        "checkout.session.expired",
        "checkout.session.completed",
        "checkout.session.async_payment_succeeded",
        "charge.refunded",
        "charge.dispute.created",
    }
    said = [event["id"] for event in stripe.events(*types) if stripe.store.family_of(event["id"]) in sessions]
    assert len(said) == 6, said
    return tuple(said)


@pytest.mark.parametrize("answers", ["as of each event", "as of the end"])
def test_six_events_in_any_order_have_one_effect(
    answers: str, stripe: StandIn, deliverers: Executor, figure: Figure
) -> None:
    times = sample(8, 100)
    orders = share_of(ORDERS[:: sample(len(ORDERS) // 2, 1)])
    statuses, began = Counter[int](), time.monotonic()
    for order in orders:
        case = make_case(stripe)
        for place in order:
            if answers == "as of each event":
                stripe.answer_as_of(case.events[place], sessions=case.sessions)
            statuses += replay(deliverers, stripe, case.events[place], times=times)
        stripe.answer_as_of_the_end(sessions=case.sessions)
        check_end(stripe, case)
        stripe.store.empty()
    assert set(statuses) == {200}
    figure(
        "webhooks",
        f"{len(orders)} orders of 6 events, each ×{times}, {PROCESSES * THREADS} in parallel, answers {answers}: "
        f"{statuses.total()} deliveries, all 200, one effect each, ledger equal ({time.monotonic() - began:.0f} s)",
        {f"orders, {answers}": len(orders), f"deliveries, {answers}": statuses.total()},
    )


def check_end(stripe: StandIn, case: Case) -> None:
    """One effect of each, and the ledger to the cent."""
    replaced, paid = (Payment.objects.get(session_id=session) for session in case.sessions)
    assert (replaced.state, paid.state) == (Payment.State.EXPIRED, Payment.State.PAID)
    assert [refund.state for refund in Refund.objects.filter(payment=paid)] == [Refund.State.SUCCEEDED] * 2
    assert Dispute.objects.get(payment=paid).state == Dispute.State.OPEN
    counted = Counter(kinds(case.quote))
    assert counted["deposit_paid"] == counted["disputed"] == counted["payment_expired"] == 1
    assert counted["refunded"] == mails("payments/refunded", case.quote).count() == 2
    assert counted["payment_pending"] == mails("payments/pending", case.quote).count() <= 1
    assert mails("payments/receipt", case.quote).count() == 1
    assert mails("payments/paid_owner", case.quote).count() == 1
    assert mails("payments/disputed_owner", case.quote).count() == 1
    assert not mails("payments/set_aside_owner", case.quote).exists()
    stored = StripeEvent.objects.filter(event_id__in=case.events)
    assert Counter(stored.values_list("status", flat=True)) == {StripeEvent.Status.APPLIED: 6}
    assert journal.first_bad_row(case.quote) is None
    check_ledger(stripe, deposit_of(case.quote), by_transfer=PARTS[0])


def check_ledger(stripe: StandIn, deposit: Deposit, *, by_transfer: Decimal = Decimal(0)) -> None:
    rows = [row for row in stripe.ledger()["payments"] if row["client_reference_id"] == deposit.reference]
    received = sum((Decimal(row["received"]) / 100 for row in rows), by_transfer)
    refunded = sum((Decimal(row["refunded"]) / 100 for row in rows), Decimal(0))
    assert (deposit.paid, deposit.refunded) == (received, refunded)


def test_all_of_them_at_the_same_moment(stripe: StandIn, deliverers: Executor, figure: Figure) -> None:
    """No order at all: every event from every process at once."""
    runs, statuses = share(2, 100), Counter[int]()
    for _ in range(runs):
        case = make_case(stripe)
        signed = [stripe.signed(event) for event in case.events]
        running = [
            deliverers.submit(post_often, body, header, 5)
            for _ in range(PROCESSES)
            for body, header in signed
        ]
        statuses += Counter(status for part in running for status in part.result())
        check_end(stripe, case)
    assert set(statuses) == {200}
    figure(
        "webhooks",
        f"{runs} runs, the 6 events at the same moment from {PROCESSES} processes: "
        f"{statuses.total()} deliveries, all 200, one effect each",
        {"runs at the same moment": runs},
    )


def test_forged_messages_change_nothing(stripe: StandIn, deliverers: Executor, figure: Figure) -> None:
    """Unsigned, signed long ago, signed with another secret; the true one at the end is the control."""
    count, case = share(100, 3072), make_case(stripe)
    completed = case.events[1]
    body, header = stripe.signed(completed)
    kinds_of_lies = {
        "forged": (body, header[:-4] + "0000"),
        "old": stripe.signed(completed, at=int(time.time()) - 301),
        "other secret": stripe.signed(completed, secret="whsec_of_somebody_else"),
    }
    for name, (lie, signature) in kinds_of_lies.items():
        running = [deliverers.submit(post_often, lie, signature, count // 12) for _ in range(4)]
        assert Counter(status for part in running for status in part.result()) == {400: count // 12 * 4}, name
    assert not StripeEvent.objects.exists()
    assert Payment.objects.filter(state=Payment.State.PAID, method="card").count() == 0
    assert post(body, header).status_code == 200
    assert StripeEvent.objects.count() == 1
    tried = count // 12 * 4 * len(kinds_of_lies)
    figure(
        "webhooks",
        f"{tried} forged, old or foreign messages: all 400, 0 rows; the true one: 200, 1 row",
        {"lies": tried},
    )
