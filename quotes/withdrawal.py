"""The consumer's right to withdraw, as dates. Pure.

Fourteen days for contracts at a distance or off premises (art. L221-18 C. conso.); for services from the day after
the conclusion. A period that would end on a Saturday, a Sunday or a public holiday goes on to the end of the next
working day (art. L221-19). It ends with its last day, at midnight in Paris.
"""

from __future__ import annotations

import datetime as dt

from dateutil.easter import easter

from quotes.french import PARIS, in_paris

DAYS = 14
REFUND_DAYS = 14  # from the day on which the trader learns of the withdrawal (art. L221-24)
FIXED_HOLIDAYS = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
AFTER_EASTER = (1, 39, 50)  # Easter Monday, Ascension, Whit Monday


def last_day(concluded_at: dt.datetime) -> dt.date:
    """The last day of the period, included, for a contract concluded at this instant."""
    day = in_paris(concluded_at).date() + dt.timedelta(days=DAYS)
    while not is_working_day(day):
        day += dt.timedelta(days=1)
    return day


def end(concluded_at: dt.datetime) -> dt.datetime:
    """The first instant at which it is too late: midnight in Paris after the last day."""
    return dt.datetime.combine(last_day(concluded_at) + dt.timedelta(days=1), dt.time(), tzinfo=PARIS)


def refund_by(withdrawn_at: dt.datetime) -> dt.date:
    """The last day on which what was paid goes back to the customer."""
    return in_paris(withdrawn_at).date() + dt.timedelta(days=REFUND_DAYS)


def is_working_day(day: dt.date) -> bool:
    """Neither Saturday, Sunday nor a public holiday (art. L3133-1 C. trav.)."""
    return day.weekday() < 5 and (day.month, day.day) not in FIXED_HOLIDAYS and not _is_movable_holiday(day)


def _is_movable_holiday(day: dt.date) -> bool:
    return (day - easter(day.year)).days in AFTER_EASTER
