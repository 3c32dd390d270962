"""Writing and checking the one journal of a quote.

    hash_0 = 32 zero bytes;  hash_n = SHA-256(hash_{n-1} ‖ record_n),  record_n = canonical JSON in UTF-8

The format is final from the first event: docs/evidence.md tells how anyone recomputes it.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from lib import VERSION
from quotes import list_columns
from quotes.content import canonical
from quotes.facts import fact_of, followers
from quotes.models import JournalHead, PurgedEvent, Quote, QuoteEvent

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

GENESIS = "0" * 64
SOFTWARE = f"logisav {VERSION}"


@dataclass(frozen=True)
class Actor:
    """Who did it: the customer's browser, a member of staff, or the system."""

    kind: str
    name: str = ""
    ip: str = ""
    agent: str = ""

    @classmethod
    def staff(cls, user: AbstractBaseUser) -> Actor:
        return cls("staff", name=user.get_username())

    @classmethod
    def system(cls) -> Actor:
        return cls("system")


def chained(previous: str, record: str) -> str:
    return hashlib.sha256(bytes.fromhex(previous) + record.encode()).hexdigest()


def open_journal(quote: Quote) -> None:
    """Called once, in the transaction that creates the quote."""
    JournalHead.objects.create(quote=quote)


def append(quote: Quote, kind: str, *, actor: Actor, **facts: Any) -> QuoteEvent:
    """Write one fact in the transaction of what it records. Locks JournalHead: call it last.

    Raises Undeclared for a kind that no `events.py` knows. What lists show of the quote follows, so a fact that moves
    them wants the quote's lock, which the caller holds.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("a fact is written in the transaction of what it records")
    heads = JournalHead.objects.select_for_update(of=("self",), no_key=True)
    if not fact_of(kind).moves_list:
        return _write(heads.get(quote=quote), quote, kind, actor, facts)
    # In one statement: under the quote's lock nothing that lists show changes while this waits for the head.
    head = heads.select_related("quote").annotate(**list_columns.looked_up()).get(quote=quote)
    event = _write(head, quote, kind, actor, facts)
    list_columns.store(quote, list_columns.facts_with(head, event))
    for follow in followers():
        follow(head.quote)
    return event


def _write(head: JournalHead, quote: Quote, kind: str, actor: Actor, facts: dict[str, Any]) -> QuoteEvent:
    now = timezone.now()
    record = canonical(
        {
            "schema": 1,
            "quote": quote.number,
            "seq": head.seq + 1,
            "at": now.isoformat(timespec="microseconds"),
            "event": kind,
            "actor": asdict(actor),
            "facts": facts,
            "software": SOFTWARE,
        }
    )
    head.seq, head.hash = head.seq + 1, chained(head.hash, record)
    head.save(update_fields=["seq", "hash"])
    return QuoteEvent.objects.create(
        quote=quote, seq=head.seq, kind=kind, at=now, record=record, hash=head.hash
    )


def first_bad_row(quote: Quote) -> int | None:
    """Recompute the chain; the number of the first row that does not hold, None when all do."""
    previous, seq = GENESIS, 0
    for row in places(quote):
        seq += 1
        if row.seq != seq or (isinstance(row, QuoteEvent) and not _holds(row, previous)):
            return seq
        previous = row.hash
    head = JournalHead.objects.get(quote=quote)
    return None if (head.seq, head.hash) == (seq, previous) else seq + 1


def places(quote: Quote) -> Iterator[QuoteEvent | PurgedEvent]:
    """Every place of the chain; of a row that was purged, its hash. Whether that was allowed: signing's audit."""
    kept, gone = quote.events.order_by("seq"), quote.purged_events.order_by("seq")
    return heapq.merge(kept, gone, key=lambda row: row.seq)


def _holds(event: QuoteEvent, previous: str) -> bool:
    """The row's hash continues the chain, and its columns say what its record says."""
    if event.hash != chained(previous, event.record):
        return False
    said = event.document
    return (said["seq"], said["event"], said["at"]) == (
        event.seq,
        event.kind,
        event.at.isoformat(timespec="microseconds"),
    )
