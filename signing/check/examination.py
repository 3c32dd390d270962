"""A stranger's PDF looked into: who asks the child process that reads it (see signing/check/examiner.py).

The web process itself parses nothing of the file and never loads pyHanko. Nothing is written to disk. Few are read at
once on the whole machine, fewer for one address, and whatever else runs goes first.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lib import fence, warm
from lib.places import place

SECONDS = 15
AT_ONCE = 2  # on this machine: a crowd of files must not take it from those who sign
OF_AN_ADDRESS = 2  # read or waiting
IN_LINE = 4  # read or waiting, from all addresses: who waits holds a thread of the web process
PATIENCE = 5.0  # seconds


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


@dataclass(frozen=True)
class Inside:
    """Of a PDF of our own people: what it does by itself, by its PDF names, else its pages."""

    active: tuple[str, ...]
    pages: int


def look_into(pdf: bytes) -> Inside:
    """Raises Busy or UnreadablePdf."""
    with place("check", most=AT_ONCE, patience=PATIENCE):
        said = _run(pdf, {})
    return Inside(tuple(said["active"]), int(said["pages"]))


def _run(pdf: bytes, job: dict[str, Any]) -> dict[str, Any]:
    try:
        done = EXAMINER.run(json.dumps(job).encode() + b"\n" + pdf, seconds=SECONDS)
        if done.code:
            raise UnreadablePdf(str(done.code))
        return dict(json.loads(done.answer))
    except (warm.Endless, ValueError) as failure:
        raise UnreadablePdf(type(failure).__name__) from failure


EXAMINER = warm.Warm(
    [*fence.LOWER_PRIORITY, sys.executable, "-P", "-m", "signing.check.examiner"],
    environment=fence.environment,
    scratch="logisav-check-",
)
