"""Stripe's messages: kept first, then applied by asking Stripe what is true now."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from payments import emails, stripe_gateway
from payments.models import Payment, StripeEvent
from payments.stripe_gateway import Event
from payments.workflow.card import start
from payments.workflow.settling import Settled, settle
from quotes.queues import pause

Status = StripeEvent.Status
log = logging.getLogger(__name__)

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
LEASE = dt.timedelta(minutes=1)


@dataclass(frozen=True)
class Verdict:
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


def apply_event(event_id: int) -> None:
    """Idempotent; a failure is raised and the row stays, for Stripe's next try or the sweep's.

    Of a burst of the same message one asks Stripe what is true; the others find it in good hands.
    """
    stored = _claim(event_id)
    if stored is None:
        return
    mine = StripeEvent.objects.filter(pk=event_id)
    try:
        verdict = _judge(stripe_gateway.read_event(stored.payload))
        mine.filter(status=Status.RECEIVED).update(
            status=verdict.status, reason=verdict.reason[:300], payment=verdict.payment
        )
    finally:
        # Whoever took it up after a minute keeps it.
        mine.filter(claimed_until=stored.claimed_until).update(claimed_until=None)


def _claim(event_id: int) -> StripeEvent | None:
    """For a minute: the message of a process that was killed comes back. None: applied, or in other hands."""
    stored, now = StripeEvent.objects.get(pk=event_id), timezone.now()
    if stored.status != Status.RECEIVED:
        return None
    stored.claimed_until = now + LEASE
    free = StripeEvent.objects.in_nobodys_hands().filter(pk=event_id)
    won = free.update(
        attempts=F("attempts") + 1,
        claimed_until=stored.claimed_until,
        next_try_at=now + pause(stored.attempts + 2),
    )
    return stored if won else None


def _judge(event: Event) -> Verdict:
    if event.type not in MEANT:
        return Verdict(Status.IGNORED, "type sans effet ici")
    if event.livemode != stripe_gateway.expects_live():
        return _unknown(event, "événement d'essai et événement réel confondus")
    payment = _payment_of(event)
    if payment is None:
        reason = "paiement inconnu de Logisav"
        return _unknown(event, reason) if event.payment else Verdict(Status.SET_ASIDE, reason)
    if payment.session_id is None:
        start(payment.pk)  # the page was made, its answer was lost: the same call tells its id
        payment.refresh_from_db()
    session_id = event.session_id or payment.session_id or ""
    settled = settle(payment.pk, stripe_gateway.fetch_session(session_id))
    if settled is Settled.SET_ASIDE:
        payment.refresh_from_db()
        return Verdict(Status.SET_ASIDE, payment.reason, payment.pk)
    return Verdict(Status.APPLIED, payment=payment.pk)


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
def _unknown(event: Event, reason: str) -> Verdict:
    """It bears our mark but fits no payment: whoever manages all quotes has to look."""
    locked = StripeEvent.objects.select_for_update(no_key=True).get(event_id=event.id)
    if not locked.reason:
        locked.reason = reason
        locked.save(update_fields=["reason"])
        emails.unknown_event(event.id, reason=reason)
    return Verdict(Status.SET_ASIDE, reason)


def sweep_events(*, limit: int) -> int:
    """Take up what a crash or a failure left behind."""
    due = list(StripeEvent.objects.to_apply().order_by("next_try_at").values_list("pk", flat=True)[:limit])
    for pk in due:
        try:
            apply_event(pk)
        except (stripe_gateway.GatewayUnavailable, stripe_gateway.GatewayRefused) as trouble:
            log.warning("event %s is not applied yet: %s", pk, trouble)
    return len(due)
