"""Sending money back: asked for on the desk, done by Stripe, or by the owner's bank for a transfer."""

from __future__ import annotations

from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from notifications import outbox, queue
from notifications.queue import JobOutcome
from payments import rules, stripe_gateway
from payments.models import Payment, Refund, new_key
from payments.stripe_gateway import GatewayRefused
from payments.workflow.opening import locked_payment
from payments.workflow.settling import settle_refund, tell_refund
from payments.workflow.stuck import EXPECTED, STRIPE, TELLS_AFTER, tell_refund_stuck
from quotes import journal
from quotes.journal import Actor


class NotRefundable(Exception):
    """More than what is left of this payment, or nothing."""


@transaction.atomic
def request_refund(
    payment_id: int,
    *,
    amount: Decimal,
    reason: str,
    actor: Actor,
    key: str = "",
    share_done: Decimal | None = None,
) -> Refund:
    """Whole or part. The row is the order, Stripe is asked after the commit; the same `key` is the same refund.

    `share_done`, in percent of the price: what of the works was done when the customer withdrew. It is kept only where
    they had asked, in the words of the law, that work begins within the period (art. L221-25).
    """
    payment = locked_payment(payment_id)
    if key and (known := payment.refunds.filter(key=key).first()) is not None:
        return known
    if share_done is not None:
        payment.deposit.kept = rules.kept_for(payment.deposit, share_done)
        payment.deposit.save(update_fields=["kept"])
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
        **({} if share_done is None else {"share_done": str(share_done), "kept": str(payment.deposit.kept)}),
    )
    if payment.method == Payment.Method.CARD:
        transaction.on_commit(lambda: outbox.nudge("payments.send_refund", refund.pk), robust=True)
    else:
        # The owner's own bank sends it back; here it is written down.
        refund.state, refund.done_at = Refund.State.SUCCEEDED, timezone.now()
        refund.save(update_fields=["state", "done_at"])
        tell_refund(refund)
    return refund


def send_refund(refund_id: int) -> bool:
    """Ask Stripe, or ask again with the same key. False when there was nothing to do or no answer."""
    return queue.run(REFUNDS, refund_id) in (JobOutcome.DONE, JobOutcome.GIVEN_UP)


def _send(refund: Refund) -> None:
    intent = refund.payment.payment_intent
    seen = stripe_gateway.refund(intent, amount=refund.amount, key=refund.key)
    with transaction.atomic():
        settle_refund(locked_payment(refund.payment_id), seen)


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


REFUNDS = queue.Queue(
    name="refunds",
    rows=Refund.objects.all,
    work=_send,
    services=(STRIPE,),
    gives_up=queue.GiveUp(at_once=(GatewayRefused,)),
    give_up=lambda refund, refusal, reason: _note_refusal(refund.pk, reason),
    tells_after=TELLS_AFTER,
    tell=tell_refund_stuck,
    expected=EXPECTED,
)
