"""Stripe's messages: kept first, then applied by asking Stripe what is true now."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from notifications import queue
from notifications.queue import JobOutcome, pause
from payments import emails, stripe_gateway
from payments.models import Payment, StripeEvent
from payments.stripe_gateway import Event
from payments.workflow.card import start
from payments.workflow.settling import Settled, settle
from payments.workflow.stuck import EXPECTED, STRIPE, TELLS_AFTER

Status = StripeEvent.Status

ABOUT_SESSIONS = frozenset(
    f"checkout.session.{verb}"
    for verb in ("completed", "async_payment_succeeded", "async_payment_failed", "expired")
)
ABOUT_MONEY_BACK = frozenset(
    {
        "charge.refunded",
        "charge.refund.updated",
        "refund.created",
        "refund.updated",
        "refund.failed",
        "charge.dispute.created",
        "charge.dispute.updated",
        "charge.dispute.closed",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.funds_reinstated",
    }
)
MEANT = ABOUT_SESSIONS | ABOUT_MONEY_BACK


@dataclass(frozen=True)
class Judged:
    status: Status
    reason: str = ""
    payment: int | None = None


def receive_event(event: Event) -> StripeEvent:
    """Once per event, before anything else: from here on it cannot be lost."""
    stored, _ = StripeEvent.objects.get_or_create(
        event_id=event.id,
        defaults={
            "type": event.type[:100],
            "payload": event.payload,
            "livemode": event.livemode,
            "next_try_at": timezone.now() + pause(1),
        },
    )
    return stored


@transaction.atomic
def set_event_aside(body: bytes) -> None:
    """A signed message that no column can hold: its very bytes are kept, once, and a person has to look."""
    reason = "message illisible\u00a0: regardez ce qu'il dit sur le tableau de bord de Stripe"
    _, is_new = StripeEvent.objects.get_or_create(
        event_id=f"sha256:{hashlib.sha256(body).hexdigest()}",
        defaults={
            "type": "illisible",
            "payload": {"base64": base64.b64encode(body).decode()},
            "livemode": stripe_gateway.expects_live(),
            "status": Status.SET_ASIDE,
            "reason": reason,
        },
    )
    if is_new:
        emails.unknown_event("illisible", reason=reason)


def apply_event(event_id: int) -> JobOutcome:
    """Idempotent; what fails stays with the row, for Stripe's next try, which does not wait, or the sweep's.

    Of a burst of the same message one asks Stripe what is true; the others find it in good hands.
    """
    return queue.run(EVENTS, event_id, early=True)


def _apply(stored: StripeEvent) -> None:
    verdict = _judge(stripe_gateway.read_event(stored.payload))
    StripeEvent.objects.filter(pk=stored.pk, status=Status.RECEIVED).update(
        status=verdict.status, reason=verdict.reason[:300], payment=verdict.payment
    )


EVENTS = queue.Queue(
    name="events",
    rows=StripeEvent.objects.all,
    work=_apply,
    services=(STRIPE,),
    tells_after=TELLS_AFTER,
    tell=lambda stored, reason: emails.event_stuck(stored.event_id, reason),
    expected=EXPECTED,
)


def _judge(event: Event) -> Judged:
    if event.type not in MEANT:
        return Judged(Status.IGNORED, "type sans effet ici")
    if event.livemode != stripe_gateway.expects_live():
        return _unknown(event, "événement d'essai et événement réel confondus")
    payment = _payment_of(event)
    if payment is None:
        reason = "paiement inconnu de Logisav"
        return _unknown(event, reason) if event.payment else Judged(Status.SET_ASIDE, reason)
    if payment.session_id is None:
        start(payment.pk)  # the page was made, its answer was lost: the same call tells its id
        payment.refresh_from_db()
    session_id = event.session_id or payment.session_id or ""
    settled = settle(payment.pk, stripe_gateway.fetch_session(session_id))
    if settled is Settled.SET_ASIDE:
        payment.refresh_from_db()
        return Judged(Status.SET_ASIDE, payment.reason, payment.pk)
    return Judged(Status.APPLIED, payment=payment.pk)


def _payment_of(event: Event) -> Payment | None:
    """By session, by the mark that we put on it, by payment intent, by the mark on the intent itself."""
    ways = (
        {"session_id": event.session_id},
        {"key": event.payment},
        {"payment_intent": event.payment_intent},
    )
    for way in ways:
        if all(way.values()) and (found := Payment.objects.filter(**way).first()) is not None:
            return found
    if not event.payment_intent or event.payment:
        return None
    key = stripe_gateway.payment_of_intent(event.payment_intent)
    return Payment.objects.filter(key=key).first() if key else None


@transaction.atomic
def _unknown(event: Event, reason: str) -> Judged:
    """It bears our mark but fits no payment: whoever manages all quotes has to look."""
    locked = StripeEvent.objects.select_for_update(no_key=True).get(event_id=event.id)
    if not locked.reason:
        locked.reason = reason
        locked.save(update_fields=["reason"])
        emails.unknown_event(event.id, reason=reason)
    return Judged(Status.SET_ASIDE, reason)
