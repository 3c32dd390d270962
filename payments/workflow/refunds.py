"""Sending money back: asked for on the desk, done by Stripe, or by the owner's bank for a transfer."""

from __future__ import annotations

import logging
from decimal import Decimal

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from notifications import outbox
from payments import stripe_gateway
from payments.models import Payment, Refund, new_key
from payments.stripe_gateway import GatewayRefused, GatewayUnavailable, RefundSeen
from payments.workflow.opening import locked_payment
from payments.workflow.settling import cents, settle_refund, tell_refund
from quotes import journal
from quotes.journal import Actor
from quotes.queues import pause

log = logging.getLogger(__name__)


class NotRefundable(Exception):
    """More than what is left of this payment, or nothing."""


@transaction.atomic
def request_refund(payment_id: int, *, amount: Decimal, reason: str, actor: Actor, key: str = "") -> Refund:
    """Whole or part. The row is the order, Stripe is asked after the commit; the same `key` is the same refund."""
    payment = locked_payment(payment_id)
    if key and (known := payment.refunds.filter(key=key).first()) is not None:
        return known
    if not 0 < amount <= payment.refundable:
        raise NotRefundable(f"{payment.deposit.quote.number}: {amount} of {payment.refundable}")
    refund = Refund.objects.create(
        payment=payment,
        key=key or new_key(),
        amount=amount,
        reason=reason[:300],
        requested_by=actor.name,
    )
    journal.append(
        payment.deposit.quote,
        "refund_requested",
        actor=actor,
        payment=payment.pk,
        amount=str(amount),
        reason=reason[:300],
    )
    if payment.method == Payment.Method.CARD:
        transaction.on_commit(lambda: outbox.nudge("payments.send_refund", refund.pk), robust=True)
    else:
        _note_by_transfer(refund)
    return refund


def _note_by_transfer(refund: Refund) -> None:
    """The owner's own bank sends it back; here it is written down."""
    refund.state, refund.done_at = Refund.State.SUCCEEDED, timezone.now()
    refund.save(update_fields=["state", "done_at"])
    tell_refund(refund)


def send_refund(refund_id: int) -> bool:
    """Ask Stripe, or ask again with the same key. False when there was nothing to do or no answer."""
    taken = Refund.objects.to_send().filter(pk=refund_id).exclude(payment__payment_intent="")
    if not taken.update(attempts=F("attempts") + 1, next_try_at=timezone.now() + pause(3)):
        return False
    refund = Refund.objects.select_related("payment").get(pk=refund_id)
    try:
        seen = stripe_gateway.refund(
            refund.payment.payment_intent, amount=cents(refund.amount), key=refund.key
        )
    except GatewayUnavailable as trouble:
        log.warning("refund %s is not sent yet: %s", refund_id, trouble)
        Refund.objects.filter(pk=refund_id).update(next_try_at=timezone.now() + pause(refund.attempts))
        return False
    except GatewayRefused as refusal:
        _note_refusal(refund_id, str(refusal))
        return True
    _note_answer(refund_id, seen)
    return True


@transaction.atomic
def _note_answer(refund_id: int, seen: RefundSeen) -> None:
    payment = locked_payment(Refund.objects.values_list("payment_id", flat=True).get(pk=refund_id))
    settle_refund(payment, seen)


@transaction.atomic
def _note_refusal(refund_id: int, reason: str) -> None:
    """Stripe will not: the owner learns it, the money is refundable again."""
    payment = locked_payment(Refund.objects.values_list("payment_id", flat=True).get(pk=refund_id))
    refund = Refund.objects.get(pk=refund_id)
    if refund.state != Refund.State.REQUESTED:
        return
    refund.payment = payment
    refund.state, refund.done_at = Refund.State.FAILED, timezone.now()
    refund.reason = f"{refund.reason} ({reason})"[:300]
    refund.save(update_fields=["state", "done_at", "reason"])
    tell_refund(refund)


def sweep_refunds(*, limit: int) -> int:
    due = Refund.objects.to_send().filter(payment__method=Payment.Method.CARD).order_by("next_try_at")
    return sum(send_refund(pk) for pk in list(due.values_list("pk", flat=True)[:limit]))
