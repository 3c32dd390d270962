"""What Stripe tells: signed, kept once, applied by what Stripe shows, and never lost."""

from __future__ import annotations

import base64
import datetime as dt
import json
import time
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from demo.stripe_standin.courier import signature
from demo.stripe_standin.faults import FaultKind, PlannedFault
from demo.stripe_standin.standin import StandIn
from notifications.models import OutgoingEmail
from payments import workflow
from payments.models import BalanceStatus, Payment, StripeEvent
from payments.rules import balance_status_of
from payments.tests.factories import CUSTOMER, kinds, make_accepted_quote, open_page, pay, session_of
from payments.tests.stripe_side import (
    SECRET,
    WAITING,
    WEBHOOK,
    deliver,
    deliver_all,
    intent_of,
    post,
)
from quotes.models import Quote
from quotes.tests.factories import mails, make_manager

pytestmark = pytest.mark.django_db
Status = StripeEvent.Status


@pytest.fixture
def quote() -> Quote:
    return make_accepted_quote()


def completed(stripe: StandIn, quote: Quote, *, number: str = "4242424242424242") -> str:
    """Paid at Stripe, and not told yet: the event that will tell it."""
    stripe.pay_with(session_of(open_page(quote)), number=number)
    return str(stripe.events("checkout.session.completed")[-1]["id"])


def changed(stripe: StandIn, event: str, **changes: Any) -> tuple[bytes, str]:
    """The event with other contents, signed as Stripe would."""
    body, _ = stripe.signed(event)
    document = json.loads(body) | changes
    return resigned(document)


def resigned(document: dict[str, Any]) -> tuple[bytes, str]:
    body = json.dumps(document).encode()
    return body, signature(body, secrets=(SECRET,), at=int(time.time()))


# What is turned away


@pytest.mark.parametrize("method", ["get", "head", "put", "patch", "delete"])
def test_only_post_is_answered(method: str) -> None:
    assert getattr(Client(), method)(WEBHOOK).status_code == 405


@pytest.mark.parametrize("size", [1024 * 1024 + 1, 5 * 1024 * 1024])
def test_five_megabytes_are_not_read(size: int) -> None:
    assert post(b"x" * size, "t=1,v1=00").status_code == 413
    assert not StripeEvent.objects.exists()


def test_a_length_that_is_no_number_is_turned_away() -> None:
    response = Client().post(WEBHOOK, b"{}", content_type="application/json", CONTENT_LENGTH="\xb2")
    assert response.status_code == 413


def test_forged_old_and_other_secrets_leave_no_row(stripe: StandIn, quote: Quote) -> None:
    event = completed(stripe, quote)
    body, header = stripe.signed(event)
    old = stripe.signed(event, at=int(time.time()) - 301)
    other = stripe.signed(event, secret="whsec_of_somebody_else")
    forgeries = [
        (body, ""),
        (body, "t=1,v1=00"),
        (body, header[:-1] + ("0" if header[-1] != "0" else "1")),
        (body.replace(b"paid", b"Paid"), header),
        (b"\xff\xfe", header),
        (body + b" ", header),
        old,
        other,
    ]
    assert [post(*forgery).status_code for forgery in forgeries] == [400] * len(forgeries)
    assert not StripeEvent.objects.exists()
    assert balance_status_of(quote) is BalanceStatus.DUE


def test_signed_nonsense_leaves_no_row(stripe: StandIn) -> None:
    assert [post(*resigned(document)).status_code for document in ({}, {"id": "evt_1"})] == [400, 400]
    assert not StripeEvent.objects.exists()


UNSTORABLE = {
    "NUL": rb'"a\u0000b"',
    "NUL in a name": rb'{"a\u0000b": 1}',
    "lone surrogate": rb'"\ud800"',
    "NaN": b"NaN",
    "infinite": b"-Infinity",
    "too large a number": b"1e999",
    "deep nesting": b"[" * 500 + b"]" * 500,
    "very deep nesting": b"[" * 100_000 + b"]" * 100_000,
}


@pytest.mark.parametrize("kind", UNSTORABLE)
def test_what_the_database_cannot_hold_is_kept_as_bytes_and_told(
    stripe: StandIn, quote: Quote, kind: str
) -> None:
    manager = make_manager()
    body, _ = stripe.signed(completed(stripe, quote))
    strange = body.rstrip()[:-1] + b', "strange": ' + UNSTORABLE[kind] + b"}"
    header = signature(strange, secrets=(SECRET,), at=int(time.time()))
    assert [post(strange, header).status_code for _ in range(2)] == [200, 200]
    stored = StripeEvent.objects.get()
    assert (stored.status, base64.b64decode(stored.payload["base64"])) == (Status.SET_ASIDE, strange)
    assert "illisible" in stored.reason
    assert OutgoingEmail.objects.filter(message="payments/unknown_owner", to=manager.email).count() == 1


@pytest.mark.parametrize("where", ["id", "type", "object"])
def test_ids_of_any_length_are_kept(stripe: StandIn, quote: Quote, where: str) -> None:
    event = completed(stripe, quote)
    body, _ = stripe.signed(event)
    document = json.loads(body)
    if where == "object":
        document["data"]["object"] |= {
            "id": "cs_" + "x" * 5_000,
            "metadata": {},
            "payment_intent": "p" * 5_000,
        }
    else:
        document[where] = "x" * 5_000
    assert post(*resigned(document)).status_code == 200
    assert StripeEvent.objects.get().status in (Status.SET_ASIDE, Status.IGNORED)


def test_several_secrets_hold_during_a_rotation(stripe: StandIn, quote: Quote, settings: Settings) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = ["whsec_new", SECRET]
    event = completed(stripe, quote)
    assert deliver(stripe, event) == 200
    assert deliver(stripe, event, secret="whsec_new") == 200
    settings.STRIPE_WEBHOOK_SECRETS = ["whsec_new"]
    assert deliver(stripe, event) == 400


# What is kept


def test_an_event_is_one_row_however_often_it_comes(stripe: StandIn, quote: Quote) -> None:
    event = completed(stripe, quote)
    assert [deliver(stripe, event) for _ in range(5)] == [200] * 5
    assert StripeEvent.objects.get().status == Status.APPLIED
    assert kinds(quote).count("deposit_paid") == 1
    assert mails("payments/receipt", quote).count() == 1


def test_an_unknown_type_is_kept_and_answered(stripe: StandIn, quote: Quote) -> None:
    body, header = changed(stripe, completed(stripe, quote), type="customer.created", id="evt_other")
    assert post(body, header).status_code == 200
    assert StripeEvent.objects.get().status == Status.IGNORED
    assert balance_status_of(quote) is BalanceStatus.DUE


def test_a_failing_apply_keeps_the_event_and_answers_500(stripe: StandIn, quote: Quote) -> None:
    event = completed(stripe, quote)
    stripe.faults.plan(PlannedFault(FaultKind.ERROR, times=3))
    assert deliver(stripe, event) == 500
    assert StripeEvent.objects.get().status == Status.RECEIVED
    assert deliver(stripe, event) == 200
    assert balance_status_of(quote) is BalanceStatus.PAID


def test_the_sweep_takes_up_what_could_not_be_applied(stripe: StandIn, quote: Quote) -> None:
    event = completed(stripe, quote)
    stripe.faults.plan(PlannedFault(FaultKind.ERROR, times=3))
    assert deliver(stripe, event) == 500
    StripeEvent.objects.update(next_try_at="2020-01-01T00:00Z")
    workflow.sweep()
    assert StripeEvent.objects.get().status == Status.APPLIED
    assert balance_status_of(quote) is BalanceStatus.PAID


def test_what_stripe_shows_decides_not_what_the_message_says(stripe: StandIn, quote: Quote) -> None:
    payment = open_page(quote)
    session = stripe.bank.session(session_of(payment))
    lie = {
        "id": "evt_lie",
        "object": "event",
        "type": "checkout.session.completed",
        "livemode": False,
        "data": {"object": session | {"status": "complete", "payment_status": "paid"}},
    }
    assert post(*resigned(lie)).status_code == 200
    assert balance_status_of(quote) is BalanceStatus.DUE


# Slow methods


def test_completed_but_unpaid_is_pending_until_the_bank_confirms(stripe: StandIn, quote: Quote) -> None:
    completed(stripe, quote, number=WAITING)
    deliver_all(stripe)
    payment = Payment.objects.get()
    assert balance_status_of(quote) is BalanceStatus.PENDING
    assert mails("payments/pending", quote).count() == 1
    assert workflow.pay_by_card(quote.pk, actor=CUSTOMER)[0] is workflow.Paying.PENDING
    stripe.bank.settle(intent_of(stripe, session_of(payment)), succeeded=True)
    deliver_all(stripe)
    assert balance_status_of(quote) is BalanceStatus.PAID


def test_a_bank_that_says_no_afterwards_leaves_the_deposit_open(stripe: StandIn, quote: Quote) -> None:
    completed(stripe, quote, number=WAITING)
    deliver_all(stripe)
    first = Payment.objects.get()
    stripe.bank.settle(intent_of(stripe, session_of(first)), succeeded=False)
    deliver_all(stripe)
    first.refresh_from_db()
    assert first.state == Payment.State.FAILED
    assert balance_status_of(quote) is BalanceStatus.DUE
    assert mails("payments/failed", quote).count() == 1
    assert pay(stripe, quote).is_paid


# What does not fit


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"amount_total": 100}, "au lieu de"),
        ({"currency": "usd"}, "devise USD"),
        ({"livemode": True}, "essai"),
        ({"client_reference_id": "RF00OTHER"}, "référence"),
        ({"metadata": {"payment": "somebody-else"}}, "référence"),
    ],
)
def test_a_payment_that_differs_is_set_aside_and_told_never_booked(
    stripe: StandIn, quote: Quote, changes: dict[str, Any], words: str
) -> None:
    event = completed(stripe, quote)
    session = stripe.bank.session(session_of(Payment.objects.get())) | changes
    with stripe.store.changing():
        stripe.store.save(session, family=session["id"])
    assert [deliver(stripe, event) for _ in range(3)] == [200] * 3
    stored = StripeEvent.objects.get()
    assert (stored.status, words in stored.reason) == (Status.SET_ASIDE, True)
    assert Payment.objects.get().state == Payment.State.SET_ASIDE
    assert balance_status_of(quote) is BalanceStatus.PENDING
    assert mails("payments/set_aside_owner", quote).count() == 1
    assert kinds(quote).count("deposit_set_aside") == 1
    assert "deposit_paid" not in kinds(quote)


def test_a_payment_with_our_mark_but_no_row_is_told_to_the_managers(stripe: StandIn, quote: Quote) -> None:
    manager = make_manager()
    event = completed(stripe, quote)
    body, _ = stripe.signed(event)
    document = json.loads(body)
    document["data"]["object"] |= {"id": "cs_lost", "metadata": {"payment": "of-a-lost-row"}}
    assert post(*resigned(document)).status_code == 200
    assert StripeEvent.objects.get().status == Status.SET_ASIDE
    assert mails_to(manager.email).message == "payments/unknown_owner"


def mails_to(address: str) -> Any:
    return OutgoingEmail.objects.get(to=address)


def test_an_event_of_the_other_mode_is_set_aside(stripe: StandIn, quote: Quote) -> None:
    body, header = changed(stripe, completed(stripe, quote), livemode=True)
    assert post(body, header).status_code == 200
    assert StripeEvent.objects.get().status == Status.SET_ASIDE
    assert balance_status_of(quote) is BalanceStatus.DUE


def test_the_webhook_may_come_before_stripes_answer_was_kept(stripe: StandIn, quote: Quote) -> None:
    """The answer to the session's call was lost, the customer's browser got it all the same."""
    payment = open_page(quote)
    Payment.objects.update(session_id=None, session_url="", state=Payment.State.STARTED)
    stripe.pay_with(session_of(payment))
    deliver_all(stripe)
    assert balance_status_of(quote) is BalanceStatus.PAID


def test_a_message_in_other_hands_is_kept_and_not_asked_about_twice(stripe: StandIn, quote: Quote) -> None:
    """A burst of the same message asks Stripe once; whoever was at it and was killed is followed by the sweep."""
    event = completed(stripe, quote)
    stripe.faults.plan(PlannedFault(FaultKind.ERROR, times=3))
    assert deliver(stripe, event) == 500
    minute = timezone.now() + dt.timedelta(minutes=1)
    StripeEvent.objects.update(claimed_until=minute, next_try_at="2020-01-01T00:00Z")
    assert deliver(stripe, event) == 200
    workflow.sweep()
    assert StripeEvent.objects.get().status == Status.RECEIVED
    with time_machine.travel(minute, tick=True):
        workflow.sweep()
    assert StripeEvent.objects.get().status == Status.APPLIED
    assert balance_status_of(quote) is BalanceStatus.PAID
