"""When something that nobody presses is done: days after a version was sent, in Paris' working hours. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from lib.french import PARIS, in_paris
from quotes.law.days import is_working_day

OPENS, CLOSES = dt.time(8), dt.time(20)
MOST_REMINDERS = 3
ONE_DAY = dt.timedelta(days=1)
# A reminder that the owner sends by hand stands for the automatic one that was near.
AFTER_ONE_BY_HAND = 2 * ONE_DAY


def in_hours(moment: dt.datetime) -> dt.datetime:
    """The moment itself between 8 h and 20 h of a working day in Paris, else 8 h of the next one."""
    local = in_paris(moment)
    if OPENS <= local.time() < CLOSES and is_working_day(local.date()):
        return moment
    day = local.date() + ONE_DAY if local.time() >= CLOSES else local.date()
    while not is_working_day(day):
        day += ONE_DAY
    return dt.datetime.combine(day, OPENS, tzinfo=PARIS)


def reminders(sent_at: dt.datetime, days: Sequence[int]) -> list[dt.datetime]:
    """At the hour of the sending, so many calendar days later: the clocks may change in between."""
    local = in_paris(sent_at)
    asked = (
        dt.datetime.combine(local.date() + after * ONE_DAY, local.time(), tzinfo=PARIS)
        for after in sorted(days)[:MOST_REMINDERS]
    )
    return sorted({in_hours(moment) for moment in asked})


def next_reminder(sent_at: dt.datetime, days: Sequence[int], *, after: dt.datetime) -> dt.datetime | None:
    return next((moment for moment in reminders(sent_at, days) if moment > after), None)
