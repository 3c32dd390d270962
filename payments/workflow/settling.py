"""What the provider shows becomes our state: once, upwards only, in whatever order the answers come."""

from __future__ import annotations

import datetime as dt
import enum

from django.db import transaction
from django.utils import timezone

from lib import french
from payments import emails, statuses, stripe_gateway
from payments.models import Dispute, Payment, Refund
from payments.stripe_gateway import DisputeSeen, RefundSeen, Snapshot
from payments.workflow.opening import locked_payment
from quotes import journal
from quotes.journal import Actor

State = Payment.State
PAID_IS_CHECKED_EVERY = dt.timedelta(days=1)


class Settled(enum.Enum):
    NEWS = enum.auto()
    NOTHING_NEW = enum.auto()
    SET_ASIDE = enum.auto()


@transaction.atomic
def settle(payment_id: int, snapshot: Snapshot) -> Settled:
    """Book what this answer shows and we do not know yet. What does not fit is set aside, never booked."""
    payment = locked_payment(payment_id)
    if difference := difference_of(payment, snapshot):
        _set_aside(payment, difference)
        return Settled.SET_ASIDE
    news = _settle_payment(payment, snapshot)
    for refund in snapshot.refunds:
        news |= settle_refund(payment, refund)
    for dispute in snapshot.disputes:
        news |= _settle_dispute(payment, dispute)
    return Settled.NEWS if news else Settled.NOTHING_NEW


def difference_of(payment: Payment, snapshot: Snapshot) -> str:
    """Why this is not the payment that we asked for, in words for the owner; empty when it is."""
    if snapshot.amount != payment.amount:
        return f"montant de {french.money(snapshot.amount)} au lieu de {french.money(payment.amount)}"
    if snapshot.currency != stripe_gateway.CURRENCY:
        return f"devise {snapshot.currency.upper()} au lieu de EUR"
    if snapshot.livemode != stripe_gateway.expects_live():
        return "paiement d'essai et paiement réel confondus"
    if (snapshot.reference, snapshot.payment) != (payment.deposit.reference, payment.key):
        return "référence d'un autre paiement"
    if payment.session_id not in (None, snapshot.session_id):
        return "page de paiement d'un autre paiement"
    return ""


def _set_aside(payment: Payment, difference: str) -> None:
    """The owner is told once of each difference; money that was booked stays booked."""
    if payment.reason == difference:
        return
    payment.reason = difference
    if payment.rises_to(State.SET_ASIDE):
        payment.state, payment.next_check_at = State.SET_ASIDE, None
    payment.save(update_fields=["reason", "state", "next_check_at"])
    emails.set_aside(payment, difference=difference)
    _note(payment, "deposit_set_aside", difference=difference)


# The payment


def _settle_payment(payment: Payment, snapshot: Snapshot) -> bool:
    state = _state_shown(snapshot)
    if not payment.rises_to(state):
        return False
    payment.state = state
    payment.session_id = snapshot.session_id
    payment.session_url = payment.session_url or snapshot.url
    payment.payment_intent = snapshot.payment_intent or payment.payment_intent
    if state == State.PAID:
        _paid(payment, snapshot)
    elif state == State.FAILED:
        payment.next_check_at, payment.reason = None, snapshot.failure[:300]
        payment.save()
        emails.failed(payment)
        _note(payment, "payment_failed", amount=str(payment.amount), failure=snapshot.failure)
    elif state == State.EXPIRED:
        payment.next_check_at = None
        payment.save()
        _note(payment, "payment_expired", amount=str(payment.amount))
    elif state == State.PENDING:
        payment.save()
        emails.pending(payment)
        _note(payment, "payment_pending", amount=str(payment.amount))
    else:
        payment.save()
        _note(payment, "payment_started", amount=str(payment.amount), session=snapshot.session_id)
    return True


def _state_shown(snapshot: Snapshot) -> Payment.State:
    if snapshot.is_paid:
        return State.PAID
    if snapshot.has_failed:
        return State.FAILED
    states = {"complete": State.PENDING, "expired": State.EXPIRED}
    return states.get(snapshot.status, State.OPEN)


def _paid(payment: Payment, snapshot: Snapshot) -> None:
    payment.paid_at = (
        dt.datetime.fromtimestamp(snapshot.paid_at, tz=dt.UTC) if snapshot.paid_at else timezone.now()
    )
    payment.charge = snapshot.charge
    payment.card_holder, payment.brand = snapshot.card_holder[:200], snapshot.brand[:40]
    payment.last4, payment.receipt_email = snapshot.last4[:4], snapshot.receipt_email[:254]
    payment.reason, payment.next_check_at = "", timezone.now() + PAID_IS_CHECKED_EVERY
    payment.save()
    emails.paid_by_card(payment)
    emails.tell_excess(payment)
    _note(
        payment,
        "deposit_paid",
        method=payment.method,
        amount=str(payment.amount),
        paid_at=payment.paid_at.isoformat(),
        session=payment.session_id,
        payment_intent=payment.payment_intent,
        charge=payment.charge,
        card_holder=payment.card_holder,
        brand=payment.brand,
        last4=payment.last4,
        receipt_email=payment.receipt_email,
    )


# What went back


def settle_refund(payment: Payment, seen: RefundSeen) -> bool:
    """Under the payment's locks. One row per `re_…`; a refund asked for here finds its own row by its key."""
    known = payment.refunds.filter(provider_id=seen.id).first()
    asked = payment.refunds.filter(key=seen.key, provider_id=None).first() if seen.key else None
    refund = known or asked or Refund(payment=payment, amount=seen.amount, reason=MADE_AT_STRIPE)
    state = Refund.State(seen.state)
    if refund.provider_id is not None and not refund.rises_to(state):
        return False
    refund.provider_id, refund.state = seen.id, state
    refund.done_at = None if state == Refund.State.PENDING else timezone.now()
    refund.save()
    _tell_refund(payment, refund)
    statuses.refresh(payment.deposit.quote_id)  # also for what the journal does not tell: a refund under way
    return True


MADE_AT_STRIPE = "Fait sur le tableau de bord de Stripe"


def _tell_refund(payment: Payment, refund: Refund) -> None:
    facts = {
        "amount": str(refund.amount),
        "refund": refund.provider_id or "",
        "refund_reason": refund.reason,
    }
    if refund.state == Refund.State.SUCCEEDED:
        emails.refunded(refund)
        _note(payment, "refunded", **facts)
    elif refund.state == Refund.State.FAILED:
        emails.refund_failed(refund)
        _note(payment, "refund_failed", **facts)


def tell_refund(refund: Refund) -> None:
    """For refunds that no provider reports."""
    _tell_refund(refund.payment, refund)


def _settle_dispute(payment: Payment, seen: DisputeSeen) -> bool:
    """One row per `dp_…`."""
    state = Dispute.State(seen.state)
    dispute = payment.disputes.filter(provider_id=seen.id).first()
    if dispute is not None and not dispute.rises_to(state):
        return False
    if dispute is None:
        dispute = Dispute(payment=payment, provider_id=seen.id, amount=seen.amount)
    dispute.state, dispute.reason = state, seen.reason[:100]
    dispute.save()
    emails.disputed(dispute)
    _note(
        payment,
        "disputed",
        amount=str(dispute.amount),
        dispute=dispute.provider_id,
        state=dispute.state,
        bank_reason=dispute.reason,
    )
    return True


def _note(payment: Payment, kind: str, **facts: object) -> None:
    journal.append(payment.deposit.quote, kind, actor=Actor.system(), payment=payment.pk, **facts)
