"""Paying by transfer or cheque: the customer may say so, the owner sees it on the account or holds it."""

from __future__ import annotations

import datetime as dt
import enum
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from payments import emails, rules
from payments.models import Payment, new_key
from payments.workflow.opening import locked_deposit
from quotes import journal
from quotes.journal import Actor
from quotes.models import Company
from quotes.rules import Verb
from quotes.workflow.locking import locked


class Announced(enum.Enum):
    DONE = enum.auto()
    ALREADY = enum.auto()
    NOT_OPEN = enum.auto()


class NoDeposit(Exception):
    """Nothing was asked for, so nothing can be confirmed."""


@transaction.atomic
def announce_transfer(quote_id: int, *, actor: Actor) -> Announced:
    """« J'ai fait le virement »: the owner is told once of each, and of the rest again when a part has come."""
    quote = locked(quote_id)
    deposit = locked_deposit(quote)
    version = quote.current_version()
    if deposit is None or version is None or not rules.may(Verb.ANNOUNCE_TRANSFER, deposit):
        return Announced.NOT_OPEN
    if Payment.Method.TRANSFER not in rules.methods(deposit, version.reading, Company.current()):
        return Announced.NOT_OPEN
    if deposit.announced_at is not None:
        return Announced.ALREADY
    deposit.transfer_announced_at = timezone.now()
    deposit.save(update_fields=["transfer_announced_at"])
    emails.transfer_announced(deposit)
    journal.append(
        quote,
        "transfer_announced",
        actor=actor,
        amount=str(deposit.remaining),
        reference=deposit.reference,
    )
    return Announced.DONE


@transaction.atomic
def confirm_transfer(
    quote_id: int, *, amount: Decimal, received_on: dt.date, actor: Actor, key: str = ""
) -> Payment:
    """What arrived on the account, whatever the quote has become. The same `key` again is the same transfer."""
    payment, is_new = _book(
        quote_id, Payment.Method.TRANSFER, amount=amount, received_on=received_on, key=key
    )
    if is_new:
        emails.transfer_received(payment)
        emails.tell_excess(payment)
        journal.append(payment.deposit.quote, "transfer_confirmed", actor=actor, **_facts(payment))
    return payment


@transaction.atomic
def confirm_cheque(
    quote_id: int, *, amount: Decimal, received_on: dt.date, actor: Actor, key: str = ""
) -> Payment:
    """« Chèque reçu le »: in the owner's hands, and as good as any until a bank says otherwise."""
    payment, is_new = _book(quote_id, Payment.Method.CHEQUE, amount=amount, received_on=received_on, key=key)
    if is_new:
        emails.cheque_received(payment)
        emails.tell_excess(payment)
        journal.append(payment.deposit.quote, "cheque_confirmed", actor=actor, **_facts(payment))
    return payment


def _book(
    quote_id: int, method: Payment.Method, *, amount: Decimal, received_on: dt.date, key: str
) -> tuple[Payment, bool]:
    """Under the quote's lock; whether this is the first time. Raises NoDeposit."""
    quote = locked(quote_id)
    deposit = locked_deposit(quote)
    if deposit is None or not rules.may(Verb.CONFIRM_TRANSFER, deposit):
        raise NoDeposit(quote.number)
    if key and (known := deposit.payments.filter(key=key).first()) is not None:
        return known, False
    payment = Payment.objects.create(
        deposit=deposit,
        method=method,
        amount=amount,
        state=Payment.State.PAID,
        key=key or new_key(),
        paid_at=timezone.now(),
        received_on=received_on,
        next_check_at=None,
    )
    return payment, True


def _facts(payment: Payment) -> dict[str, object]:
    return {
        "payment": payment.pk,
        "amount": str(payment.amount),
        "received_on": payment.received_on.isoformat() if payment.received_on else "",
        "reference": payment.deposit.reference,
    }
