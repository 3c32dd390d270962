"""What goes of quotes that never became a contract: rows of their journals under a permit, and all that is personal.

Only `manage.py purge` calls it, inside a transaction that has the quotes' locks and writes the permit into the staff's
journal too. docs/evidence.md, "What a purge leaves".
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import PurePath
from typing import Any

from django.core.files.storage import default_storage
from django.db import models
from django.utils import timezone

from quotes.content import canonical
from quotes.journal import SOFTWARE
from quotes.models import (
    AccessLink,
    Aid,
    Answer,
    Customer,
    Declaration,
    DraftPdf,
    ItemEnclosure,
    JournalHead,
    PurgedEvent,
    PurgedFile,
    PurgeOpening,
    PurgePermit,
    Question,
    Quote,
    QuoteEnclosure,
    QuoteEvent,
    QuoteLine,
    QuoteVersion,
    Turn,
)
from quotes.models.quote import new_public_id

Ranges = dict[str, list[list[int]]]
# Of a quote's row these stay, and its dates; whatever column is added later goes, unless it is named here.
KEPT = frozenset({"id", "number", "state", "owner", "last_kind"})


def remove_traces(quotes: Sequence[Quote]) -> PurgePermit | None:
    """Rows that hold somebody's address or browser; the others stay. None: there is none."""
    rows = [row for row in _journals(quotes) if row.actor["ip"] or row.actor["agent"]]
    Quote.objects.filter(pk__in=[quote.pk for quote in quotes]).update(traces_purged_at=timezone.now())
    return _remove(rows, rule="traces") if rows else None


def erase(quotes: Sequence[Quote]) -> PurgePermit | None:
    """Whole quotes: what hangs on them first, then their journals, then the row itself. None: nothing was written."""
    ids = [quote.pk for quote in quotes]
    rows = list(_journals(quotes))
    names = sorted(_files(quotes))
    PurgedFile.objects.bulk_create([PurgedFile(name=name) for name in names], ignore_conflicts=True)
    Answer.objects.filter(question__quote__in=ids).delete()
    for model in (
        *(Question, AccessLink, DraftPdf, QuoteLine, Aid, QuoteEnclosure),
        *(Declaration, QuoteVersion),
    ):
        model._default_manager.filter(quote__in=ids).delete()
    permit = _remove(rows, rule="prospects") if rows else None
    blank = _blank() | {"customer": Customer.objects.erased()}
    for quote in quotes:
        Quote.objects.filter(pk=quote.pk).update(**blank, public_id=new_public_id())
    return permit


def _files(quotes: Sequence[Quote]) -> set[str]:
    """What is stored of them alone: PDFs of versions, the cadre that travels with some, photos and documents."""
    found = {str(quote.contribution) for quote in quotes if quote.contribution}
    for enclosure in QuoteEnclosure.objects.filter(quote__in=quotes):
        found |= set(enclosure.files)
    for version in QuoteVersion.objects.filter(quote__in=quotes).iterator():
        frozen = version.reading.contribution
        found |= {str(version.pdf)} if version.pdf else set()
        found |= {frozen.path} if frozen else set()
        found |= {name for name, _ in version.reading.enclosed_files}
    return found


def _journals(quotes: Sequence[Quote]) -> Iterable[QuoteEvent]:
    """Their rows as they stand, with the ends of their chains locked."""
    heads = JournalHead.objects.select_for_update(of=("self",), no_key=True).order_by("pk")
    list(heads.filter(quote__in=quotes))
    return QuoteEvent.objects.filter(quote__in=quotes).select_related("quote").order_by("quote", "seq")


def _remove(rows: Sequence[QuoteEvent], *, rule: str) -> PurgePermit:
    """In this order: the permit, its openings, each row's hash, the rows; then the openings, before the commit."""
    permit = _permit({number: _ranges(of_one) for number, of_one in groupby(rows, _number)}, rule=rule)
    ids = {row.quote.number: row.quote_id for row in rows}
    openings = [
        PurgeOpening(permit=permit, quote_id=ids[number], first=first, last=last, closed_id=-permit.pk)
        for number, ranges in permit.said["quotes"].items()
        for first, last in ranges
    ]
    PurgeOpening.objects.bulk_create(openings)
    PurgedEvent.objects.bulk_create(
        [PurgedEvent(quote_id=row.quote_id, seq=row.seq, hash=row.hash) for row in rows]
    )
    for opening in openings:
        QuoteEvent.objects.filter(quote=opening.quote_id, seq__range=(opening.first, opening.last)).delete()
    PurgeOpening.objects.filter(permit=permit).delete()
    return permit


def _permit(ranges: Ranges, *, rule: str) -> PurgePermit:
    now = timezone.now()
    document = canonical(
        {
            "schema": 1,
            "at": now.isoformat(timespec="microseconds"),
            "rule": rule,
            "quotes": ranges,
            "software": SOFTWARE,
        }
    )
    digest = hashlib.sha256(document.encode()).hexdigest()
    return PurgePermit.objects.create(document=document, sha256=digest, made_at=now)


def _number(row: QuoteEvent) -> str:
    return row.quote.number


def _ranges(rows: Iterable[QuoteEvent]) -> list[list[int]]:
    """`[[1, 4], [6, 6]]`: first and last of each run."""
    found: list[list[int]] = []
    for row in rows:
        if found and row.seq == found[-1][1] + 1:
            found[-1][1] = row.seq
        else:
            found.append([row.seq, row.seq])
    return found


def _blank() -> dict[str, Any]:
    """Every column of a quote's row as on the first day, but for what stays."""
    now = timezone.now()
    blank = {
        field.name: field.get_default()
        for field in Quote._meta.concrete_fields
        if field.name not in KEPT and not isinstance(field, models.DateField | models.GeneratedField)
    }
    del blank["customer"], blank["public_id"]
    return blank | {
        "turn": Turn.SETTLED,
        "deposit_kind": Quote.DepositKind.NONE,
        "in_force_until": None,
        "in_force_since": None,
        "next_reminder_at": None,
        "traces_purged_at": now,
        "purged_at": now,
    }


def remove_files() -> int:
    """Those that nothing refers to any more; outside any transaction. Returns files removed."""
    removed = 0
    for row in PurgedFile.objects.order_by("pk").iterator():
        if not _is_needed(row.name):
            default_storage.delete(row.name)
            removed += 1
        row.delete()
    return removed


def _is_needed(name: str) -> bool:
    """What travels with a version is named in its frozen text by its SHA-256, which is its name."""
    if QuoteVersion.objects.filter(pdf=name).exists() or Quote.objects.filter(contribution=name).exists():
        return True
    if not name.startswith(("contributions/", "documents/", "photos/")):
        return False
    for model in (QuoteEnclosure, ItemEnclosure):
        if model._default_manager.filter(models.Q(file=name) | models.Q(small=name)).exists():
            return True
    return QuoteVersion.objects.filter(content__contains=PurePath(name).stem).exists()
