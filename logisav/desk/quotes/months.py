"""A year of quotes in months: what was signed, how much of what was sent, how long it took."""

from __future__ import annotations

import datetime as dt
import statistics
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.core.cache import cache
from django.db.models import Aggregate, Count, Q, QuerySet, Sum

from lib import french
from lib.day import today_in_paris
from quotes.models import Quote
from quotes.models.company import sees_all
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
    """Three queries, whatever the span, each along an index of its date."""
    months = list(_empty(first, end))
    span = (start(first), start(end))
    signed = quotes.filter(STANDS, accepted_at__gte=span[0], accepted_at__lt=span[1])
    sent = quotes.filter(first_sent_at__gte=span[0], first_sent_at__lt=span[1])
    _add(
        months,
        "accepted_at",
        signed,
        lambda within: {"signed": Count("pk", filter=within), "amount": Sum("shown_total", filter=within)},
    )
    became = STANDS & Q(accepted_at__isnull=False)
    _add(
        months,
        "first_sent_at",
        sent,
        lambda within: {
            "sent": Count("pk", filter=within),
            "of_these_signed": Count("pk", filter=within & became),
        },
    )
    _add_medians(months, signed)
    return months


def _empty(first: dt.date, end: dt.date) -> Iterator[Month]:
    while first < end:
        yield Month(first)
        first = following(first)


def _add(
    months: list[Month], moment: str, quotes: QuerySet[Quote], sums: Callable[[Q], dict[str, Aggregate]]
) -> None:
    """Compared with the bounds of each month in Paris: SQLite would ask Python what month each row is of."""
    wanted: dict[str, Aggregate] = {}
    for rank, month in enumerate(months):
        bounds = {f"{moment}__gte": start(month.first), f"{moment}__lt": start(following(month.first))}
        wanted |= {f"{name}_{rank}": total for name, total in sums(Q(**bounds)).items()}
    for key, value in quotes.order_by().aggregate(**wanted).items():
        name, _, rank_ = key.rpartition("_")
        setattr(months[int(rank_)], name, value or 0)


def _add_medians(months: list[Month], signed: QuerySet[Quote]) -> None:
    starts = [start(month.first) for month in months]
    seconds: dict[int, list[float]] = defaultdict(list)
    dates = signed.filter(first_sent_at__isnull=False).order_by()
    spans: Any = dates.values_list("accepted_at", "first_sent_at")
    for accepted_at, sent_at in spans.iterator(chunk_size=2000):
        seconds[bisect_right(starts, accepted_at) - 1].append((accepted_at - sent_at).total_seconds())
    for rank, durations in seconds.items():
        months[rank].median = dt.timedelta(seconds=round(statistics.median(durations)))
