"""Rows as a queue: claimed by a conditional update, tried again later and later.

due → claimed (a lease, so that a killed worker's row comes back) → done, given up, or put off
"""

from __future__ import annotations

import datetime as dt
import math
from typing import Any, ClassVar, Self, TypeVar

from django.db import models
from django.db.models.functions import Least
from django.utils import timezone

Row = TypeVar("Row", bound="ClaimedRow")
FIRST_PAUSE = dt.timedelta(seconds=5)
LONGEST_PAUSE = dt.timedelta(minutes=30)
MOST_ATTEMPTS = 32_000
REST = dt.timedelta(minutes=10)
NOTHING = models.Q(pk__in=[])
STUCK_AFTER = 8  # tries: about ten minutes


def pause(attempts: int) -> dt.timedelta:
    """5 s, 10 s, 20 s … at most 30 minutes."""
    return min(FIRST_PAUSE * (1 << min(max(attempts - 1, 0), 16)), LONGEST_PAUSE)


class QueueQuerySet(models.QuerySet[Row]):
    """What a table says of its rows' turns. One with states of its own says what waits in `waiting`."""

    DUE: ClassVar[str] = "next_try_at"

    def waiting(self) -> Self:
        """Neither done nor given up."""
        return self.filter(done_at=None, failed_at=None)

    def unclaimed(self) -> Self:
        """In nobody's hands, or in those of a worker that is gone."""
        return self.waiting().exclude(claimed_until__gt=timezone.now())

    def due(self) -> Self:
        """To be done now, the first one first."""
        return self.unclaimed().filter(**{f"{self.DUE}__lte": timezone.now()}).order_by(self.DUE, "pk")

    def claim(self, pk: int, *, lease: dt.timedelta, early: bool = False) -> Row | None:
        """Of all who try at the same moment exactly one gets the row. `early`: without waiting for its pause."""
        rows = self.unclaimed() if early else self.due()
        until = timezone.now() + lease
        attempts = Least(
            models.F("attempts") + 1, MOST_ATTEMPTS
        )  # the column ends there, a row may go on for years
        taken = rows.filter(pk=pk).update(claimed_until=until, attempts=attempts, **self.marks_of_claim())
        return self.get(pk=pk) if taken else None

    def release(self, row: Row) -> None:
        """It is done: whoever still holds it lets it go."""
        self.held(row).update(claimed_until=None, error="")

    def rest(self, row: Row) -> None:
        """Nothing could be done about it."""
        self.release(row)

    def put_off(self, row: Row, *, reason: str) -> None:
        """Try again after a pause that grows; whoever took it up meanwhile keeps it."""
        moment = timezone.now() + pause(row.attempts)
        self.held(row).update(claimed_until=None, error=reason, **self.marks_of_pause(row, moment))

    def held(self, row: Row) -> Self:
        """The row under the very claim that it was read with."""
        return self.filter(pk=row.pk, claimed_until=row.claimed_until)

    def given_up(self) -> models.Q:
        """Not tried again by itself."""
        return models.Q(done_at=None, failed_at__isnull=False)

    def stuck(self) -> Self:
        """What does not go on by itself: given up, or tried so often that somebody was told."""
        often = models.Q(told_at__isnull=False) | models.Q(attempts__gte=STUCK_AFTER, error__gt="")
        tried_often = type(self)(self.model).waiting().filter(often)
        return self.filter(self.given_up() | models.Q(pk__in=tried_often.values("pk")))

    def revive(self, pk: int) -> bool:
        """Back to its queue at once, as if it had never been tried; False when it is not stuck, or in good hands."""
        now = timezone.now()
        fresh = {"attempts": 0, "error": "", "told_at": None, "claimed_until": None, self.DUE: now}
        rows = self.stuck().filter(pk=pk).exclude(claimed_until__gt=now)
        return bool(rows.update(**fresh | self.marks_of_revival()))

    def marks_of_revival(self) -> dict[str, Any]:
        return {"failed_at": None}

    def marks_of_claim(self) -> dict[str, Any]:
        return {}

    def marks_of_pause(self, row: Row, moment: dt.datetime) -> dict[str, Any]:
        return {self.DUE: moment}


class ClaimedRow(models.Model):
    """What every queue's row has, whatever its table says of its states."""

    # Until when (monotonic) nobody else can have the claim with which this was read; see holding.py.
    sure_until: float = math.inf

    claimed_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)
    # When somebody was told that it does not go on by itself.
    told_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        abstract = True


class QueuedRow(ClaimedRow):
    """A row that is a queue's entry and nothing else tells where it stands."""

    done_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    next_try_at = models.DateTimeField(default=timezone.now)

    class Meta:
        abstract = True


class QueueEntryQuerySet(QueueQuerySet["QueueEntry"]):
    def of(self, queue: str) -> Self:
        return self.filter(queue=queue)

    def waiting(self) -> Self:
        return self

    def given_up(self) -> models.Q:
        return NOTHING

    def marks_of_revival(self) -> dict[str, Any]:
        return {}

    def undone(self) -> Self:
        """What should be done by now; an entry that rests is not meant."""
        return self.filter(since__lte=timezone.now())

    def release(self, row: QueueEntry) -> None:
        self.held(row).delete()

    def rest(self, row: QueueEntry) -> None:
        """There is nothing to do yet: it makes room for the rows behind it."""
        rested = timezone.now() + REST
        self.held(row).update(
            claimed_until=None, error="", attempts=0, told_at=None, since=rested, next_try_at=rested
        )


class QueueEntry(ClaimedRow):
    """A try at something that its own table only says the day of, such as a reminder: gone once it is done."""

    queue = models.CharField(max_length=40)
    row = models.BigIntegerField()
    next_try_at = models.DateTimeField(default=timezone.now)
    # From when on there is something to do, however often it was put off.
    since = models.DateTimeField(default=timezone.now)

    objects = QueueEntryQuerySet.as_manager()

    class Meta:
        app_label = "notifications"
        verbose_name = "tâche à reprendre"
        verbose_name_plural = "tâches à reprendre"
        constraints = (models.UniqueConstraint(fields=["queue", "row"], name="one_entry_per_row"),)

    def __str__(self) -> str:
        return f"{self.queue} {self.row}"
