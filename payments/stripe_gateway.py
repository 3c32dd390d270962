"""The only place that speaks to Stripe: plain frozen facts in and out, three kinds of trouble.

No call is made inside a transaction. Amounts are euros; Stripe's whole cents are known here alone.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from decimal import Decimal
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import stripe
from django.conf import settings
from django.db import transaction
from django.utils import timezone

API_VERSION = "2026-10-28.endive"
TIMEOUT = (4, 12)  # seconds to connect, to answer
RETRIES = 2
CURRENCY = "eur"
LIVE_KEYS = ("sk_live_", "rk_live_")
EXPANDED = ["payment_intent.latest_charge.refunds"]
MANY = 100
LONGEST_ID, DEEPEST = 255, 100
NOT_IN_JSONB = re.compile("[\0\ud800-\udfff]")


class GatewayUnavailable(Exception):
    """No answer, or not now: the same call may be made again."""


class GatewayRefused(Exception):
    """A definite no: the same call will get the same answer."""


class BadSignature(Exception):
    """Not signed by Stripe with one of our secrets, or too long ago."""


class UnstorableEvent(Exception):
    """Signed by Stripe, and nothing that a database can hold as it is, or an id that fits no column."""


class TooEarlyToPay(Exception):
    """The law forbids to take money yet (art. L221-10)."""


@dataclass(frozen=True)
class SessionCall:
    """Every parameter of a Checkout Session; times in seconds since 1970."""

    amount: Decimal
    email: str
    label: str
    reference: str
    payment: str
    quote: str
    success_url: str
    cancel_url: str
    expires_at: int
    not_before: int = 0

    def to_json(self) -> dict[str, Any]:
        """As the attempt's row keeps them, the amount in cents. ValueError for a fraction of a cent."""
        return asdict(self) | {"amount": _cents(self.amount)}

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> SessionCall:
        return cls(**kept | {"amount": _euros(kept["amount"])})


@dataclass(frozen=True)
class Session:
    id: str
    url: str


@dataclass(frozen=True)
class RefundSeen:
    """`state` pending, succeeded or failed; `key` names our row when it was asked for here."""

    id: str
    amount: Decimal
    state: str
    key: str = ""


@dataclass(frozen=True)
class DisputeSeen:
    """`state` open, won or lost."""

    id: str
    amount: Decimal
    state: str
    reason: str = ""


@dataclass(frozen=True)
class Snapshot:
    """A session and its money as Stripe shows them now. `intent` is the state of the payment intent."""

    session_id: str
    status: str
    payment_status: str
    amount: Decimal
    currency: str
    livemode: bool
    reference: str
    payment: str
    url: str = ""
    payment_intent: str = ""
    intent: str = ""
    failure: str = ""
    charge: str = ""
    paid_at: int = 0
    card_holder: str = ""
    brand: str = ""
    last4: str = ""
    receipt_email: str = ""
    refunds: tuple[RefundSeen, ...] = ()
    disputes: tuple[DisputeSeen, ...] = ()

    @property
    def is_paid(self) -> bool:
        return self.payment_status == "paid"

    @property
    def has_failed(self) -> bool:
        """Completed, but the bank said no afterwards: the intent wants another means of payment."""
        return (
            self.status == "complete"
            and not self.is_paid
            and self.intent in ("requires_payment_method", "canceled")
        )


@dataclass(frozen=True)
class Made:
    """Something that Stripe has: a page, a payment or a refund. `payment` and `refund` are the keys of our rows."""

    kind: str
    id: str
    amount: Decimal
    state: str
    at: dt.datetime
    payment: str = ""
    refund: str = ""
    quote: str = ""


@dataclass(frozen=True)
class Event:
    """A signed message: what it is about; its contents are only kept, never believed."""

    id: str
    type: str
    livemode: bool
    payload: dict[str, Any]
    session_id: str = ""
    payment_intent: str = ""
    payment: str = ""


@dataclass(frozen=True)
class AccountSeen:
    """Whose key it is; `at` is Stripe's own time, to the second."""

    livemode: bool
    at: dt.datetime


def expects_live() -> bool:
    return str(settings.STRIPE_SECRET_KEY).startswith(LIVE_KEYS)


# Calls


def look_at_account() -> AccountSeen:
    """Reads the balance, which every account has, and keeps nothing of it."""
    with _troubles():
        balance = _client().v1.balance.retrieve()
    answer = balance.last_response
    if answer is None:
        raise GatewayUnavailable("no answer")
    return AccountSeen(bool(balance.livemode), parsedate_to_datetime(str(answer.headers["Date"])))


def create_session(call: SessionCall, *, key: str) -> Session:
    """The page where the card is typed. The same key and facts again give the same page."""
    if timezone.now().timestamp() < call.not_before:
        raise TooEarlyToPay(f"no payment for {call.quote} before {call.not_before}")
    marks = {"payment": call.payment, "quote": call.quote, "reference": call.reference}
    with _troubles():
        session = _client().v1.checkout.sessions.create(
            params={
                "mode": "payment",
                "locale": "fr",
                "client_reference_id": call.reference,
                "customer_email": call.email,
                "metadata": marks,
                "payment_intent_data": {"metadata": marks, "description": call.label},
                "line_items": [
                    {
                        "quantity": 1,
                        "price_data": {
                            "currency": CURRENCY,
                            "unit_amount": _cents(call.amount),
                            "product_data": {"name": call.label},
                        },
                    }
                ],
                "success_url": call.success_url,
                "cancel_url": call.cancel_url,
                "expires_at": call.expires_at,
            },
            options={"idempotency_key": key},
        )
    return Session(id=session.id, url=_trusted(session.url or ""))


def _trusted(url: str) -> str:
    """Customers are sent to the payment page's own origin, nowhere else."""
    parts = urlsplit(url)
    if url and f"{parts.scheme}://{parts.netloc}" not in settings.PAYMENT_PAGE_ORIGINS:
        raise GatewayRefused(f"a payment page at an unknown place: {parts.scheme}://{parts.netloc}")
    return url


def fetch_session(session_id: str) -> Snapshot:
    """The session, its charge, refunds and disputes; one call, unless there is much to tell."""
    with _troubles():
        session = _client().v1.checkout.sessions.retrieve(session_id, params={"expand": EXPANDED})
        seen = session.to_dict()
        charge = _expanded(_expanded(seen.get("payment_intent")).get("latest_charge"))
        refunds = charge.get("refunds") or {"data": [], "has_more": False}
        return _snapshot(
            seen,
            refunds=_refunds(str(charge["id"])) if refunds["has_more"] else _all_seen(refunds["data"]),
            disputes=_disputes(str(charge["id"])) if charge.get("disputed") else (),
        )


def expire_session(session_id: str) -> None:
    """Close the page. GatewayRefused when it is not open any more: fetch it to learn what became of it."""
    with _troubles():
        _client().v1.checkout.sessions.expire(session_id)


def payment_of_intent(payment_intent: str) -> str:
    """The key of our attempt, as the payment intent bears it; empty when it is none of ours."""
    with _troubles():
        intent = _client().v1.payment_intents.retrieve(payment_intent)
        return str((intent.to_dict().get("metadata") or {}).get("payment", ""))


def refund(payment_intent: str, *, amount: Decimal, key: str) -> RefundSeen:
    """Send money back. The same key again is the same refund. ValueError for a fraction of a cent."""
    with _troubles():
        made = _client().v1.refunds.create(
            params={
                "payment_intent": payment_intent,
                "amount": _cents(amount),
                "reason": "requested_by_customer",
                "metadata": {"refund": key},
            },
            options={"idempotency_key": key},
        )
    return _refund_seen(made.to_dict())


def _refunds(charge: str) -> tuple[RefundSeen, ...]:
    page = _client().v1.refunds.list(params={"charge": charge, "limit": MANY})
    return _all_seen([item.to_dict() for item in page.auto_paging_iter()])


def _all_seen(refunds: list[dict[str, Any]]) -> tuple[RefundSeen, ...]:
    return tuple(_refund_seen(refund) for refund in refunds)


def _disputes(charge: str) -> tuple[DisputeSeen, ...]:
    page = _client().v1.disputes.list(params={"charge": charge, "limit": MANY})
    return tuple(_dispute_seen(item.to_dict()) for item in page.auto_paging_iter())


def made_since(moment: dt.datetime) -> list[Made]:
    """All pages, payments and refunds that Stripe made since then, oldest first; nothing is changed there."""
    params: Any = {"created": {"gte": int(moment.timestamp())}, "limit": MANY}
    with _troubles():
        client = _client().v1
        pages = [one.to_dict() for one in client.checkout.sessions.list(params).auto_paging_iter()]
        intents = [one.to_dict() for one in client.payment_intents.list(params).auto_paging_iter()]
        refunds = [one.to_dict() for one in client.refunds.list(params).auto_paging_iter()]
    made = [_made("page", one, one.get("amount_total"), one.get("payment_status")) for one in pages]
    made += [_made("payment", one, one.get("amount"), one.get("status")) for one in intents]
    made += [_made("refund", one, one.get("amount"), one.get("status")) for one in refunds]
    return sorted(made, key=lambda one: one.at)


def _made(kind: str, seen: dict[str, Any], amount: Any, state: Any) -> Made:
    marks = seen.get("metadata") or {}
    return Made(
        kind=kind,
        id=str(seen["id"]),
        amount=_euros(amount or 0),
        state=str(state or ""),
        at=dt.datetime.fromtimestamp(int(seen["created"]), tz=dt.UTC),
        payment=str(marks.get("payment", "")),
        refund=str(marks.get("refund", "")),
        quote=str(marks.get("quote", "")),
    )


# Messages


def parse_event(body: bytes, header: str) -> Event:
    """Check the signature on the raw bytes against every secret, newest first or not; then read.

    Raises BadSignature or UnstorableEvent.
    """
    if not any(_is_signed(body, header, secret) for secret in settings.STRIPE_WEBHOOK_SECRETS):
        raise BadSignature
    try:
        document = json.loads(body)
        event = read_event(document)
    except RecursionError as error:
        raise UnstorableEvent from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadSignature from error
    ids = (event.id, event.session_id, event.payment_intent, event.payment)
    if any(len(one) > LONGEST_ID for one in ids) or not _is_storable(document):
        raise UnstorableEvent
    return event


def _is_storable(document: object) -> bool:
    """Whether both databases hold it as JSON: no NUL, no half of a pair, finite numbers, few levels."""
    level = [document]
    for _ in range(DEEPEST):
        below: list[object] = []
        for one in level:
            if isinstance(one, dict):
                below += [*one.keys(), *one.values()]
            elif isinstance(one, list):
                below += one
            elif isinstance(one, str) and NOT_IN_JSONB.search(one):  # noqa: SIM114
                return False
            elif isinstance(one, float) and not math.isfinite(one):
                return False
        if not below:
            return True
        level = below
    return False


def _is_signed(body: bytes, header: str, secret: str) -> bool:
    try:
        stripe.WebhookSignature.verify_header(body, header, secret, stripe.Webhook.DEFAULT_TOLERANCE)
    except (stripe.SignatureVerificationError, ValueError):
        return False
    return True


def read_event(document: dict[str, Any]) -> Event:
    """What a message is about."""
    about = document["data"]["object"]
    kind = about.get("object", "")
    intent = about["id"] if kind == "payment_intent" else _id_of(about.get("payment_intent"))
    return Event(
        id=str(document["id"]),
        type=str(document["type"]),
        livemode=bool(document["livemode"]),
        payload=document,
        session_id=str(about["id"]) if kind == "checkout.session" else "",
        payment_intent=intent,
        payment=str((about.get("metadata") or {}).get("payment", "")),
    )


# Stripe's amounts


def _cents(amount: Decimal) -> int:
    """Raises ValueError for a fraction of a cent, which is never cut off."""
    whole = int(amount * 100)
    if whole != amount * 100:
        raise ValueError(f"{amount} € is no whole number of cents")
    return whole


def _euros(cents: int) -> Decimal:
    return Decimal(cents) / 100


# Reading Stripe's objects


def _snapshot(
    seen: dict[str, Any], *, refunds: tuple[RefundSeen, ...], disputes: tuple[DisputeSeen, ...]
) -> Snapshot:
    intent = _expanded(seen.get("payment_intent"))
    charge = _expanded(intent.get("latest_charge"))
    card = (charge.get("payment_method_details") or {}).get("card") or {}
    billing = charge.get("billing_details") or {}
    customer = seen.get("customer_details") or {}
    return Snapshot(
        session_id=str(seen["id"]),
        status=str(seen.get("status") or ""),
        payment_status=str(seen.get("payment_status") or ""),
        amount=_euros(seen.get("amount_total") or 0),
        currency=str(seen.get("currency") or ""),
        livemode=bool(seen.get("livemode")),
        reference=str(seen.get("client_reference_id") or ""),
        payment=str((seen.get("metadata") or {}).get("payment", "")),
        url=str(seen.get("url") or ""),
        payment_intent=_id_of(seen.get("payment_intent")),
        intent=str(intent.get("status") or ""),
        failure=str((intent.get("last_payment_error") or {}).get("message") or ""),
        charge=str(charge.get("id") or ""),
        paid_at=int(charge.get("created") or 0),
        card_holder=str(billing.get("name") or customer.get("name") or ""),
        brand=str(card.get("brand") or ""),
        last4=str(card.get("last4") or ""),
        receipt_email=str(charge.get("receipt_email") or customer.get("email") or ""),
        refunds=refunds,
        disputes=disputes,
    )


REFUND_STATES = {"pending": "pending", "requires_action": "pending", "succeeded": "succeeded"}
DISPUTE_STATES = {"won": "won", "warning_closed": "won", "prevented": "won", "lost": "lost"}


def _refund_seen(seen: dict[str, Any]) -> RefundSeen:
    return RefundSeen(
        id=str(seen["id"]),
        amount=_euros(seen["amount"]),
        state=REFUND_STATES.get(str(seen.get("status")), "failed"),
        key=str((seen.get("metadata") or {}).get("refund", "")),
    )


def _dispute_seen(seen: dict[str, Any]) -> DisputeSeen:
    return DisputeSeen(
        id=str(seen["id"]),
        amount=_euros(seen["amount"]),
        state=DISPUTE_STATES.get(str(seen.get("status")), "open"),
        reason=str(seen.get("reason") or ""),
    )


def _id_of(value: Any) -> str:
    """An id, whether the object was expanded or not."""
    return str(value["id"]) if isinstance(value, dict) else str(value or "")


def _expanded(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


# The connection


@contextmanager
def _troubles() -> Iterator[None]:
    """Stripe's exceptions in our three words."""
    with transaction.atomic(durable=True):
        pass  # raises RuntimeError inside a transaction: nobody's locks wait for a network
    try:
        yield
    except (stripe.APIConnectionError, stripe.RateLimitError) as error:
        raise GatewayUnavailable(_words(error)) from error
    except stripe.StripeError as error:
        if (error.http_status or 500) >= 500 or error.http_status == 409:
            raise GatewayUnavailable(_words(error)) from error
        raise GatewayRefused(_words(error)) from error


def _words(error: stripe.StripeError) -> str:
    """Stripe's code and message; about a wrong key it quotes parts of the key, which are left out."""
    about_the_key = isinstance(error, stripe.AuthenticationError | stripe.PermissionError)
    message = "" if about_the_key else error.user_message or ""
    return ", ".join(filter(None, [type(error).__name__, error.code, message]))[:300]


def _client() -> stripe.StripeClient:
    return _client_for(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_URL)


@lru_cache(maxsize=4)
def _client_for(key: str, address: str) -> stripe.StripeClient:
    if not key:
        raise GatewayRefused("card payments are not set up")
    return stripe.StripeClient(
        key,
        stripe_version=API_VERSION,
        base_addresses={"api": address} if address else None,
        max_network_retries=RETRIES,
        http_client=stripe.RequestsClient(timeout=TIMEOUT),
    )
