"""As many quotes as a company makes in years, written straight into the tables: for measuring, not for behaviour."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from notifications.models import OutgoingEmail
from payments.models import BalanceStatus, Deposit, Payment
from quotes.models import Customer, Question, Quote, QuoteEvent, QuoteLine, QuoteVersion, Turn

BATCH = 2000
YEARS = 5
State = Quote.State
# Of a hundred quotes: a few are at work, most are over.
STATES = (
    [(State.DRAFT, Turn.OURS)] * 4
    + [(State.SENT, Turn.THEIRS)] * 5
    + [(State.SENT, Turn.OURS)] * 3
    + [(State.REMINDED, Turn.QUESTION)] * 1
    + [(State.REMINDED, Turn.THEIRS)] * 3
    + [(State.ACCEPTED, Turn.SETTLED)] * 8
    + [(State.DONE, Turn.SETTLED)] * 34
    + [(State.REFUSED, Turn.SETTLED)] * 30
    + [(State.CANCELLED, Turn.SETTLED)] * 12
)
OUT = (State.SENT, State.REMINDED)
SIGNED = (State.ACCEPTED, State.DONE)


def make_many(count: int, *, owners: list[User], start: int = 0) -> None:
    """Numbers `start` to `start + count`, spread over the years and the owners, with all that hangs on them."""
    for first in range(start, start + count, BATCH):
        _make_batch(range(first, min(first + BATCH, start + count)), owners, of=start + count)


def analyze() -> None:
    """What PostgreSQL does by itself after a while; nobody does it on SQLite, so nothing here does."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE" if connection.in_atomic_block else "VACUUM ANALYZE")


def _make_batch(numbers: range, owners: list[User], *, of: int) -> None:
    customers = Customer.objects.bulk_create(
        Customer(
            last_name=f"Client{number}",
            first_name="Camille",
            email=f"client{number}@exemple.fr",
            address="1 rue des Lilas\n69000 Lyon",
        )
        for number in numbers[::3]
    )
    quotes = Quote.objects.bulk_create(
        _quote(number, customers[rank // 3], owners[number % len(owners)], of)
        for rank, number in enumerate(numbers)
    )
    Quote.objects.filter(pk__gte=quotes[0].pk, pk__lte=quotes[-1].pk).update(created_at=_ago(numbers[0], of))
    for kind, rows in _around(quotes).items():
        kind.objects.bulk_create(rows, batch_size=BATCH)
    _deposits([quote for quote in quotes if quote.accepted_at])


def _ago(number: int, of: int) -> dt.datetime:
    """The oldest first, the last one now."""
    return timezone.now() - dt.timedelta(days=365 * YEARS) * (1 - (number + 1) / of)


def _quote(number: int, customer: Customer, owner: User, of: int) -> Quote:
    at = _ago(number, of)
    state, turn = STATES[number * 37 % len(STATES)]
    day, sent = at.date(), None if state == State.DRAFT else at
    lapsed = state == State.SENT and turn == Turn.OURS
    today = timezone.localdate()
    until = today + dt.timedelta(days=(-30 if lapsed else 3 + number % 40)) if state in OUT else day
    return Quote(
        number=f"D-9{number:07}",
        title=f"Remplacement n° {number}",
        customer=customer,
        owner=owner,
        issued_on=min(day, until),
        valid_until=until,
        state=state,
        turn=turn,
        last_kind="sent" if sent else "created",
        last_at=at,
        shown_total=Decimal(1000 + number % 9000),
        in_force_until=until if sent else None,
        in_force_since=sent,
        first_sent_at=sent,
        opened_at=sent,
        accepted_at=at + dt.timedelta(hours=5 + number % 300) if state in SIGNED else None,
    )


def _around(quotes: list[Quote]) -> dict[type[Any], Iterator[Any]]:
    """Lines, versions, facts, mails and questions, as many as a quote has."""
    return {
        QuoteLine: (
            QuoteLine(quote=quote, position=rank, label=f"Ligne {rank}", unit="h", unit_price=Decimal(100))
            for quote in quotes
            for rank in range(2)
        ),
        QuoteVersion: (
            QuoteVersion(
                quote=quote,
                number=1,
                content="{}",
                version_hash="0" * 64,
                is_current=True,
                valid_until=quote.valid_until,
                total=quote.shown_total,
                deposit=Decimal(300),
                done_at=quote.in_force_since,
            )
            for quote in quotes
            if quote.in_force_since
        ),
        QuoteEvent: (
            QuoteEvent(quote=quote, seq=seq, kind=kind, at=quote.last_at, record="{}", hash="0" * 64)
            for quote in quotes
            for seq, kind in enumerate(("created", "version_frozen", "sent", "mail_sent"), start=1)
        ),
        OutgoingEmail: (
            OutgoingEmail(
                message="quotes/sent",
                to=quote.customer.email,
                subject="Votre devis",
                text="…",
                html="…",
                about=quote.number,
                message_id=f"<{quote.number}@exemple.fr>",
                state=OutgoingEmail.State.FAILED if quote.pk % 500 == 0 else OutgoingEmail.State.SENT,
                told=True,
                created_at=quote.last_at,
                next_try_at=quote.last_at,
            )
            for quote in quotes
        ),
        Question: (
            Question(quote=quote, text="Quand venez-vous ?")
            for quote in quotes
            if quote.turn == Turn.QUESTION
        ),
    }


def _deposits(quotes: list[Quote]) -> None:
    """One in five accepted quotes waits for its money."""
    deposits = Deposit.objects.bulk_create(
        Deposit(
            quote=quote,
            amount=Decimal(300),
            reference=f"RF{quote.number}",
            created_at=quote.accepted_at or quote.last_at,
            standing=BalanceStatus.DUE if quote.state == State.ACCEPTED else BalanceStatus.PAID,
        )
        for quote in quotes
    )
    Payment.objects.bulk_create(
        Payment(
            deposit=deposit,
            method=Payment.Method.TRANSFER,
            amount=Decimal(300),
            state=Payment.State.PAID,
            paid_at=deposit.created_at,
            next_check_at=None,
        )
        for deposit in deposits
        if deposit.standing == BalanceStatus.PAID
    )
