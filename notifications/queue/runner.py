"""The one runner: claim a row, do its work, and keep whatever goes wrong with the row itself."""

from __future__ import annotations

import enum
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from lib import metrics
from notifications.masking import mask
from notifications.queue.holding import holding
from notifications.queue.jobs import DiedAtEachTry, Queue, Service
from notifications.queue.rows import Row

LONGEST_REASON = 2000
log = logging.getLogger(__name__)


class JobOutcome(enum.Enum):
    NOT_DUE = "not due, nothing to do, or somebody else has it"
    DONE = "done"
    LATER = "to be tried again"
    AWAY = "to be tried again: a service does not answer"
    GIVEN_UP = "will not be tried again"


class Breakers:
    """Of one pass: the services that did not answer, so that the rest of their rows waits for the next pass."""

    def __init__(self) -> None:
        self.failures: Counter[str] = Counter()

    def hold(self, queue: Queue[Any]) -> bool:
        return any(self.failures[service.name] >= service.after for service in queue.services)

    def answered(self, services: Iterable[Service]) -> None:
        for service in services:
            self.failures[service.name] = 0


def run(queue: Queue[Row], pk: int, *, early: bool = False, breakers: Breakers | None = None) -> JobOutcome:
    """Do this row's work now if it is due and nobody else is at it. `early`: its pause does not count."""
    since = time.monotonic()
    row = None if queue.stands_still else queue.rows().claim(pk, lease=queue.lease, early=early)
    if row is None:
        return JobOutcome.NOT_DUE
    start = time.perf_counter()
    outcome = _work(queue, row, breakers or Breakers(), since=since)
    metrics.observe(metrics.JOBS, time.perf_counter() - start, queue.name, outcome.name.lower())
    return outcome


def _work(queue: Queue[Row], row: Row, breakers: Breakers, *, since: float) -> JobOutcome:
    try:
        if queue.gives_up.died_too_often(row):
            raise DiedAtEachTry("Le programme s'est arrêté à chaque essai.")
        with holding(row, queue.rows(), lease=queue.lease, since=since):
            idle = queue.work(row) is False
    except Exception as error:  # noqa: BLE001 - whatever a job raises is kept with its row
        return _failed(queue, row, error, breakers)
    breakers.answered(queue.services)
    if idle:
        queue.rows().rest(row)
        return JobOutcome.NOT_DUE
    queue.rows().release(row)
    return JobOutcome.DONE


def _failed(queue: Queue[Row], row: Row, error: Exception, breakers: Breakers) -> JobOutcome:
    expected: tuple[type[Exception], ...] = (DiedAtEachTry, *queue.expected)
    reason, foreseen = words(error, expected=expected), isinstance(error, expected)
    log.log(
        logging.WARNING if foreseen else logging.ERROR,
        "%s %s, try %s: %s",
        queue.name,
        row.pk,
        row.attempts,
        reason,
        exc_info=None if foreseen else error,
    )
    try:
        if queue.give_up is not None and queue.gives_up.has_come(row, error):
            queue.give_up(row, error, reason)
            return JobOutcome.GIVEN_UP
        if _is_to_be_reported(queue, row, error):
            _tell(queue, row, reason)
    except Exception:
        # Giving up or telling has failed itself: the row stays, and the next try comes back to it.
        log.exception("%s %s cannot be told", queue.name, row.pk)
    queue.rows().put_off(row, reason=reason)
    away = [service for service in queue.services if isinstance(error, service.away)]
    for service in away:
        breakers.failures[service.name] += 1
    return JobOutcome.AWAY if away else JobOutcome.LATER


def words(error: Exception, *, expected: tuple[type[Exception], ...] = ()) -> str:
    """What is kept of a failure: no secret, and no character that a database or an XML file refuses."""
    said, name = str(error), type(error).__name__
    text = (said or name) if isinstance(error, expected) else f"{name}: {said}".rstrip(": ")
    return "".join(
        char if char.isprintable() or char in "\n\u00a0\u202f" else "\ufffd" for char in mask(text)
    )[:LONGEST_REASON]


def _is_to_be_reported(queue: Queue[Row], row: Row, error: Exception) -> bool:
    often = 0 < queue.tells_after <= row.attempts
    return often and row.told_at is None and not isinstance(error, queue.reported_otherwise)


@transaction.atomic
def _tell(queue: Queue[Row], row: Row, reason: str) -> None:
    """Once. `tell` locks what it needs before the row is touched, as every verb does."""
    if queue.tell is None:
        return
    queue.tell(row, reason)
    unreported = queue.rows().waiting().filter(pk=row.pk, told_at=None)
    if not unreported.update(told_at=timezone.now()):
        transaction.set_rollback(True)  # done meanwhile, or told by somebody else


# Sweeps


@dataclass(frozen=True)
class Chore:
    """House-keeping: statements about many rows at once, with nobody to be told."""

    name: str
    do: Callable[[], int]


def sweep(*parts: Queue[Any] | Chore, breakers: Breakers | None = None) -> int:
    """One pass over these queues, in order; nothing that fails keeps the rest from its turn. Returns rows taken up."""
    breakers = breakers or Breakers()
    taken = 0
    for part in parts:
        try:
            taken += part.do() if isinstance(part, Chore) else _pass(part, breakers)
        except Exception:
            log.exception("the sweep of %s failed", part.name)
    return taken


def _pass(queue: Queue[Any], breakers: Breakers) -> int:
    """What is due, until the queue's time is over or a service that it needs does not answer."""
    end, taken = time.monotonic() + queue.budget, 0
    if queue.stands_still:
        return 0
    for pk in queue.due():
        if breakers.hold(queue) or time.monotonic() >= end:
            break
        try:
            taken += run(queue, pk, breakers=breakers) is not JobOutcome.NOT_DUE
        except Exception:
            # The database itself: its row comes back when the claim has run out.
            log.exception("%s %s", queue.name, pk)
    return taken
