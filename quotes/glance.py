"""What lists show of a quote is stored on its row, and refreshed here alone, in the transaction of each fact.

The journal calls `refresh` for every fact that a list tells; whoever saves a working copy calls it after its lines.
Only time moves a quote without a fact: a version that lapses makes it our turn, and the sweep says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.db.models import DateTimeField, Exists, OuterRef, Subquery
from django.db.models.functions import Coalesce

from quotes import registry
from quotes.models import AccessLink, Question, Quote, QuoteEvent, QuoteVersion, Turn
from quotes.models.quote import today_in_paris

# Told in the quote's own timeline; a list would not change for them.
QUIET = ("mail_sent", "code_tried")
PAID = ("deposit_paid", "transfer_confirmed")
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
    facts = facts_of(quote.pk)
    Quote.objects.filter(pk=quote.pk).update(**facts)
    for name, value in facts.items():
        setattr(quote, name, value)
    for follow in registry.followers():
        follow(quote.pk)


def facts_of(quote_id: int) -> dict[str, Any]:
    """From the tables that hold them, whatever is stored."""
    quote: Any = _read().get(pk=quote_id)
    return {
        "turn": _turn(quote),
        "last_kind": quote.event_kind or "created",
        "last_at": quote.event_at,
        "shown_total": _total(quote),
        "in_force_until": quote.version_until,
        "in_force_since": quote.version_since,
        "first_sent_at": quote.sent,
        "opened_at": quote.opened,
        "paid_at": quote.paid,
    }


def _read() -> Any:
    this = OuterRef("pk")
    current = QuoteVersion.objects.filter(quote=this, is_current=True)
    sent = QuoteVersion.objects.filter(quote=this, done_at__isnull=False).order_by("done_at")
    opened = AccessLink.objects.filter(quote=this, opened_at__isnull=False).order_by("opened_at")
    events = QuoteEvent.objects.filter(quote=this).order_by("-seq")
    told, paid = events.exclude(kind__in=QUIET), events.filter(kind__in=PAID)
    return Quote.objects.annotate(
        asked=Exists(Question.objects.filter(quote=this, answer=None)),
        version_until=Subquery(current.values("valid_until")[:1]),
        version_since=Subquery(current.values("done_at")[:1]),
        version_total=Subquery(current.values("total")[:1]),
        sent=Subquery(sent.values("done_at")[:1]),
        opened=Subquery(opened.values("opened_at")[:1]),
        paid=Subquery(paid.values("at")[:1]),
        event_kind=Subquery(told.values("kind")[:1]),
        event_at=Coalesce(Subquery(told.values("at")[:1]), "created_at", output_field=DateTimeField()),
    )


def _turn(quote: Any) -> Turn:
    """Our own work comes first: a question, then what is ours to finish, to send or to renew."""
    lapsed = quote.version_until is not None and quote.version_until < today_in_paris()
    if quote.asked:
        return Turn.QUESTION
    if quote.state == Quote.State.DRAFT or quote.revising:
        return Turn.OURS
    if quote.state in Quote.SIGNABLE:
        return Turn.OURS if lapsed else Turn.THEIRS
    return Turn.THEIRS if quote.state == Quote.State.SENDING else Turn.SETTLED


def _total(quote: Any) -> Decimal:
    """What the customer holds; of a working copy, what its lines make now."""
    if quote.is_editable or quote.version_total is None:
        return Decimal(quote.totals.incl_tax)
    return Decimal(quote.version_total)


def differing(*, batch: int = BATCH) -> Iterator[tuple[int, set[str]]]:
    """Quotes whose stored facts are not what the tables say, with the names of these facts; none, ever."""
    after = 0
    while rows := list(Quote.objects.filter(pk__gt=after).order_by("pk").values("pk", *FIELDS)[:batch]):
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
