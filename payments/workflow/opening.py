"""The deposit's row: made at the first need, locked before anything about it is read or written."""

from __future__ import annotations

from django.db import transaction

from payments import rules
from payments.models import Deposit, Payment
from quotes import journal
from quotes.journal import Actor
from quotes.models import Quote
from quotes.workflow.locking import locked


@transaction.atomic
def ensure_deposit(quote_id: int) -> Deposit | None:
    """What the sweep does for every accepted quote that asks for one."""
    return locked_deposit(locked(quote_id))


def locked_deposit(quote: Quote) -> Deposit | None:
    """Under the quote's lock: its deposit, made now if the signed version asks for one."""
    deposit = Deposit.objects.select_for_update(no_key=True).filter(quote=quote).first()
    if deposit is None:
        deposit = rules.new_deposit(quote)
        if deposit is None:
            return None
        deposit.save()
        journal.append(
            quote,
            "deposit_requested",
            actor=Actor.system(),
            amount=str(deposit.amount),
            reference=deposit.reference,
            opens_on=deposit.opens_on.isoformat() if deposit.opens_on else "",
        )
    deposit.quote = quote
    return deposit


def locked_payment(payment_id: int) -> Payment:
    """The payment with its deposit and quote, all locked in the one order."""
    found = Payment.objects.values_list("deposit_id", "deposit__quote_id").get(pk=payment_id)
    quote = locked(found[1])
    deposit = Deposit.objects.select_for_update(no_key=True).get(pk=found[0])
    deposit.quote = quote
    payment = Payment.objects.get(pk=payment_id)
    payment.deposit = deposit
    return payment
