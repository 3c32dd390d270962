"""Paying by card: a row first, then a page at Stripe built from it alone, one page at a time.

Nothing here holds a transaction while it talks to Stripe; each step can be taken again after a crash.
"""

from __future__ import annotations

import datetime as dt
import enum

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from lib import addresses
from payments import emails, rules, stripe_gateway
from payments.models import SESSION_LIFE, Deposit, Payment
from payments.stripe_gateway import GatewayRefused, GatewayUnavailable, Session, SessionCall
from payments.workflow.opening import locked_deposit, locked_payment
from payments.workflow.settling import settle
from quotes import journal
from quotes import rules as quote_rules
from quotes.journal import Actor
from quotes.models import Company, Quote
from quotes.rules import Reason, Verb
from quotes.workflow.locking import locked

State = Payment.State
ROUNDS = 4  # an old page to settle, one to replace, one refused, and the new one
ABANDONED_AFTER = dt.timedelta(minutes=10)


class Paying(enum.Enum):
    REDIRECT = enum.auto()
    PAID = enum.auto()
    PENDING = enum.auto()
    TOO_EARLY = enum.auto()
    NOT_OFFERED = enum.auto()
    NOT_OPEN = enum.auto()
    DECLARED = enum.auto()
    REFUSED = enum.auto()


# What the customer is told where the rules say no.
REFUSALS = {
    Reason.STAGE: Paying.NOT_OPEN,
    Reason.DECLARED: Paying.DECLARED,
    Reason.NO_DEPOSIT: Paying.NOT_OPEN,
    Reason.DEPOSIT_TOO_EARLY: Paying.TOO_EARLY,
    Reason.DEPOSIT_PENDING: Paying.PENDING,
    Reason.DEPOSIT_PAID: Paying.PAID,
}


def pay_by_card(quote_id: int, *, actor: Actor) -> tuple[Paying, str]:
    """« Régler mon acompte »: where to send the customer. Raises GatewayUnavailable; then nothing is half done."""
    for _ in range(ROUNDS):
        refusal, payment = _take_attempt(quote_id, actor=actor)
        if payment is None:
            return refusal, ""
        if url := _page_of(payment):
            return Paying.REDIRECT, url
    return Paying.REFUSED, ""


@transaction.atomic
def _take_attempt(quote_id: int, *, actor: Actor) -> tuple[Paying, Payment | None]:
    """The attempt that is under way, or a new one; committed before anybody is called."""
    quote = locked(quote_id)
    deposit = locked_deposit(quote)
    if (refusal := _why_not(quote, deposit)) is not None or deposit is None:
        return refusal or Paying.NOT_OPEN, None
    payment = deposit.payments.under_way().first() or _new_attempt(deposit, actor)
    payment.deposit = deposit
    return Paying.REDIRECT, payment


def _why_not(quote: Quote, deposit: Deposit | None) -> Paying | None:
    """Everything that forbids a payment by card, read inside the lock."""
    reason = quote_rules.why_not(Verb.PAY, rules.circumstances(quote, deposit))
    if reason is not None:
        return REFUSALS[reason]
    version = quote.current_version()
    offered = rules.methods(deposit, version.reading, Company.current()) if deposit and version else ()
    return None if Payment.Method.CARD in offered else Paying.NOT_OFFERED


def _new_attempt(deposit: Deposit, actor: Actor) -> Payment:
    now = timezone.now()
    payment = Payment(
        deposit=deposit,
        method=Payment.Method.CARD,
        amount=deposit.remaining,
        created_at=now,
        expires_at=now + SESSION_LIFE,
    )
    payment.call = _call(payment).to_json()
    payment.save()
    journal.append(
        deposit.quote, "payment_prepared", actor=actor, payment=payment.pk, amount=str(payment.amount)
    )
    return payment


def _call(payment: Payment) -> SessionCall:
    deposit, quote = payment.deposit, payment.deposit.quote
    returned = addresses.absolute(reverse("payments:returned", args=[quote.public_id]))
    cancelled = addresses.absolute(reverse("payments:cancelled", args=[quote.public_id]))
    day = deposit.opens_on
    return SessionCall(
        amount=payment.amount,
        email=quote.customer.email,
        label=f"Acompte du devis {quote.number}",
        reference=deposit.reference,
        payment=payment.key,
        quote=quote.number,
        success_url=returned + "?session_id={CHECKOUT_SESSION_ID}",
        cancel_url=cancelled,
        expires_at=int((payment.created_at + SESSION_LIFE).timestamp()),
        not_before=int(rules.opening(day).timestamp()) if day else 0,
    )


def _page_of(payment: Payment) -> str:
    """The address of this attempt's page if it can be paid there; empty: look again, something has changed."""
    if payment.state == State.STARTED:
        return start(payment.pk)
    if payment.amount != payment.deposit.remaining:
        close(payment.pk)
        return ""
    snapshot = stripe_gateway.fetch_session(payment.session_id or "")
    settle(payment.pk, snapshot)
    return payment.session_url if snapshot.status == "open" else ""


def start(payment_id: int) -> str:
    """Ask for the page, or for the one that was made when the answer was lost; its address, empty if refused."""
    payment = Payment.objects.get(pk=payment_id)
    try:
        session = stripe_gateway.create_session(SessionCall.from_json(payment.call), key=payment.key)
    except GatewayRefused as refusal:
        give_up(payment_id, str(refusal))
        return ""
    if not _note_session(payment_id, session):
        close(payment_id)
        return ""
    return session.url


@transaction.atomic
def _note_session(payment_id: int, session: Session) -> bool:
    """Keep the page's id; False when nobody may pay there any more."""
    payment = locked_payment(payment_id)
    known = payment.session_id is not None
    payment.session_id, payment.session_url = session.id, session.url
    payment.save(update_fields=["session_id", "session_url"])
    if not known and payment.rises_to(State.OPEN):
        payment.state = State.OPEN
        payment.save(update_fields=["state"])
        journal.append(
            payment.deposit.quote,
            "payment_started",
            actor=Actor.system(),
            payment=payment.pk,
            amount=str(payment.amount),
            session=session.id,
        )
    return payment.state == State.OPEN and not rules.asks_nothing(payment.deposit.quote)


@transaction.atomic
def give_up(payment_id: int, reason: str) -> None:
    """Stripe will not make this page, or does not know it: the next attempt is a new one, the owner learns why."""
    payment = locked_payment(payment_id)
    if payment.state not in Payment.UNDER_WAY:
        return
    payment.state, payment.reason, payment.next_check_at = State.FAILED, reason[:300], None
    payment.save(update_fields=["state", "reason", "next_check_at"])
    emails.card_refused(payment)
    journal.append(
        payment.deposit.quote,
        "payment_failed",
        actor=Actor.system(),
        payment=payment.pk,
        failure=reason[:300],
    )


def close(payment_id: int) -> None:
    """Close the page at Stripe, then book what it has become: expired, or paid just before."""
    payment = Payment.objects.get(pk=payment_id)
    if payment.session_id is None:
        _abandon(payment_id)
        return
    try:
        stripe_gateway.expire_session(payment.session_id)
    except GatewayRefused:
        pass  # not open any more: what it is now is read below
    snapshot = stripe_gateway.fetch_session(payment.session_id)
    settle(payment_id, snapshot)
    if snapshot.status == "open":
        raise GatewayUnavailable(f"session of payment {payment_id} stays open")


@transaction.atomic
def _abandon(payment_id: int) -> None:
    """Prepared, never answered, not wanted any more: its address reached nobody, so nobody can pay there."""
    payment = locked_payment(payment_id)
    fresh = payment.created_at > timezone.now() - ABANDONED_AFTER
    if payment.state != State.STARTED or payment.session_id is not None or fresh:
        return
    payment.state, payment.next_check_at = State.EXPIRED, None
    payment.save(update_fields=["state", "next_check_at"])
    journal.append(payment.deposit.quote, "payment_expired", actor=Actor.system(), payment=payment.pk)
