"""What is told of each subject: how it stands, a figure in words, what to do, and since when."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from django.utils import timezone

LATE = dt.timedelta(minutes=5)
BROKEN = dt.timedelta(minutes=15)


class Level(StrEnum):
    OK = "ok"
    LATE = "late"
    BROKEN = "broken"

    @property
    def word(self) -> str:
        return {"ok": "Bon", "late": "À surveiller", "broken": "En panne"}[self]

    @property
    def tone(self) -> str:
        """Of its pill on the desk: green, orange, red."""
        return {"ok": "ok", "late": "warn", "broken": "bad"}[self]


@dataclass(frozen=True)
class Fact:
    """`since`: when what is wrong began, if that is known. `value`: the figure as a number, in `unit`."""

    name: str
    subject: str
    level: Level
    figure: str
    to_do: str = ""
    since: dt.datetime | None = None
    value: float | None = None
    unit: str = ""

    @property
    def is_well(self) -> bool:
        return self.level is Level.OK


def level_since(since: dt.datetime | None) -> Level:
    """The one rule for whatever should be done at once: orange after 5 minutes, red after 15."""
    age = timezone.now() - since if since else dt.timedelta()
    return Level.BROKEN if age >= BROKEN else Level.LATE if age >= LATE else Level.OK


def seconds_since(since: dt.datetime | None) -> float:
    return max((timezone.now() - since).total_seconds(), 0.0) if since else 0.0


def duration(since: dt.datetime) -> str:
    """« 45 s », « 12 min », « 3 h », « 2 jours »."""
    seconds = int(seconds_since(since))
    if seconds < 60:
        return f"{seconds}\u00a0s"
    if seconds < 3600:
        return f"{seconds // 60}\u00a0min"
    if seconds < 48 * 3600:
        return f"{seconds // 3600}\u00a0h"
    return f"{seconds // 86400}\u00a0jours"
