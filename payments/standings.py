"""Where each deposit stands, stored for lists and counts: by the rule that every page goes by, and here alone.

Whatever is written in a quote's journal refreshes it, in the same transaction; so does money on its way back, which
the journal does not tell. Only the day on which a deposit opens comes by itself: the sweep sees to it.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db import transaction

from payments import rules
from payments.models import Deposit, Standing
from quotes.models.quote import today_in_paris
from quotes.workflow.locking import locked

BATCH = 200


def refresh(quote_id: int) -> None:
    """The caller holds the quote's lock."""
    deposit = Deposit.objects.with_quote().with_payments().filter(quote=quote_id).first()
    if deposit is not None and (now := rules.standing(deposit)) != deposit.standing:
        Deposit.objects.filter(pk=deposit.pk).update(standing=now)


def sweep() -> int:
    """Deposits that may be asked for from today on."""
    opening = Deposit.objects.filter(standing=Standing.NOT_YET, opens_on__lte=today_in_paris())
    due = list(opening.order_by("opens_on").values_list("quote_id", flat=True)[:BATCH])
    for quote_id in due:
        with transaction.atomic():
            locked(quote_id)
            refresh(quote_id)
    return len(due)


def differing() -> Iterator[Deposit]:
    """Deposits that are stored otherwise than the rule says; none, ever."""
    for deposit in Deposit.objects.with_quote().with_payments().iterator(chunk_size=500):
        if deposit.standing != rules.standing(deposit):
            yield deposit
