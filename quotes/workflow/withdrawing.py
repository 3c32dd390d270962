"""The consumer changes their mind (art. L221-18, L221-21 and D221-5 C. conso.): no reason asked, receipt at once."""

from __future__ import annotations

import enum

from django.db import transaction
from django.utils import timezone

from quotes import emails, journal
from quotes.journal import Actor
from quotes.models import Quote
from quotes.workflow.locking import locked


class Withdrawal(enum.Enum):
    DONE = enum.auto()
    TOO_LATE = enum.auto()


@transaction.atomic
def withdraw(quote_id: int, *, name: str, email: str, actor: Actor) -> Withdrawal:
    """Concluded no more: the customer gets a receipt with date and time, the owner is told. Twice gives one."""
    quote = locked(quote_id)
    if quote.state == Quote.State.WITHDRAWN:
        return Withdrawal.DONE
    if not quote.can_withdraw:
        return Withdrawal.TOO_LATE
    quote.move_to(Quote.State.WITHDRAWN)
    quote.withdrawn_at = timezone.now()
    quote.save(update_fields=["withdrawn_at"])
    emails.withdrawn(quote, name=name, email=email)
    journal.append(
        quote,
        "withdrawn",
        actor=actor,
        name=name,
        contract=quote.number,
        email=email,
        declared_at=quote.withdrawn_at.isoformat(),
    )
    return Withdrawal.DONE
