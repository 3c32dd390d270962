"""What `manage.py doctor` tries once: each application declares its own, beside its edge, in `<app>/trials.py`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass


class FellShort(Exception):
    """It does not work; the message says what was seen and what to do."""


@dataclass(frozen=True)
class Reading:
    """The time on somebody else's clock: how far it is `ahead` of ours."""

    clock: str
    ahead: dt.timedelta


@dataclass(frozen=True)
class Tried:
    """What was tried and is well, in words; and what time it is there, where that could be read."""

    words: str
    readings: tuple[Reading, ...] = ()


@dataclass(frozen=True)
class Trial:
    """`attempt` does the thing once, for real, and leaves nothing behind. It raises FellShort."""

    subject: str
    attempt: Callable[[], Tried]
