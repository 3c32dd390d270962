"""The sample company has a past: its quotes are made by the same verbs as any, at the moment when they happened.

Moving rows back in time would break the journals; so the clock is moved instead, in this one process.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from django.utils import timezone


class _AnyDatetime(type):
    """Django asks the class that we replace also whether a value is a datetime."""

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, dt.datetime)


@contextmanager
def at(moment: dt.datetime) -> Iterator[None]:
    """Inside the block `timezone.now()` runs on from `moment`, model defaults included."""
    shift = moment - dt.datetime.now(dt.UTC)

    class Clock(metaclass=_AnyDatetime):
        @staticmethod
        def now(tz: dt.tzinfo | None = None) -> dt.datetime:
            return (dt.datetime.now(dt.UTC) + shift).astimezone(tz)

    with mock.patch.object(timezone, "datetime", Clock):
        yield
