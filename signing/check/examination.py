"""A stranger's PDF looked into: who asks the child process that reads it (see signing/check/examiner.py).

The web process itself parses nothing of the file and never loads pyHanko. Nothing is written to disk. Few are read at
once on the whole machine, fewer for one address, and whatever else runs goes first.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lib import warm

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 15
AT_ONCE = 2  # on this machine: a crowd of files must not take it from those who sign
OF_AN_ADDRESS = 2  # read or waiting
IN_LINE = 4  # read or waiting, from all addresses: who waits holds a thread of the web process
PATIENCE = 5.0  # seconds
LOWER_PRIORITY = ("nice", "-n", "10")
INHERITED = ("LD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH")


class Busy(Exception):
    """Too many files are being read already."""


class UnreadablePdf(Exception):
    """The reading did not come to an end within its limits."""


@dataclass(frozen=True)
class Findings:
    """What the seal tells. `reference` is only what the file claims to be."""

    seal: str
    known_signer: bool
    level: str
    errors: tuple[str, ...]
    reference: str

    @property
    def intact(self) -> bool:
        return self.seal == "intact"


def examine(pdf: bytes, *, trusted: Sequence[bytes], address: str) -> Findings:
    """`address`: the network that asks. Raises Busy or UnreadablePdf."""
    job = {"trusted": [base64.b64encode(certificate).decode() for certificate in trusted]}
    with (
        place(f"check of {address}", most=OF_AN_ADDRESS),
        place("line", most=IN_LINE),
        place("check", most=AT_ONCE, patience=PATIENCE),
    ):
        said = _run(pdf, job)
    return Findings(**said | {"errors": tuple(said["errors"])})


def active_content(pdf: bytes) -> tuple[str, ...]:
    """What a PDF of our own people does by itself, by its PDF names. Raises Busy or UnreadablePdf."""
    with place("check", most=AT_ONCE, patience=PATIENCE):
        return tuple(_run(pdf, {})["active"])


@contextmanager
def place(name: str, *, most: int, patience: float = 0) -> Iterator[None]:
    """One of so many places that all processes of this installation share. Raises Busy when none gets free in time.

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


def _run(pdf: bytes, job: dict[str, Any]) -> dict[str, Any]:
    try:
        done = EXAMINER.run(json.dumps(job).encode() + b"\n" + pdf, seconds=SECONDS)
        if done.code:
            raise UnreadablePdf(str(done.code))
        return dict(json.loads(done.answer))
    except (warm.Endless, ValueError) as failure:
        raise UnreadablePdf(type(failure).__name__) from failure


def _environment(scratch: str) -> dict[str, str]:
    """The child's whole environment: not one of our secrets is in it."""
    return {name: os.environ[name] for name in INHERITED if name in os.environ} | {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "HOME": scratch,
        "TMPDIR": scratch,
    }


EXAMINER = warm.Warm(
    [*LOWER_PRIORITY, sys.executable, "-P", "-m", "signing.check.examiner"],
    environment=_environment,
    scratch="logisav-check-",
)
