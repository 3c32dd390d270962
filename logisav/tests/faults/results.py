"""What was tried and what became of it: one file a row in var/figures, with commit and seed, and a table."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from logisav.tests.topology import ROOT

FOLDER = ROOT / "var" / "figures"
HEAD = ("fault", "times", "quotes", "lost", "PDFs ×2", "mails ×2", "drain s", "code p95 s", "failed answers")


@dataclass
class Result:
    """Of one fault, over all its batches. Seconds; `points` are how often each named point was reached."""

    fault: str
    batches: int = 0
    times: int = 0
    quotes: int = 0
    lost: int = 0
    doubled_pdfs: int = 0
    doubled_mails: int = 0
    failed_answers: int = 0
    slowest_drain: float = 0.0
    slowest: str = ""
    late: int = 0
    """Rows that were done later than 60 s after the fault's end."""
    codes: list[float] = field(default_factory=list)
    points: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    @property
    def never_reached(self) -> list[str]:
        return [name for name, times in self.points.items() if not times]

    @property
    def failed(self) -> bool:
        return bool(self.wrong or self.never_reached or self.lost)

    @property
    def code_p95(self) -> float | None:
        """The nearest rank."""
        ranked = sorted(self.codes)
        return ranked[max(0, -(-len(ranked) * 95 // 100) - 1)] if ranked else None


class Kept:
    """The results of a row; those of another commit or seed do not count."""

    def __init__(self, row: str, *, seed: str, folder: Path = FOLDER) -> None:
        self.path, self.row, self.seed, self.commit = folder / f"faults-{row}.json", row, seed, commit()
        self.results: dict[str, Result] = {}
        if self.path.exists():
            kept = json.loads(self.path.read_text())
            if (kept["commit"], kept["seed"]) == (self.commit, seed):
                self.results = {one["fault"]: Result(**one) for one in kept["results"]}

    def of(self, fault: str) -> Result:
        return self.results.setdefault(fault, Result(fault))

    def save(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        written = {
            "row": self.row,
            "commit": self.commit,
            "seed": self.seed,
            "results": [asdict(result) for result in self.results.values()],
        }
        self.path.write_text(json.dumps(written, ensure_ascii=False, indent=1) + "\n")


def commit() -> str:
    said = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=12"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return said.stdout.strip() or "unknown"


def table(results: Sequence[Result]) -> Iterator[str]:
    lines = [HEAD, *(_cells(result) for result in results)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    for line in lines:
        yield "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
    yield ""
    total = [sum(getattr(result, name) for result in results) for name in ("times", "quotes", "lost", "late")]
    yield "{} faults, {} quotes through them, {} lost, {} rows done later than 60 s".format(*total)
    for result in results:
        if result.points:
            reached = len(result.points) - len(result.never_reached)
            yield f"{result.fault}: {reached} of {len(result.points)} named points reached"
        yield from (f"NEVER REACHED {result.fault}: {name}" for name in result.never_reached)
        yield from (f"WRONG {result.fault}: {words}" for words in result.wrong)


def _cells(result: Result) -> tuple[str, ...]:
    p95 = result.code_p95
    return (
        result.fault,
        str(result.times),
        str(result.quotes),
        str(result.lost),
        str(result.doubled_pdfs),
        str(result.doubled_mails),
        f"{result.slowest_drain:.0f}",
        "-" if p95 is None else f"{p95:.1f}",
        str(result.failed_answers),
    )
