"""The days that the law counts, as dates in Paris. Pure.

A period that would end on a Saturday, a Sunday or a public holiday goes on to the end of the next working day (art.
L221-19). It ends with its last day, at midnight in Paris.
"""

from __future__ import annotations

import datetime as dt

from dateutil.easter import easter
from dateutil.relativedelta import relativedelta

from lib.french import PARIS

DAYS = 14  # to withdraw (art. L221-18), from the day after the conclusion or the last delivery
REFUND_DAYS = 14  # from the day on which the trader learns of the withdrawal (art. L221-24)
INTEREST_AFTER = relativedelta(months=3)
NO_MONEY_DAYS = 7  # whole days after a contract off premises (art. L221-10)
BADLY_INFORMED = relativedelta(
    months=12
)  # longer, where the notice was missing or of the wrong kind (art. L221-20)
ONE_DAY = dt.timedelta(days=1)
FIXED_HOLIDAYS = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
AFTER_EASTER = (1, 39, 50)  # Easter Monday, Ascension, Whit Monday


def last_day(start: dt.date, *, is_badly_informed: bool = False) -> dt.date:
    """The last day of the period, included, that runs from the day after `start`."""
    day = _working(start + dt.timedelta(days=DAYS))
    return _working(day + BADLY_INFORMED) if is_badly_informed else day


def _working(day: dt.date) -> dt.date:
    while not is_working_day(day):
        day += ONE_DAY
    return day


def end_of(day: dt.date) -> dt.datetime:
    """The first instant at which it is too late: midnight in Paris after this day."""
    return dt.datetime.combine(day + ONE_DAY, dt.time(), tzinfo=PARIS)


def first_day_for_money(concluded: dt.date) -> dt.date:
    return concluded + dt.timedelta(days=NO_MONEY_DAYS + 1)


def refund_by(known_on: dt.date) -> dt.date:
    """The last day on which what was paid goes back to the customer."""
    return known_on + dt.timedelta(days=REFUND_DAYS)


def interest_from(paid_on: dt.date) -> dt.date:
    """From when on a sum that a consumer paid in advance bears interest at the legal rate (art. L214-2)."""
    return paid_on + INTEREST_AFTER


def is_working_day(day: dt.date) -> bool:
    """Neither Saturday, Sunday nor a public holiday (art. L3133-1 C. trav.)."""
    return (
        day.weekday() < 5
        and (day.month, day.day) not in FIXED_HOLIDAYS
        and (day - easter(day.year)).days not in AFTER_EASTER
    )
