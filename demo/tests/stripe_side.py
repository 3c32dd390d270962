"""What the tests of the stand-in share: the real `stripe` package against it, and somebody who receives webhooks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import urlencode, urlsplit

import stripe

from demo.stripe_standin.standin import StandIn

SECRET = "whsec_test_standin"
SHOP = "http://127.0.0.1:9"
GOOD, REFUSED, NO_FUNDS = "4242424242424242", "4000000000000002", "4000000000009995"
QUESTION, WAITING = "4000002500003155", "4000000000242406"
SLOW_REFUND, FAILING_REFUND, DISPUTED = "4000000000007726", "4000000000005126", "4000000000000259"


def client(standin: StandIn, *, key: str = "", retries: int = 0) -> stripe.StripeClient:
    return stripe.StripeClient(
        key or standin.key, base_addresses={"api": standin.base_url}, max_network_retries=retries
    )


def wanted(*, amount: int = 123450, lasts: int = 3600, **changes: Any) -> Any:
    """The parameters of a deposit's session."""
    params: dict[str, Any] = {
        "mode": "payment",
        "locale": "fr",
        "client_reference_id": "D-2026-0001",
        "customer_email": "camille.martin@example.com",
        "metadata": {"payment": "7"},
        "payment_intent_data": {"metadata": {"payment": "7"}, "description": "Acompte"},
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": "eur",
                    "unit_amount": amount,
                    "product_data": {"name": "Acompte du devis D-2026-0001 – « été »"},
                },
            }
        ],
        "success_url": f"{SHOP}/retour/?session_id={{CHECKOUT_SESSION_ID}}",
        "cancel_url": f"{SHOP}/annule/",
        "expires_at": int(time.time()) + lasts,
    }
    return {name: value for name, value in (params | changes).items() if value is not None}


def keyed(key: str) -> stripe.RequestOptions:
    return {"idempotency_key": key}


def headers_of(answer: stripe.StripeObject) -> Mapping[str, str]:
    assert answer.last_response is not None
    return answer.last_response.headers


def opened(standin: StandIn, **changes: Any) -> str:
    return client(standin).v1.checkout.sessions.create(params=wanted(**changes)).id


def paid(standin: StandIn, *, number: str = GOOD, **changes: Any) -> tuple[str, str]:
    """A session that somebody went through, and its payment intent."""
    session = opened(standin, **changes)
    standin.pay_with(session, number=number)
    return session, str(standin.bank.session(session)["payment_intent"])


def types(standin: StandIn) -> list[str]:
    return [event["type"] for event in standin.events()]


def until(holds: Callable[[], object], *, seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.02)


# A browser without a window


@dataclass(frozen=True)
class Answer:
    status: int
    text: str
    headers: dict[str, str]

    @property
    def location(self) -> str:
        return self.headers.get("Location", "")


def ask(url: str, *, form: dict[str, str] | None = None, headers: dict[str, str] | None = None) -> Answer:
    """One request, no redirect followed."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    content = {"Content-Type": "application/x-www-form-urlencoded"} if form is not None else {}
    body = None if form is None else urlencode(form)
    connection.request("GET" if form is None else "POST", path, body, content | (headers or {}))
    answer: HTTPResponse = connection.getresponse()
    found = Answer(answer.status, answer.read().decode(), dict(answer.getheaders()))
    connection.close()
    return found


# A shop that receives webhooks


@dataclass
class Receiver:
    """Checks every signature as the product would; says no as often as it is told."""

    url: str = ""
    refuse: int = 0
    events: list[stripe.Event] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)
    forged: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, body: bytes, header: str) -> int:
        with self.lock:
            self.headers.append(header)
            try:
                event = stripe.Webhook.construct_event(body, header, SECRET)
            except stripe.SignatureVerificationError:
                self.forged += 1
                return 400
            if self.refuse:
                self.refuse -= 1
                return 500
            self.events.append(event)
            return 200

    @property
    def types(self) -> list[str]:
        with self.lock:
            return [event.type for event in self.events]


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(receiver.take(body, self.headers["Stripe-Signature"]))
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}/stripe/webhook/"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
