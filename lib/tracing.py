"""One name for all that a request sets off: its log lines, the tasks that it nudges, the mails that it asks for.

A pass of the sweep has one too. It names and proves nothing: whoever reads logs finds by it what belongs together.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

HEADER = "logisav_trace"  # of a Celery message
LONGEST = 64
SANE = re.compile(rf"[A-Za-z0-9-]{{8,{LONGEST}}}")

_trace: ContextVar[str] = ContextVar("trace", default="")


def current() -> str:
    """Empty outside any request, task or pass."""
    return _trace.get()


@contextmanager
def following(asked: str = "") -> Iterator[str]:
    """For the length of the block: the name that somebody handed on, if it has a sane form, else a new one."""
    name = asked if SANE.fullmatch(asked) else secrets.token_hex(8)
    token = _trace.set(name)
    try:
        yield name
    finally:
        _trace.reset(token)
