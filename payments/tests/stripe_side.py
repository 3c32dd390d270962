"""What happens at Stripe and comes from there."""

from __future__ import annotations

import threading
from typing import Any

from django.test import Client

from demo.stripe_standin.standin import StandIn

SECRET = "whsec_test_logisav0123456789"
GOOD, REFUSED, WAITING = "4242424242424242", "4000000000000002", "4000000000242406"
WEBHOOK = "/stripe/webhook/"


_mine = threading.local()


def post(body: bytes, header: str) -> Any:
    """One client a thread: building the middleware anew costs more than a delivery."""
    if not hasattr(_mine, "client"):
        _mine.client = Client(raise_request_exception=False)
    return _mine.client.post(
        WEBHOOK, body, content_type="application/json", headers={"Stripe-Signature": header}
    )


def deliver(stripe: StandIn, event: str, *, secret: str = "") -> int:
    """One delivery of one event; the status that Stripe gets."""
    return int(post(*stripe.signed(event, secret=secret)).status_code)


def deliver_all(stripe: StandIn, *types: str) -> list[int]:
    """Everything that Stripe has said so far, in order."""
    return [deliver(stripe, event["id"]) for event in stripe.events(*types)]


def intent_of(stripe: StandIn, session: str) -> str:
    return str(stripe.bank.session(session)["payment_intent"])
