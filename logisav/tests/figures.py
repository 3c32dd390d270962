"""Tests that count: small samples in `make test`, the full counts row by row in `make figures` (rows.py)."""

import json
import math
import os
import random  # noqa: TID251 - dice that a seed makes fall the same way again
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar

Case = TypeVar("Case")
FULL = os.environ.get("LOGISAV_FIGURES") == "1"
# A long row is run in parts that add up: this one is the PART-th, from 0, of PARTS.
PART, PARTS = (int(number) for number in os.environ.get("LOGISAV_FIGURES_PART", "0/1").split("/"))
# The same number makes the same choices once more; processes of one run share it.
SEED = int(os.environ.setdefault("LOGISAV_TEST_SEED", str(secrets.randbelow(2**32))))


def sample(small: int, full: int) -> int:
    """How often to try: enough to notice a break at every commit, or what the promise was made on."""
    return full if FULL else small


def share(small: int, full: int) -> int:
    """As `sample`, where a row is cut in parts: no fewer than `full` in all of them together."""
    return sample(small, math.ceil(full / PARTS))


def share_of(cases: Sequence[Case]) -> Sequence[Case]:
    """This part's, where each is to be tried once in all parts together."""
    return cases[PART::PARTS]


def chance(name: str) -> random.Random:
    """A test's own dice: what they show depends on the seed, not on who threw before."""
    return random.Random(f"{SEED} {name}")  # noqa: S311 - no secret depends on it


@dataclass(frozen=True)
class Line:
    """One line of the table. `counts` are added up over the parts of a row."""

    code: str
    text: str
    counts: Mapping[str, int] = field(default_factory=dict)


class Figure(Protocol):
    """What the fixture of this name is: one line of the table."""

    def __call__(self, code: str, text: str, counts: Mapping[str, int] | None = None) -> None: ...


class Figures:
    """Results that the tests' processes write and the last report prints."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "figures.jsonl"

    def record(self, code: str, text: str, counts: Mapping[str, int] | None = None) -> None:
        """Keep one line of the table; a short append is safe from several processes."""
        with self.path.open("a") as file:
            file.write(json.dumps(asdict(Line(code, text, dict(counts or {})))) + "\n")

    def lines(self) -> list[Line]:
        """The table, sorted by code."""
        if not self.path.exists():
            return []
        lines = [Line(**json.loads(line)) for line in self.path.read_text().splitlines()]
        return sorted(lines, key=lambda line: (line.code, line.text))


def as_table(lines: Sequence[Line]) -> Iterator[str]:
    width = max((len(line.code) for line in lines), default=0)
    yield from (f"{line.code:<{width}}  {line.text}" for line in lines)
