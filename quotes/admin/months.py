"""A year of quotes in months: what was signed, how much of what was sent, how long it took."""

from __future__ import annotations

import datetime as dt
import statistics
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from django.contrib.auth.models import User
from django.core.cache import cache
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncMonth

from quotes import french
from quotes.models import Quote
from quotes.models.quote import sees_all, today_in_paris
from quotes.money import ZERO

YEAR = 12
CLOSED_FOR = dt.timedelta(hours=1)
STANDS = ~Q(state=Quote.State.WITHDRAWN)


@dataclass
class Month:
    """`sent` counts quotes by their first sending, `of_these_signed` those of them that are signed by now."""

    first: dt.date
    signed: int = 0
    amount: Decimal = ZERO
    sent: int = 0
    of_these_signed: int = 0
    median: dt.timedelta | None = None
    durations: list[dt.timedelta] = field(default_factory=list, repr=False)

    @property
    def key(self) -> str:
        """As the list's filters have it."""
        return f"{self.first:%Y-%m}"

    @property
    def name(self) -> str:
        return f"{french.MONTHS[self.first.month - 1]}{french.NBSP}{self.first.year}"


def start(day: dt.date) -> dt.datetime:
    """The first moment of a day in Paris."""
    return dt.datetime.combine(day, dt.time(), tzinfo=french.PARIS)


def following(first: dt.date) -> dt.date:
    return (first + dt.timedelta(days=31)).replace(day=1)


def back(first: dt.date, *, months: int) -> dt.date:
    year, month = divmod(first.year * 12 + first.month - 1 - months, 12)
    return dt.date(year, month + 1, 1)


def first_of_year() -> dt.date:
    """The first day of the twelve months that are shown, this one included."""
    return back(today_in_paris().replace(day=1), months=YEAR - 1)


def year_of(user: User) -> list[Month]:
    """Oldest first. Months that are over are read once an hour, the current one each time."""
    this = today_in_paris().replace(day=1)
    scope = "all" if sees_all(user) else str(user.pk)
    quotes = Quote.objects.visible_to(user)
    closed = cache.get_or_set(
        f"months-{scope}-{this}",
        lambda: _read(quotes, first_of_year(), this),
        CLOSED_FOR.total_seconds(),
    )
    return [*(closed or ()), *_read(quotes, this, following(this))]


def _read(quotes: QuerySet[Quote], first: dt.date, end: dt.date) -> list[Month]:
    """Two queries, whatever the span; both along an index of the dates."""
    months = {month.first: month for month in _empty(first, end)}
    span = (start(first), start(end))
    signed = quotes.filter(STANDS, accepted_at__gte=span[0], accepted_at__lt=span[1])
    for accepted_at, sent_at, total in signed.values_list("accepted_at", "first_sent_at", "shown_total"):
        month = months[french.in_paris(accepted_at).date().replace(day=1)]
        month.signed, month.amount = month.signed + 1, month.amount + total
        if sent_at is not None:
            month.durations.append(accepted_at - sent_at)
    for first_day, sent, of_these in _cohorts(quotes, span):
        months[first_day].sent, months[first_day].of_these_signed = sent, of_these
    return [_with_median(month) for month in months.values()]


def _empty(first: dt.date, end: dt.date) -> Iterable[Month]:
    while first < end:
        yield Month(first)
        first = following(first)


def _cohorts(
    quotes: QuerySet[Quote], span: tuple[dt.datetime, dt.datetime]
) -> Iterable[tuple[dt.date, int, int]]:
    sent = quotes.filter(first_sent_at__gte=span[0], first_sent_at__lt=span[1]).order_by()
    grouped = sent.annotate(month=TruncMonth("first_sent_at", tzinfo=french.PARIS)).values("month")
    counted = grouped.annotate(
        sent=Count("pk"), signed=Count("pk", filter=Q(accepted_at__isnull=False) & STANDS)
    )
    return ((row["month"].date(), row["sent"], row["signed"]) for row in counted)


def _with_median(month: Month) -> Month:
    if month.durations:
        seconds = statistics.median(duration.total_seconds() for duration in month.durations)
        month.median, month.durations = dt.timedelta(seconds=round(seconds)), []
    return month
