"""The charts of the first page: drawn here as bars, told beside them in words and in a table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.contrib.auth.models import User
from django.urls import reverse

from lib import french
from logisav.desk.quotes import months
from logisav.desk.quotes.months import Month

TOP, FLOOR, STEP, BAR = 22, 98, 22, 14


@dataclass(frozen=True)
class Bar:
    """In the units of the drawing; `initial` stands under it."""

    x: int
    y: int
    height: int
    middle: int
    initial: str
    is_current: bool


@dataclass(frozen=True)
class MonthRow:
    """One month of the table."""

    name: str
    cells: tuple[str, ...]
    url: str


@dataclass(frozen=True)
class Chart:
    """`headline` links to `url`; `meaning` says how it is counted; `empty` stands where nothing is there yet."""

    slug: str
    title: str
    headline: str
    url: str
    meaning: str
    highest: str
    bars: Sequence[Bar]
    heads: tuple[str, ...]
    rows: Sequence[MonthRow]
    empty: str

    @property
    def is_empty(self) -> bool:
        return not any(bar.height for bar in self.bars)


def charts(user: User) -> list[Chart]:
    year = months.year_of(user)
    return [_amounts(year), _conversion(year), _time_to_sign(year)]


def _amounts(year: list[Month]) -> Chart:
    this = year[-1]
    counted = f"{this.signed}{french.NBSP}devis"
    return Chart(
        slug="amounts",
        title="Montants signés",
        headline=f"{french.money(this.amount)} en {this.name} ({counted})",
        url=_signed(this.key),
        meaning="Total TTC des devis signés dans le mois, sans ceux qui ont été rétractés.",
        highest=french.money(max(month.amount for month in year)),
        bars=_bars(year, lambda month: month.amount),
        heads=("Mois", "Devis signés", "Total TTC"),
        rows=[
            MonthRow(month.name, (str(month.signed), french.money(month.amount)), _signed(month.key))
            for month in reversed(year)
        ],
        empty="Aucun devis signé depuis douze mois. Le premier paraîtra ici.",
    )


def _conversion(year: list[Month]) -> Chart:
    sent, signed = sum(month.sent for month in year), sum(month.of_these_signed for month in year)
    return Chart(
        slug="conversion",
        title="Taux de signature",
        headline=f"{_rate(signed, sent)} des {sent} devis envoyés en douze mois",
        url=_sent(LAST_YEAR),
        meaning="Part des devis envoyés dans le mois, pour la première fois, qui sont signés à ce jour.",
        highest=_rate_of(max(year, key=_share)),
        bars=_bars(year, _share),
        heads=("Mois d'envoi", "Envoyés", "Dont signés", "Taux"),
        rows=[
            MonthRow(
                month.name,
                (str(month.sent), str(month.of_these_signed), _rate_of(month)),
                _sent(month.key),
            )
            for month in reversed(year)
        ],
        empty="Aucun devis envoyé depuis douze mois. Le taux paraîtra ici avec le premier.",
    )


def _time_to_sign(year: list[Month]) -> Chart:
    last = next((month for month in reversed(year) if month.median is not None), year[-1])
    return Chart(
        slug="time",
        title="Délai de signature",
        headline=f"{duration(last.median)} en {last.name}",
        url=_signed(last.key),
        meaning="Délai médian entre le premier envoi et la signature\u00a0: la moitié des clients signe plus vite.",
        highest=duration(max(month.median or dt.timedelta() for month in year)),
        bars=_bars(year, lambda month: Decimal((month.median or dt.timedelta()).total_seconds())),
        heads=("Mois de signature", "Devis signés", "Délai médian"),
        rows=[
            MonthRow(month.name, (str(month.signed), duration(month.median)), _signed(month.key))
            for month in reversed(year)
        ],
        empty="Aucun devis signé depuis douze mois. Le délai paraîtra ici avec le premier.",
    )


LAST_YEAR = "12-mois"


def _signed(month: str) -> str:
    return f"{reverse('admin:quotes_quote_changelist')}?signe={month}"


def _sent(month: str) -> str:
    return f"{reverse('admin:quotes_quote_changelist')}?envoye={month}"


def _bars(year: list[Month], value: Callable[[Month], Decimal]) -> list[Bar]:
    """A value that is there shows at least a line."""
    highest = max(value(month) for month in year) or Decimal(1)
    bars = []
    for rank, month in enumerate(year):
        share = value(month) / highest
        height = max(int(share * (FLOOR - TOP)), 2) if share else 0
        bars.append(
            Bar(
                x=rank * STEP + (STEP - BAR) // 2,
                y=FLOOR - height,
                height=height,
                middle=rank * STEP + STEP // 2,
                initial=french.MONTHS[month.first.month - 1][0].upper(),
                is_current=rank == len(year) - 1,
            )
        )
    return bars


def _share(month: Month) -> Decimal:
    return Decimal(month.of_these_signed) / month.sent if month.sent else Decimal(0)


def _rate_of(month: Month) -> str:
    return _rate(month.of_these_signed, month.sent)


def _rate(part: int, whole: int) -> str:
    return french.percent(str(round(Decimal(100 * part) / whole))) if whole else "–"


def duration(span: dt.timedelta | None) -> str:
    """`3 jours`, `5 heures`, `12 minutes`."""
    if span is None:
        return "–"
    minutes = int(span.total_seconds()) // 60
    for size, one in ((60 * 24, "jour"), (60, "heure"), (1, "minute")):
        if minutes >= size:
            count = round(minutes / size)
            return f"{count}{french.NBSP}{one}{'s' if count > 1 else ''}"
    return f"moins d'une{french.NBSP}minute"
