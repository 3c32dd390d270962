"""What a queue declares: whose rows, what is done with one, and what happens when that fails."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic

from django.utils import timezone

from notifications import restoration
from notifications.queue.rows import QueueEntry, QueueQuerySet, Row, pause

LEASE = dt.timedelta(seconds=20)  # renewed while somebody is at it, so that a dead worker is missed soon
BATCH = 20
BUDGET = 60.0


class DiedAtEachTry(Exception):
    """Nothing was said at any try: the process that was at it ended each time."""


@dataclass(frozen=True)
class Service:
    """Somebody outside whom a row needs. So many failures in a row that say `away` let the other rows wait."""

    name: str
    away: tuple[type[Exception], ...]
    after: int = 1


@dataclass(frozen=True)
class GiveUp:
    """When a row is not tried again: after so many tries, so long after it was `created_at`, or at once."""

    tries: int = 0
    age: dt.timedelta | None = None
    at_once: tuple[type[Exception], ...] = ()

    def has_come(self, row: Any, error: Exception) -> bool:
        if isinstance(error, self.at_once) or (self.tries and row.attempts >= self.tries):
            return True
        return self.age is not None and timezone.now() + pause(row.attempts) > row.created_at + self.age

    def died_too_often(self, row: Any) -> bool:
        """Its tries are used up, and not one of them came to its end."""
        return bool(self.tries) and row.attempts > self.tries and not row.error


NEVER = GiveUp()


@dataclass(frozen=True, kw_only=True)
class Queue(Generic[Row]):
    """One kind of work. Whatever `work` raises is kept with the row, which is put off or given up.

    `work` answers False when there is nothing to do yet. `give_up` writes down that it is given up, `tell` tells
    somebody, once, after `tells_after` tries. `expected` are the exceptions whose own words say enough; any other is
    logged with its traceback. After a restore a queue stands still until the operator opens the house, unless its work
    stays inside (`while_closed`).
    """

    name: str
    rows: Callable[[], QueueQuerySet[Row]]
    work: Callable[[Row], object]
    lease: dt.timedelta = LEASE
    batch: int = BATCH
    budget: float = BUDGET
    services: tuple[Service, ...] = ()
    gives_up: GiveUp = NEVER
    give_up: Callable[[Row, Exception, str], None] | None = None
    tells_after: int = 0
    tell: Callable[[Row, str], None] | None = None
    reported_otherwise: tuple[type[Exception], ...] = ()
    expected: tuple[type[Exception], ...] = ()
    while_closed: bool = False

    @property
    def stands_still(self) -> bool:
        return not self.while_closed and restoration.is_closed()

    def due(self) -> list[int]:
        """The keys of the rows to be done now, as many as one pass takes."""
        return list(self.rows().due().values_list("pk", flat=True)[: self.batch])


@dataclass(frozen=True, kw_only=True)
class DatedQueue(Queue[QueueEntry]):
    """Work on rows whose table only says the day: `find` gives the keys of all whose day has come.

    The entry carries claim, tries and error; `work` looks again under its own lock whether there is anything to do.
    """

    find: Callable[[], Iterable[int]]

    def due(self) -> list[int]:
        found, entries = list(self.find()), QueueEntry.objects.of(self.name)
        known = dict(entries.values_list("row", "pk"))
        if fallen := known.keys() - set(found):  # answered, paid, cancelled meanwhile
            entries.filter(row__in=fallen).unclaimed().delete()
        new = [row for row in found if row not in known][: self.batch]
        QueueEntry.objects.bulk_create(
            [QueueEntry(queue=self.name, row=row) for row in new], ignore_conflicts=True
        )
        return super().due() if found else []


def dated(
    name: str,
    *,
    find: Callable[[], Iterable[int]],
    work: Callable[[int], object],
    tell: Callable[[int, str], None] | None = None,
    **options: Any,
) -> DatedQueue:
    """`work` and `tell` take the key of the row that was found."""
    return DatedQueue(
        name=name,
        find=find,
        rows=lambda: QueueEntry.objects.of(name),
        work=lambda entry: work(entry.row),
        tell=None if tell is None else lambda entry, reason: tell(entry.row, reason),
        **options,
    )
