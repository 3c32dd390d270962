"""What lists show of a quote is stored on its row, and refreshed here alone, in the transaction of each fact.

The journal calls `refresh` for every fact that a list tells; whoever saves a working copy calls it after its lines.
Only time moves a quote without a fact: a version that lapses makes it our turn, and the sweep says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from typing import Any

from django.db.models import Exists, OuterRef, Subquery

from lib.day import today_in_paris
from quotes import money
from quotes.facts import declared, fact_of, quiet_kinds
from quotes.models import AccessLink, JournalHead, Question, Quote, QuoteEvent, QuoteVersion, Turn

FIELDS = (
    "turn",
    "last_kind",
    "last_at",
    "shown_total",
    "in_force_until",
    "in_force_since",
    "first_sent_at",
    "opened_at",
    "paid_at",
)
BATCH = 500


def refresh(quote: Quote) -> None:
    """Write down how the quote stands now. The caller holds the quote's lock."""
    row: Any = Quote.objects.annotate(**looked_up()).get(pk=quote.pk)
    store(quote, _facts(row, row))


def store(quote: Quote, facts: dict[str, Any]) -> None:
    """`quote` is the caller's own, which shall say the same as the row."""
    Quote.objects.filter(pk=quote.pk).update(**facts)
    for name, value in facts.items():
        setattr(quote, name, value)


def facts_of(quote_id: int) -> dict[str, Any]:
    """From the tables that hold them, whatever is stored."""
    row: Any = Quote.objects.annotate(**looked_up()).get(pk=quote_id)
    return _facts(row, row)


def facts_with(head: JournalHead, event: QuoteEvent) -> dict[str, Any]:
    """The same when `event` has just been written: `head` was read with its quote and `looked_up` before it."""
    facts = _facts(head.quote, head) | {"last_kind": event.kind, "last_at": event.at}
    return facts | {"paid_at": event.at} if fact_of(event.kind).is_payment else facts


def looked_up() -> dict[str, Any]:
    """What other tables hold, as annotations of any row whose key is the quote's."""
    payments = [fact.kind for fact in declared() if fact.is_payment]
    return _looked_up(tuple(quiet_kinds()), tuple(payments))


@cache
def _looked_up(quiet: tuple[str, ...], payments: tuple[str, ...]) -> dict[str, Any]:
    """Put together once: every fact of every journal asks for it."""
    this = OuterRef("pk")
    versions = QuoteVersion.objects.filter(quote=this)
    current = versions.filter(is_current=True)
    sent = versions.filter(done_at__isnull=False).order_by("done_at")
    opened = AccessLink.objects.filter(quote=this, opened_at__isnull=False).order_by("opened_at")
    events = QuoteEvent.objects.filter(quote=this).order_by("-seq")
    shown = events.exclude(kind__in=quiet)
    paid = events.filter(kind__in=payments)
    return {
        "asked": Exists(Question.objects.filter(quote=this, answer=None)),
        "version_until": Subquery(current.values("valid_until")[:1]),
        "version_since": Subquery(current.values("done_at")[:1]),
        "version_total": Subquery(current.values("total")[:1]),
        "frozen_total": Subquery(versions.order_by("-number").values("total")[:1]),
        "sent": Subquery(sent.values("done_at")[:1]),
        "opened": Subquery(opened.values("opened_at")[:1]),
        "paid": Subquery(paid.values("at")[:1]),
        "event_kind": Subquery(shown.values("kind")[:1]),
        "event_at": Subquery(shown.values("at")[:1]),
    }


def _facts(quote: Quote, found: Any) -> dict[str, Any]:
    """Of a quote and what was looked up for it."""
    return {
        "turn": _turn(quote, found),
        "last_kind": found.event_kind or "created",
        "last_at": found.event_at or quote.created_at,
        "shown_total": _total(quote, found),
        "in_force_until": found.version_until,
        "in_force_since": found.version_since,
        "first_sent_at": found.sent,
        "opened_at": found.opened,
        "paid_at": found.paid,
    }


def _turn(quote: Quote, found: Any) -> Turn:
    """Our own work comes first: a question, then what is ours to finish, to send or to renew."""
    lapsed = found.version_until is not None and found.version_until < today_in_paris()
    if found.asked:
        return Turn.QUESTION
    if quote.state == Quote.State.DRAFT or quote.revising or quote.declared_at is not None:
        return Turn.OURS
    if quote.state in Quote.SIGNABLE:
        return Turn.OURS if lapsed else Turn.THEIRS
    return Turn.THEIRS if quote.state == Quote.State.SENDING else Turn.SETTLED


def _total(quote: Quote, found: Any) -> Decimal:
    """What the customer holds, or will once the first version is rendered; of a working copy, what its lines make."""
    held = found.version_total
    if held is None and quote.state == Quote.State.SENDING:
        held = found.frozen_total
    if quote.is_editable or held is None:
        return min(quote.totals_of(quote.lines.all()).incl_tax, money.MOST_STORED)
    return Decimal(held)


def differing(*, batch: int = BATCH) -> Iterator[tuple[int, set[str]]]:
    """Quotes whose stored facts are not what the tables say, with the names of these facts; none, ever.

    Where a purge has taken rows, what the tables still say is less than what was stored.
    """
    after, kept = 0, Quote.objects.filter(traces_purged_at=None)
    while rows := list(kept.filter(pk__gt=after).order_by("pk").values("pk", *FIELDS)[:batch]):
        for row in rows:
            facts = facts_of(row["pk"])
            if wrong := {name for name in FIELDS if row[name] != facts[name]}:
                yield row["pk"], wrong
        after = rows[-1]["pk"]


def sweep() -> int:
    """Versions lapse at midnight in Paris: from then on it is our turn. A row at a time: nobody waits for two."""
    lapsed = Quote.objects.filter(
        state__in=Quote.SIGNABLE, in_force_until__lt=today_in_paris(), turn=Turn.THEIRS
    )
    due = list(lapsed.order_by("in_force_until").values_list("pk", flat=True)[:BATCH])
    return sum(lapsed.filter(pk=pk).update(turn=Turn.OURS) for pk in due)
