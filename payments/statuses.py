"""Where each deposit stands, stored for lists and counts: by the rule that every page goes by, and here alone.

Whatever is written in a quote's journal refreshes it, in the same transaction; so does money on its way back, which
the journal does not tell. Only the day on which a deposit opens comes by itself: the sweep sees to it.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db import transaction

from lib.day import today_in_paris
from payments import rules
from payments.models import BalanceStatus, Deposit
from quotes.models import Quote
from quotes.workflow.locking import locked


def follow(quote: Quote) -> None:
    """A fact of the journal: before there is a contract there is no deposit to look up."""
    if quote.accepted_at is not None:
        refresh(quote.pk)


def refresh(quote_id: int) -> None:
    """The caller holds the quote's lock."""
    deposit = Deposit.objects.with_quote().with_payments().filter(quote=quote_id).first()
    if deposit is not None and (now := rules.balance_status(deposit)) != deposit.standing:
        Deposit.objects.filter(pk=deposit.pk).update(standing=now)


def opening() -> list[int]:
    """The quotes of deposits that may be asked for from today on."""
    due = Deposit.objects.filter(standing=BalanceStatus.NOT_YET, opens_on__lte=today_in_paris())
    return list(due.order_by("opens_on").values_list("quote_id", flat=True))


@transaction.atomic
def refresh_locked(quote_id: int) -> None:
    locked(quote_id)
    refresh(quote_id)


def differing() -> Iterator[Deposit]:
    """Deposits that are stored otherwise than the rule says; none, ever."""
    for deposit in Deposit.objects.with_quote().with_payments().iterator(chunk_size=500):
        if deposit.standing != rules.balance_status(deposit):
            yield deposit
