"""Paying by transfer: the customer says so, the owner sees it on the account."""

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
from quotes.workflow.locking import locked


class Announced(enum.Enum):
    DONE = enum.auto()
    ALREADY = enum.auto()
    NOT_OPEN = enum.auto()


class NoDeposit(Exception):
    """Nothing was asked for, so nothing can be confirmed."""


@transaction.atomic
def announce_transfer(quote_id: int, *, actor: Actor) -> Announced:
    """« J'ai fait le virement »: the owner is told, once."""
    quote = locked(quote_id)
    deposit = locked_deposit(quote)
    version = quote.current_version
    if deposit is None or version is None or not rules.may_be_paid(deposit):
        return Announced.NOT_OPEN
    if Payment.Method.TRANSFER not in rules.methods(deposit, version.reading):
        return Announced.NOT_OPEN
    if deposit.transfer_announced_at is not None:
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
    quote = locked(quote_id)
    deposit = locked_deposit(quote)
    if deposit is None:
        raise NoDeposit(quote.number)
    if key and (known := deposit.payments.filter(key=key).first()) is not None:
        return known
    payment = Payment.objects.create(
        deposit=deposit,
        method=Payment.Method.TRANSFER,
        amount=amount,
        state=Payment.State.PAID,
        key=key or new_key(),
        paid_at=timezone.now(),
        received_on=received_on,
        next_check_at=None,
    )
    emails.transfer_received(payment)
    emails.tell_excess(payment)
    journal.append(
        quote,
        "transfer_confirmed",
        actor=actor,
        payment=payment.pk,
        amount=str(amount),
        received_on=received_on.isoformat(),
        reference=deposit.reference,
    )
    return payment
