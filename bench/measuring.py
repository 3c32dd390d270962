"""Processor time of a piece of work, always beside a reference, so that a slow or busy machine does not mislead."""

from __future__ import annotations

import hashlib
import os
import resource
import statistics
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from lib.tests.processes import children

ROUNDS = 15
BLOCK = bytes(8 * 1024 * 1024)


@dataclass(frozen=True)
class Result:
    """Medians, in seconds of processor time, children included; `ratio` is what holds on another machine.

    What grows with the table (bench/growth.py) is the quickest of its rounds, on PostgreSQL in wall time; in wall time
    too what a browser shows (bench/editor.py).
    """

    name: str
    seconds: float
    reference: str
    reference_seconds: float
    limit_seconds: float | None = None
    limit_ratio: float | None = None

    @property
    def ratio(self) -> float:
        return self.seconds / self.reference_seconds

    @property
    def holds(self) -> bool:
        quick = self.limit_seconds is None or self.seconds <= self.limit_seconds
        return quick and (self.limit_ratio is None or self.ratio <= self.limit_ratio)

    @property
    def document(self) -> dict[str, Any]:
        return asdict(self) | {"ratio": round(self.ratio, 2), "holds": self.holds}

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Result:
        return cls(**{field.name: document[field.name] for field in fields(cls)})


def cpu() -> float:
    """Of this process, of the children that it has waited for, and of those that stay warm, their forks included."""
    usages = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages) + sum(map(ticks, children(os.getpid())))


def ticks(pid: int) -> float:
    """The seconds of a process and of the children that it has waited for (proc(5): utime, stime, cutime, cstime)."""
    columns = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, columns[11:15])) / os.sysconf("SC_CLK_TCK")


def spent(work: Callable[[], object]) -> float:
    before = cpu()
    work()
    return cpu() - before


def compare(
    name: str,
    work: Callable[[], object],
    *,
    reference: str,
    against: Callable[[], object],
    limit_seconds: float | None = None,
    rounds: int = ROUNDS,
) -> Result:
    """Both in turn, after one round of each to warm up."""
    work(), against()
    pairs = [(spent(work), spent(against)) for _ in range(rounds)]
    mine, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
    return Result(name, mine, reference, theirs, limit_seconds)


def hashing() -> None:
    """The reference of all that is not a page: SHA-256 of 8 MiB."""
    hashlib.sha256(BLOCK).digest()
