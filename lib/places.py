"""Few at once: places that all processes of this installation share, for work that would crowd out the rest."""

from __future__ import annotations

import hashlib
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


class Busy(Exception):
    """No place got free in time."""


@contextmanager
def place(name: str, *, most: int, patience: float = 0) -> Iterator[None]:
    """One of so many places of this name. Raises Busy when none gets free in time.

    A name in Linux' abstract namespace (unix(7)) belongs to one socket at a time, leaves no file behind, and is free
    again when its process ends, however that may be.
    """
    digest = hashlib.sha256(f"{ROOT}\n{os.getuid()}\n{name}".encode()).hexdigest()
    end = time.monotonic() + patience
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as taken:
        while not any(_is_bound(taken, f"\0logisav-{digest}-{number}") for number in range(most)):
            if time.monotonic() >= end:
                raise Busy
            time.sleep(0.05)
        yield


def _is_bound(one: socket.socket, name: str) -> bool:
    try:
        one.bind(name)
    except OSError:
        return False
    return True
