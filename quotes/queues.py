"""Rows as a queue: claimed by a conditional update, tried again later and later.

waiting → claimed (a lease, so that a killed worker's row comes back) → done, or postponed
"""

from __future__ import annotations

import datetime as dt
from typing import Self, TypeVar

from django.db import models
from django.utils import timezone

Row = TypeVar("Row", bound="QueuedRow")
FIRST_PAUSE = dt.timedelta(seconds=5)
LONGEST_PAUSE = dt.timedelta(minutes=30)


def pause(attempts: int) -> dt.timedelta:
    """5 s, 10 s, 20 s … at most 30 minutes."""
    return min(FIRST_PAUSE * (1 << min(max(attempts - 1, 0), 16)), LONGEST_PAUSE)


class QueueQuerySet(models.QuerySet[Row]):
    def due(self) -> Self:
        """Not done, not given up, not in another worker's hands, and its pause is over."""
        now = timezone.now()
        return self.filter(done_at=None, failed_at=None, next_try_at__lte=now).exclude(claimed_until__gt=now)

    def claim(self, pk: int, *, lease: dt.timedelta) -> Row | None:
        """Take a due row for `lease`; None when it is done, given up or somebody else's."""
        until = timezone.now() + lease
        taken = self.due().filter(pk=pk).update(claimed_until=until, attempts=models.F("attempts") + 1)
        return self.get(pk=pk) if taken else None


class QueuedRow(models.Model):
    """What a row needs to be a queue's entry."""

    done_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(default=timezone.now)
    error = models.TextField(blank=True)

    class Meta:
        abstract = True

    def postpone(self, reason: str) -> None:
        """Let the row go and try again after a pause that grows."""
        self.claimed_until, self.error = None, reason[:2000]
        self.next_try_at = timezone.now() + pause(self.attempts)
        self.save(update_fields=["claimed_until", "error", "next_try_at"])
