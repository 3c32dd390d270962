"""What happens at Stripe's side: cards, refunds, disputes, time, the ledger, restarts, and answers as of an event."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
import stripe

from demo.processes import free_port
from demo.stripe_standin.server import running
from demo.stripe_standin.standin import StandIn
from demo.tests.running import ROOT, once
from demo.tests.stripe_side import (
    DISPUTED,
    FAILING_REFUND,
    GOOD,
    NO_FUNDS,
    QUESTION,
    REFUSED,
    SECRET,
    SLOW_REFUND,
    WAITING,
    Answer,
    ask,
    client,
    keyed,
    opened,
    paid,
    receiving,
    types,
    until,
    wanted,
)

pytestmark = once


@pytest.fixture
def standin() -> Iterator[StandIn]:
    with running() as standin:
        yield standin


@pytest.fixture
def api(standin: StandIn) -> stripe.StripeClient:
    return client(standin)


def control(standin: StandIn, path: str, **given: Any) -> Any:
    answer = ask(
        f"{standin.base_url}/_standin/{path}", form={name: str(value) for name, value in given.items()}
    )
    assert answer.status == 200, answer.text
    return json.loads(answer.text)


# Cards


@pytest.mark.parametrize(("number", "code"), [(REFUSED, "generic_decline"), (NO_FUNDS, "insufficient_funds")])
def test_a_refused_card_leaves_the_page_open(
    api: stripe.StripeClient, standin: StandIn, number: str, code: str
) -> None:
    session, intent = paid(standin, number=number)
    found = api.v1.payment_intents.retrieve(intent, params={"expand": ["latest_charge"]})
    assert (found.status, found.amount_received) == ("requires_payment_method", 0)
    assert found.last_payment_error is not None
    assert (found.last_payment_error.type, found.last_payment_error.decline_code) == ("card_error", code)
    assert (found.latest_charge.status, found.latest_charge.paid) == ("failed", False)  # type: ignore[union-attr]
    assert api.v1.checkout.sessions.retrieve(session).status == "open"
    standin.pay_with(session, number=GOOD)
    assert api.v1.payment_intents.retrieve(intent).status == "succeeded"


def test_a_confirmed_card_pays_and_a_refused_confirmation_does_not(
    api: stripe.StripeClient, standin: StandIn
) -> None:
    session, intent = paid(standin, number=QUESTION)
    assert api.v1.payment_intents.retrieve(intent).status == "requires_action"
    standin.answer_question(session, confirmed=False)
    found = api.v1.payment_intents.retrieve(intent)
    assert found.last_payment_error is not None
    assert found.last_payment_error.code == "payment_intent_authentication_failure"
    standin.pay_with(session, number=QUESTION)
    standin.answer_question(session, confirmed=True)
    assert api.v1.checkout.sessions.retrieve(session).payment_status == "paid"


def test_nobody_pays_twice(standin: StandIn) -> None:
    session, _ = paid(standin)
    assert standin.pay_with(session).step.value == "closed"
    assert standin.ledger()["total"] == {"received": 123450, "refunded": 0, "disputed": 0}


def test_an_expired_page_takes_no_money(api: stripe.StripeClient, standin: StandIn) -> None:
    session, intent = paid(standin, number=REFUSED)
    api.v1.checkout.sessions.expire(session)
    assert standin.pay_with(session).step.value == "closed"
    assert api.v1.payment_intents.retrieve(intent).status == "canceled"


def test_a_delayed_payment_keeps_its_card(api: stripe.StripeClient, standin: StandIn) -> None:
    session, intent = paid(standin, number=WAITING)
    standin.bank.settle(intent, succeeded=False)
    found: Any = api.v1.checkout.sessions.retrieve(
        session, params={"expand": ["payment_intent.latest_charge"]}
    )
    assert (found.status, found.payment_status) == ("complete", "unpaid")
    assert found.payment_intent.status == "requires_payment_method"
    assert (found.payment_intent.latest_charge.status, standin.ledger()["total"]["received"]) == ("failed", 0)


# Refunds


def test_refunds_add_up_to_the_charge_and_no_further(api: stripe.StripeClient, standin: StandIn) -> None:
    _, intent = paid(standin, amount=10000)
    refunds = api.v1.refunds
    made = [refunds.create(params={"payment_intent": intent, "amount": amount}) for amount in (2500, 3333)]
    assert {refund.status for refund in made} == {"succeeded"}
    charge = api.v1.charges.list(params={"payment_intent": intent}).data[0]
    assert (charge.amount_refunded, charge.refunded) == (5833, False)
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded amount"):
        refunds.create(params={"payment_intent": intent, "amount": 4168})
    rest = refunds.create(
        params={"charge": charge.id, "reason": "requested_by_customer", "metadata": {"a": "b"}}
    )
    assert (rest.amount, rest.reason, rest.to_dict()["metadata"]) == (
        4167,
        "requested_by_customer",
        {"a": "b"},
    )
    with pytest.raises(stripe.InvalidRequestError) as refused:
        refunds.create(params={"payment_intent": intent})
    assert refused.value.code == "charge_already_refunded"
    assert [one.id for one in refunds.list(params={"payment_intent": intent}).data] == [
        rest.id,
        made[1].id,
        made[0].id,
    ]
    assert standin.ledger()["total"] == {"received": 10000, "refunded": 10000, "disputed": 0}


def test_what_was_not_received_cannot_be_given_back(api: stripe.StripeClient, standin: StandIn) -> None:
    for number in (REFUSED, WAITING):
        _, intent = paid(standin, number=number)
        with pytest.raises(stripe.InvalidRequestError, match="does not have a successful charge to refund"):
            api.v1.refunds.create(params={"payment_intent": intent})


@pytest.mark.parametrize("amount", [0, -5])
def test_a_refund_is_of_something(api: stripe.StripeClient, standin: StandIn, amount: int) -> None:
    _, intent = paid(standin)
    with pytest.raises(stripe.InvalidRequestError):
        api.v1.refunds.create(params={"payment_intent": intent, "amount": amount})


def test_a_slow_refund_comes_to_its_end(api: stripe.StripeClient, standin: StandIn) -> None:
    _, intent = paid(standin, number=SLOW_REFUND)
    refund = api.v1.refunds.create(params={"payment_intent": intent, "amount": 1000})
    assert refund.status == "pending"
    control(standin, f"refunds/{refund.id}/settle", outcome="succeeded")
    assert api.v1.refunds.retrieve(refund.id).status == "succeeded"


def test_a_refund_that_comes_back_is_money_kept(api: stripe.StripeClient, standin: StandIn) -> None:
    _, intent = paid(standin, number=FAILING_REFUND)
    refund = api.v1.refunds.create(params={"payment_intent": intent, "amount": 1000})
    assert (refund.status, standin.ledger()["total"]["refunded"]) == ("succeeded", 1000)
    control(standin, f"refunds/{refund.id}/settle", outcome="failed")
    found = api.v1.refunds.retrieve(refund.id)
    assert (found.status, found.failure_reason) == ("failed", "expired_or_canceled_card")
    assert standin.ledger()["total"]["refunded"] == 0
    assert "refund.failed" in types(standin)


def test_the_dashboard_refunds_too(standin: StandIn) -> None:
    _, intent = paid(standin, amount=10000)
    control(standin, f"payments/{intent}/refund", amount=4000)
    control(standin, f"payments/{intent}/refund")
    assert [row["amount"] for row in standin.ledger()["payments"][0]["refunds"]] == [4000, 6000]


# Disputes


def test_a_dispute_takes_the_money_until_it_is_won(api: stripe.StripeClient, standin: StandIn) -> None:
    _, intent = paid(standin, amount=10000)
    dispute = control(standin, f"payments/{intent}/dispute")
    found = api.v1.disputes.list(params={"payment_intent": intent}).data[0]
    assert (found.id, found.amount, found.status) == (dispute["id"], 10000, "needs_response")
    with pytest.raises(stripe.InvalidRequestError) as refused:
        api.v1.refunds.create(params={"payment_intent": intent})
    assert refused.value.code == "charge_disputed"
    assert standin.ledger()["total"]["disputed"] == 10000
    control(standin, f"disputes/{found.id}/close", outcome="won")
    assert (api.v1.disputes.retrieve(found.id).status, standin.ledger()["total"]["disputed"]) == ("won", 0)
    assert api.v1.refunds.create(params={"payment_intent": intent}).status == "succeeded"


def test_one_card_disputes_by_itself(standin: StandIn) -> None:
    paid(standin, number=DISPUTED)
    assert types(standin)[-2:] == ["charge.dispute.created", "charge.dispute.funds_withdrawn"]


# As of an event


def test_the_api_answers_as_of_an_event(api: stripe.StripeClient, standin: StandIn) -> None:
    session, intent = paid(standin, number=WAITING, amount=10000)
    standin.bank.settle(intent, succeeded=True)
    for amount in (1000, 2000):
        standin.afterwards.refund(intent=intent, amount=amount)
    completed = standin.events("checkout.session.completed")[0]["id"]
    succeeded = standin.events("checkout.session.async_payment_succeeded")[0]["id"]
    first_refund = standin.events("charge.refunded")[0]["id"]

    def seen() -> tuple[str, int]:
        refunds = api.v1.refunds.list(params={"payment_intent": intent}).data
        return api.v1.checkout.sessions.retrieve(session).payment_status, sum(one.amount for one in refunds)

    truth = {completed: ("unpaid", 0), succeeded: ("paid", 0), first_refund: ("paid", 1000)}
    for order in permutations(truth):
        for event in order:
            standin.answer_as_of(event)
            assert seen() == truth[event]
    standin.answer_as_of_the_end()
    assert seen() == ("paid", 3000)
    assert standin.ledger()["total"]["refunded"] == 3000


def test_one_payment_can_be_seen_as_of_then_and_the_others_as_of_now(
    api: stripe.StripeClient, standin: StandIn
) -> None:
    first, first_intent = paid(standin, number=WAITING)
    second, second_intent = paid(standin, number=WAITING)
    then = standin.events("checkout.session.completed")[0]["id"]
    for intent in (first_intent, second_intent):
        standin.bank.settle(intent, succeeded=True)
    ask_as_of = {"event": then, "sessions[]": first}
    assert ask(f"{standin.base_url}/_standin/as_of", form=ask_as_of).status == 200
    sessions = api.v1.checkout.sessions
    assert (sessions.retrieve(first).payment_status, sessions.retrieve(second).payment_status) == (
        "unpaid",
        "paid",
    )
    control(standin, "as_of")
    assert sessions.retrieve(first).payment_status == "paid"


def test_what_came_later_was_not_there(api: stripe.StripeClient, standin: StandIn) -> None:
    _, intent = paid(standin)
    completed = standin.events("checkout.session.completed")[0]["id"]
    refund = standin.afterwards.refund(intent=intent)
    standin.answer_as_of(completed)
    with pytest.raises(stripe.InvalidRequestError, match="No such refund"):
        api.v1.refunds.retrieve(refund["id"])
    assert len(api.v1.events.list().data) == 4


# Control


def test_the_control_says_what_there_is(standin: StandIn) -> None:
    session, _ = paid(standin)
    events = json.loads(ask(f"{standin.base_url}/_standin/events").text)
    assert [event["type"] for event in events][-1] == "checkout.session.completed"
    assert {event["session"] for event in events} == {session}
    row = json.loads(ask(f"{standin.base_url}/_standin/ledger").text)["payments"][0]
    assert (row["session"], row["received"], row["client_reference_id"]) == (session, 123450, "D-2026-0001")


def test_a_program_can_pay(api: stripe.StripeClient, standin: StandIn) -> None:
    session = opened(standin)
    assert control(standin, f"sessions/{session}/pay", number=REFUSED)["step"] == "refused"
    assert control(standin, f"sessions/{session}/pay", number=QUESTION, confirmed="yes")["step"] == "paid"
    assert api.v1.checkout.sessions.retrieve(session).payment_status == "paid"


def test_time_can_be_put_forward(api: stripe.StripeClient, standin: StandIn) -> None:
    session = opened(standin)
    control(standin, "clock", ahead=24 * 3600)
    assert api.v1.checkout.sessions.retrieve(session).status == "expired"


def test_wrong_orders_are_told(standin: StandIn) -> None:
    _, intent = paid(standin)
    for path, form, status in (
        (f"payments/{intent}/settle", {"outcome": "succeeded"}, 400),
        (f"payments/{intent}/refund", {"amount": "ten"}, 400),
        ("payments/pi_1/refund", {}, 404),
        ("faults", {"kind": "flood"}, 400),
        ("nothing", {}, 404),
        ("as_of", {"event": "evt_1"}, 404),
    ):
        assert ask(f"{standin.base_url}/_standin/{path}", form=form).status == status, path


def test_everything_can_be_emptied(standin: StandIn) -> None:
    paid(standin)
    control(standin, "reset")
    assert standin.ledger()["payments"] == []


# This machine only


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "standin.example.com"},
        {"X-Forwarded-For": "192.0.2.1"},
        {"Forwarded": "for=192.0.2.1"},
        {"Origin": "https://example.com"},
    ],
)
def test_it_answers_nobody_from_elsewhere(standin: StandIn, headers: dict[str, str]) -> None:
    paid(standin)
    answer = ask(f"{standin.base_url}/_standin/reset", form={}, headers=headers)
    assert answer.status == 403
    assert standin.ledger()["payments"]


# Restarts


def test_nothing_is_forgotten_over_a_restart(tmp_path: Path) -> None:
    file, params, key = tmp_path / "stripe.json", wanted(), keyed("payment-7")
    with running(file=file) as before:
        first = client(before).v1.checkout.sessions.create(params=params, options=key)
        before.pay_with(first.id)
        ledger = before.ledger()
    with receiving() as shop, running(file=file, webhook_url=shop.url, webhook_secrets=[SECRET]) as after:
        assert after.ledger() == ledger
        again = client(after).v1.checkout.sessions.create(params=params, options=key)
        assert (again.id, again.url) == (first.id, f"{after.base_url}/c/pay/{first.id}")
        until(lambda: shop.types == ["checkout.session.completed"])
        still_open = opened(after)
        after.store.clock.ahead = 3601
        assert client(after).v1.checkout.sessions.retrieve(still_open).status == "expired"


def test_it_runs_as_a_program_and_survives_being_killed(tmp_path: Path) -> None:
    port, file = free_port(), tmp_path / "stripe.json"
    command = [sys.executable, "-m", "demo.stripe_standin", "--port", str(port), "--file", str(file)]
    environment = {"PATH": os.environ["PATH"], "STRIPE_SECRET_KEY": "sk_test_program"}
    url = f"http://127.0.0.1:{port}"

    def start() -> subprocess.Popen[bytes]:
        process = subprocess.Popen(command, cwd=ROOT, env=environment)
        until(lambda: _asked(f"{url}/_standin/health"), seconds=20)
        return process

    process = start()
    api = stripe.StripeClient("sk_test_program", base_addresses={"api": url})
    session = api.v1.checkout.sessions.create(params=wanted()).id
    assert ask(f"{url}/_standin/sessions/{session}/pay", form={}).status == 200
    process.kill()
    process.wait()
    process = start()
    assert api.v1.checkout.sessions.retrieve(session).payment_status == "paid"
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0


def _asked(url: str) -> Answer | None:
    try:
        return ask(url)
    except OSError:
        return None
