"""No number is given twice: after a restore every counter goes on behind all that may have been given.

Seen are the database that was replaced, as far as it could be read, the anchors (its own and those exported), the
proofs in sealed files that are newer than the dump, and what Stripe was told. For what nobody saw there is a margin:
three times what was given in as long a time before the dump, and never less than a hundred.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from django.db import DatabaseError, connection

from lib.day import today_in_paris
from lib.french import in_paris
from logisav.staff import journal
from logisav.staff.journal import By
from notifications import restoration
from quotes.models import NumberCounter, Quote
from signing import seal
from signing.models import Anchor
from signing.proof import certificates

NUMBER = re.compile(r"D-(\d{4})-(\d+)")
LEAST_MARGIN, TIMES = 100, 3
KEYS = 10_000  # how far primary keys jump: a desk address in an old mail must not lead to another quote
Anchors = dict[str, str]


class NotOurs(Exception):
    """An exported anchor that was altered, or is another installation's."""


@dataclass
class Seen:
    """What was there after the dump, from wherever it is known: the last number of each year, anchors by day."""

    last: dict[int, int] = field(default_factory=dict)
    anchors: Anchors = field(default_factory=dict)
    epoch: int = 1

    def note(self, numbers: Iterable[str]) -> None:
        for number in numbers:
            if (found := NUMBER.fullmatch(number)) is not None:
                year, rank = int(found[1]), int(found[2])
                self.last[year] = max(self.last.get(year, 0), rank)

    def note_anchors(self, anchors: Anchors) -> None:
        self.anchors |= anchors
        for document in anchors.values():
            self.note(json.loads(document)["heads"])


def seen_here() -> Seen:
    """In the database that is about to be replaced; nothing where it cannot be read."""
    seen = Seen()
    try:
        seen.epoch = restoration.epoch()
        seen.last = dict(NumberCounter.objects.values_list("year", "last"))
        seen.note_anchors(
            {str(day): document for day, document in Anchor.objects.values_list("day", "document")}
        )
    except DatabaseError:
        connection.close()
    return seen


def exported(folder: Path) -> Anchors:
    """What `verify_evidence --export-anchors` wrote; raises NotOurs for one that the seal did not sign."""
    trusted, found = certificates.ours(), {}
    for path in sorted(folder.glob("*.json")):
        signature = path.with_suffix(".p7s")
        signed = signature.read_bytes() if signature.exists() else b""
        if not seal.check_detached(path.read_bytes(), signed, trusted=trusted).intact:
            raise NotOurs(f"{path} : cet ancrage ne porte pas notre signature.")
        found[path.stem] = path.read_text(encoding="utf-8")
    return found


def jump(seen: Seen, *, dumped_at: dt.datetime, restored_at: dt.datetime) -> list[str]:
    """In the transaction of the new epoch; each gap is written down in the staff's journal."""
    margin = margin_for(dumped_at, restored_at)
    years = {*seen.last, *range(in_paris(dumped_at).year, today_in_paris().year + 1)}
    told = []
    for year in sorted(years):
        counter, _ = NumberCounter.objects.select_for_update().get_or_create(year=year)
        before, known = counter.last, max(counter.last, seen.last.get(year, 0))
        counter.last = known + margin
        counter.save(update_fields=["last"])
        journal.append(
            "changed",
            by=By(None),
            target=f"Numéros de devis {year}, après une restauration",
            before=before,
            after=counter.last,
            vu=known,
            marge=margin,
        )
        told.append(
            f"Devis de {year} : le prochain est D-{year}-{counter.last + 1:04} (vu : {known}, marge : {margin})."
        )
    _jump_keys()
    return told


def margin_for(dumped_at: dt.datetime, restored_at: dt.datetime) -> int:
    as_long_before = dumped_at - (restored_at - dumped_at)
    given = Quote.objects.filter(created_at__gt=as_long_before, created_at__lte=dumped_at).count()
    return max(LEAST_MARGIN, TIMES * given)


def _jump_keys() -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("UPDATE sqlite_sequence SET seq = seq + %s", [KEYS])
            return
        for table in connection.introspection.django_table_names(only_existing=True):
            for sequence in connection.introspection.get_sequences(cursor, table):
                name = connection.ops.quote_name(sequence["name"])
                cursor.execute(f"SELECT setval(%s, last_value + %s) FROM {name}", [name, KEYS])  # noqa: S608 - its own
