"""The stand-in's webhooks: signed as Stripe signs, tried again, held back and replayed."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
import stripe

from demo.stripe_standin.courier import Endpoint
from demo.stripe_standin.errors import ApiError
from demo.stripe_standin.server import running
from demo.stripe_standin.standin import StandIn
from demo.tests.running import once
from demo.tests.stripe_side import (
    REFUSED,
    SECRET,
    SLOW_REFUND,
    WAITING,
    Receiver,
    client,
    opened,
    paid,
    receiving,
    types,
    until,
)

pytestmark = once
OTHER_SECRET = "whsec_test_next"


@pytest.fixture
def shop() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def standin(shop: Receiver) -> Iterator[StandIn]:
    with running(webhook_url=shop.url, webhook_secrets=[SECRET], back_off=(0.02,) * 8) as standin:
        yield standin


def test_a_payment_is_told_signed(standin: StandIn, shop: Receiver) -> None:
    session, intent = paid(standin)
    until(lambda: shop.events)
    event = shop.events[0]
    assert (event.type, event.livemode, shop.forged) == ("checkout.session.completed", False, 0)
    shown = event.data.object
    assert (shown["id"], shown["payment_status"], shown["payment_intent"]) == (session, "paid", intent)
    assert client(standin).v1.events.retrieve(event.id).to_dict() == event.to_dict()


def test_a_refused_card_is_not_the_shops_business(standin: StandIn, shop: Receiver) -> None:
    paid(standin, number=REFUSED)
    time.sleep(0.2)
    assert "charge.failed" in types(standin)
    assert shop.events == []


@pytest.mark.parametrize(("succeeded", "end"), [(True, "succeeded"), (False, "failed")])
def test_a_delayed_payment_is_told_twice(
    standin: StandIn, shop: Receiver, *, succeeded: bool, end: str
) -> None:
    session, intent = paid(standin, number=WAITING)
    until(lambda: shop.types == ["checkout.session.completed"])
    assert shop.events[0].data.object["payment_status"] == "unpaid"
    assert client(standin).v1.payment_intents.retrieve(intent).status == "processing"
    standin.bank.settle(intent, succeeded=succeeded)
    until(lambda: f"checkout.session.async_payment_{end}" in shop.types)
    found = client(standin).v1.checkout.sessions.retrieve(session)
    assert found.payment_status == ("paid" if succeeded else "unpaid")
    received = 123450 if succeeded else 0
    assert client(standin).v1.payment_intents.retrieve(intent).amount_received == received


def test_the_rest_of_its_life_is_told_too(standin: StandIn, shop: Receiver) -> None:
    _, intent = paid(standin, number=SLOW_REFUND)
    refund = client(standin).v1.refunds.create(params={"payment_intent": intent, "amount": 1000})
    standin.afterwards.settle_refund(refund.id, succeeded=True)
    dispute = standin.afterwards.dispute(intent)
    standin.afterwards.close_dispute(dispute["id"], won=False)
    standin.bank.expire(opened(standin))
    until(lambda: len(shop.types) == 8)
    assert sorted(shop.types) == [
        "charge.dispute.closed",
        "charge.dispute.created",
        "charge.refund.updated",
        "charge.refunded",
        "checkout.session.completed",
        "checkout.session.expired",
        "refund.created",
        "refund.updated",
    ]


def test_it_is_tried_again_until_taken(standin: StandIn, shop: Receiver) -> None:
    shop.refuse = 3
    paid(standin)
    until(lambda: shop.types == ["checkout.session.completed"])
    event = standin.events("checkout.session.completed")[0]["id"]
    until(lambda: standin.store.contents.deliveries[event].done)
    assert [one["result"] for one in standin.store.contents.deliveries[event].attempts] == [
        500,
        500,
        500,
        200,
    ]
    times = [header.split(",")[0] for header in shop.headers]
    assert len(times) == 4, "each attempt is signed anew"


def test_a_shop_that_is_closed_gets_it_later() -> None:
    with running(
        webhook_url="http://127.0.0.1:9/", webhook_secrets=[SECRET], back_off=(0.02,) * 50
    ) as standin:
        paid(standin)
        event = standin.events("checkout.session.completed")[0]["id"]
        until(lambda: standin.store.contents.deliveries[event].attempts)
        with receiving() as shop:
            standin.courier.send_to(Endpoint(shop.url, (SECRET,)))
            until(lambda: shop.types == ["checkout.session.completed"])


def test_paused_webhooks_wait(standin: StandIn, shop: Receiver) -> None:
    standin.courier.pause()
    paid(standin)
    time.sleep(0.2)
    assert shop.events == []
    standin.courier.resume()
    until(lambda: shop.types == ["checkout.session.completed"])


def test_an_event_can_be_sent_again(standin: StandIn, shop: Receiver) -> None:
    paid(standin)
    until(lambda: shop.events)
    event = shop.events[0].id
    assert standin.courier.deliver(event)
    assert [one.id for one in shop.events] == [event, event]


def test_both_secrets_sign_during_a_rotation(shop: Receiver) -> None:
    with running(webhook_url=shop.url, webhook_secrets=[OTHER_SECRET, SECRET]) as standin:
        paid(standin)
        until(lambda: shop.events)
        assert shop.headers[0].count("v1=") == 2


def test_a_test_can_post_any_signature_itself(standin: StandIn) -> None:
    paid(standin)
    event = standin.events("checkout.session.completed")[0]["id"]
    body, header = standin.signed(event)
    assert stripe.Webhook.construct_event(body, header, SECRET).id == event
    assert header == stripe.WebhookSignature.generate_signature_header(
        body.decode(), SECRET, int(header[2:].split(",")[0])
    )
    for body, header in (
        standin.signed(event, secret=OTHER_SECRET),
        standin.signed(event, at=int(time.time()) - 301),
    ):
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(body, header, SECRET)


def test_webhooks_never_leave_this_machine() -> None:
    for url in ("https://example.com/stripe/webhook/", "http://192.0.2.1/", "http://127.0.0.1.example.com/"):
        with pytest.raises(ApiError), running(webhook_url=url):
            pass


def test_undelivered_ones_can_be_asked_for(standin: StandIn, shop: Receiver) -> None:
    shop.refuse = 100
    paid(standin)
    found = client(standin).v1.events.list(params={"delivery_success": False})
    assert [event.type for event in found.data] == ["checkout.session.completed"]
    shop.refuse = 0
    until(lambda: not client(standin).v1.events.list(params={"delivery_success": False}).data)
