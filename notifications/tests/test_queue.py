"""One runner for every queue: claims, lets go, keeps what goes wrong, and never ends at a bad row."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from notifications import queue
from notifications.models import QueueEntry
from notifications.queue import JobOutcome

pytestmark = pytest.mark.django_db
NAME = "test"


class Away(Exception):
    """The service does not answer."""


SERVICE = queue.Service("somebody", away=(Away,), after=2)


def declared(work: Callable[[int], object], **options: Any) -> queue.DatedQueue:
    """Rows 1 to 5 are due."""
    return queue.dated(NAME, **{"find": lambda: [1, 2, 3, 4, 5], "work": work} | options)


def entry(row: int) -> QueueEntry:
    return QueueEntry.objects.get(queue=NAME, row=row)


def make_due() -> None:
    QueueEntry.objects.update(next_try_at=timezone.now())


def failing(error: Exception, *, rows: set[int]) -> tuple[list[int], Callable[[int], None]]:
    """Work that raises for these rows, and notes what it was asked for."""
    asked: list[int] = []

    def work(row: int) -> None:
        asked.append(row)
        if row in rows:
            raise error

    return asked, work


def test_a_bad_row_keeps_no_other_from_its_turn() -> None:
    asked, work = failing(ZeroDivisionError("by nothing"), rows={2})
    assert queue.sweep(declared(work)) == 5
    assert asked == [1, 2, 3, 4, 5]
    kept = QueueEntry.objects.get()
    assert (kept.row, kept.attempts, kept.claimed_until) == (2, 1, None)
    assert kept.error == "ZeroDivisionError: by nothing"


def test_it_is_put_off_and_done_when_it_works_again() -> None:
    work = failing(ZeroDivisionError(), rows={2})[1]
    queue.sweep(declared(work))
    asked, well = failing(ZeroDivisionError(), rows=set())
    only_two = declared(well, find=lambda: [2])
    assert queue.sweep(only_two) == 0
    make_due()
    assert queue.sweep(only_two) == 1
    assert asked == [2]
    assert not QueueEntry.objects.exists()


def test_what_fell_away_meanwhile_is_forgotten() -> None:
    work = failing(ZeroDivisionError(), rows={1, 2})[1]
    queue.sweep(declared(work))
    queue.sweep(declared(work, find=lambda: [2]))
    assert [kept.row for kept in QueueEntry.objects.all()] == [2]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("GET /l/3kVx_9-secret/ failed", "/l/…/"),
        ("code 123 456 is wrong", "code ••••••"),
        ("title \x0b\x00\uffff here", "title \ufffd\ufffd\ufffd here"),
    ],
)
def test_what_is_kept_has_no_secret_and_nothing_that_a_database_refuses(said: str, kept: str) -> None:
    queue.sweep(declared(failing(ValueError(said), rows={1})[1]))
    assert kept in entry(1).error


def test_a_service_that_does_not_answer_is_left_alone_for_the_pass() -> None:
    asked, work = failing(Away(), rows={1, 2, 3, 4, 5})
    broken = declared(work, services=(SERVICE,))
    other, well = failing(Away(), rows=set())
    elsewhere = queue.dated("elsewhere", find=lambda: [7], work=well)
    also_there = queue.dated("also there", find=lambda: [8], work=well, services=(SERVICE,))
    queue.sweep(broken, also_there, elsewhere)
    assert asked == [1, 2]
    assert other == [7]
    assert entry(3).attempts == 0


def test_rows_about_which_there_is_nothing_to_do_make_room_for_those_behind_them() -> None:
    asked: list[int] = []

    def work(row: int) -> bool:
        asked.append(row)
        return row > 3

    small = declared(work, batch=3)
    assert queue.sweep(small) == 0
    assert queue.sweep(small) == 2
    assert asked == [1, 2, 3, 4, 5]


def test_looking_in_vain_is_no_failed_try() -> None:
    """Else the first hiccup after many of them would be told as the last of many."""
    reported: list[int] = []
    waiting = declared(
        lambda row: False, find=lambda: [1], tells_after=3, tell=lambda row, reason: reported.append(row)
    )
    for _ in range(5):
        queue.sweep(waiting)
        make_due()
    assert entry(1).attempts == 0
    queue.sweep(
        declared(
            failing(Away(), rows={1})[1], find=lambda: [1], tells_after=3, tell=lambda *_: reported.append(1)
        )
    )
    assert (entry(1).attempts, reported) == (1, [])


def test_tries_are_counted_as_far_as_the_column_goes() -> None:
    queue.sweep(declared(failing(Away(), rows={1})[1], find=lambda: [1]))
    QueueEntry.objects.update(attempts=32_000, next_try_at=timezone.now())
    queue.sweep(declared(failing(Away(), rows={1})[1], find=lambda: [1]))
    assert entry(1).attempts == 32_000


def test_failures_that_are_the_rows_own_hold_nobody() -> None:
    asked, work = failing(ZeroDivisionError(), rows={1, 2, 3, 4, 5})
    queue.sweep(declared(work, services=(SERVICE,)))
    assert asked == [1, 2, 3, 4, 5]


def test_an_answer_between_two_failures_counts() -> None:
    asked, work = failing(Away(), rows={1, 3, 5})
    queue.sweep(declared(work, services=(SERVICE,)))
    assert asked == [1, 2, 3, 4, 5]


def test_a_pass_ends_with_its_time() -> None:
    asked: list[int] = []

    def slow(row: int) -> None:
        asked.append(row)
        time.sleep(0.1)

    assert queue.sweep(declared(slow, budget=0.15)) == 2
    assert asked == [1, 2]


def test_one_is_told_once_and_a_failure_to_tell_is_made_up_for() -> None:
    reported: list[str] = []

    def tell(row: int, reason: str) -> None:
        reported.append(reason)
        if len(reported) == 1:
            raise ConnectionError("not now")

    work = failing(ZeroDivisionError(), rows={1})[1]
    for _ in range(6):
        queue.sweep(declared(work, find=lambda: [1], tells_after=3, tell=tell))
        make_due()
    assert reported == ["ZeroDivisionError"] * 2
    assert entry(1).attempts == 6
    assert entry(1).told_at is not None


def test_giving_up_comes_at_the_last_try_and_leaves_the_row_to_whoever_gave_up() -> None:
    given: list[str] = []
    work = failing(ZeroDivisionError(), rows={1})[1]
    rule = {"gives_up": queue.GiveUp(tries=2), "give_up": lambda row, error, reason: given.append(reason)}
    few = declared(work, find=lambda: [1], **rule)
    queue.sweep(few)
    make_due()
    pk = entry(1).pk
    assert queue.run(few, pk) is JobOutcome.GIVEN_UP
    assert given == ["ZeroDivisionError"]


def test_a_row_at_which_every_worker_dies_is_given_up_without_another_try() -> None:
    asked, work = failing(ZeroDivisionError(), rows=set())
    given: list[str] = []
    rule = {"gives_up": queue.GiveUp(tries=2), "give_up": lambda row, error, reason: given.append(reason)}
    few = declared(work, find=lambda: [1], **rule)
    QueueEntry.objects.create(queue=NAME, row=1, attempts=2)
    assert queue.run(few, entry(1).pk) is JobOutcome.GIVEN_UP
    assert (asked, given) == ([], ["Le programme s'est arrêté à chaque essai."])


def test_a_claim_that_ran_out_is_taken_over_and_the_late_one_changes_nothing() -> None:
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        QueueEntry.objects.create(queue=NAME, row=1, next_try_at=start)
        entries = QueueEntry.objects.of(NAME)
        late = entries.claim(entry(1).pk, lease=dt.timedelta(minutes=3))
        assert late is not None
        assert entries.claim(late.pk, lease=dt.timedelta(minutes=3)) is None
        clock.shift(dt.timedelta(minutes=3))
        second = entries.claim(late.pk, lease=dt.timedelta(minutes=3))
        assert second is not None
        entries.put_off(late, reason="too late")
        entries.release(late)
    assert (entry(1).claimed_until, entry(1).error) == (second.claimed_until, "")


def test_the_pauses_grow_from_five_seconds_to_half_an_hour() -> None:
    pauses = [queue.pause(attempts).total_seconds() for attempts in (1, 2, 3, 9, 10, 11, 30_000)]
    assert pauses == [5, 10, 20, 1280, 1800, 1800, 1800]
