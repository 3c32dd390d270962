"""`make figures`: the full counts row by row, kept in var/figures/ and taken up where they stopped.

    make figures                 every row that this commit has no whole result of, then the table
    ROW=webhooks make figures    one row, for 40 minutes at most; the next call goes on
    SEED=123 ROW=pdf make figures

A row that takes longer is cut in parts, each with a seed of its own, that add up. What failed is tried again.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import secrets
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from logisav.tests.figures import Line, as_table

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 40 * 60  # seconds, of a row in one call


@dataclass(frozen=True)
class Row:
    """Tests whose figures belong together, as pytest names them."""

    name: str
    tests: tuple[str, ...]
    parts: int = 1
    stack: str = "postgres"
    at_least: int = 0  # of everything that is counted, in all parts together


ROWS = (
    Row("code", ("signing/tests/test_guesses.py",)),
    Row(
        "same-moment",
        ("signing/tests/test_same_moment.py", "signing/tests/test_choosing_same_moment.py"),
    ),
    Row("same-moment-paying", ("payments/tests/test_same_moment.py",)),
    Row("reminders", ("quotes/tests/test_reminding_at_once.py",)),
    Row("webhooks", ("payments/tests/test_replay.py",), parts=12),
    Row("declarations", ("quotes/tests/test_declaration_same_moment.py",)),
    Row("kills", ("payments/tests/test_kills.py",)),
    Row("mail", ("notifications/tests/test_claims.py", "notifications/tests/test_smtp_troubles.py")),
    Row("lifecycle", ("logisav/tests/test_lifecycle.py",), parts=20, stack="sqlite", at_least=100),
    Row("journal", ("signing/tests/test_chain.py",)),
    Row("pdf", ("signing/tests/test_tampering.py",)),
    Row("seal", ("signing/tests/test_seal.py",)),
    Row("public-check", ("signing/tests/test_public_check.py",)),
    Row("proof-file", ("signing/tests/test_proof_file.py",)),
    Row("hostile-pages", ("quotes/tests/test_pdf_engine.py", "signing/tests/test_certificate_pdf.py")),
    Row("layout", ("quotes/tests/test_quote_pdf.py",)),
    Row("rules", ("quotes/tests/test_rules.py", "logisav/tests/test_what_may_be_done.py")),
    Row("totals", ("logisav/tests/test_totals_in_a_browser.py",)),
    Row(
        "desk-at-once",
        ("logisav/desk/tests/test_import_at_once.py", "logisav/desk/tests/test_tabs_at_once.py"),
    ),
    Row("fuzz", ("logisav/tests/test_fuzz.py",)),
    Row("corpus", ("logisav/tests/test_corpus.py",)),
    Row("migrating", ("logisav/tests/test_migrating.py",)),
)


@dataclass(frozen=True)
class Result:
    """What one part came to. `status` is pytest's: anything but 0 is no result to lean on."""

    seed: int
    began: str
    seconds: int
    status: int
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    lines: list[dict[str, Any]] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        return self.status == 0 and self.passed > 0


@dataclass
class Kept:
    """A row's file in var/figures/: the commit that it is about, and its parts so far."""

    row: Row
    commit: str
    parts: dict[int, Result] = field(default_factory=dict)

    @property
    def missing(self) -> list[int]:
        return [number for number in range(self.row.parts) if not self.has(number)]

    @property
    def is_whole(self) -> bool:
        return not self.missing and not self.too_few

    @property
    def sums(self) -> Counter[str]:
        found = Counter[str]()
        for result in self.parts.values():
            for line in result.lines:
                found.update({f"{line['code']}: {name}": count for name, count in line["counts"].items()})
        return found

    @property
    def too_few(self) -> list[str]:
        """What happened too seldom for the whole to say much."""
        return [name for name, count in self.sums.items() if count < self.row.at_least]

    def has(self, number: int) -> bool:
        return number in self.parts and self.parts[number].is_whole


def read(folder: Path, row: Row) -> Kept | None:
    """None where there is nothing, or where the row was cut otherwise."""
    path = folder / f"{row.name}.json"
    if not path.exists():
        return None
    kept = json.loads(path.read_text())
    if kept["of"] != row.parts:
        return None
    return Kept(row, kept["commit"], {int(number): Result(**part) for number, part in kept["parts"].items()})


def write(folder: Path, kept: Kept) -> None:
    """At once or not at all."""
    parts = {number: asdict(result) for number, result in sorted(kept.parts.items())}
    whole = {"row": kept.row.name, "commit": kept.commit, "of": kept.row.parts, "parts": parts}
    new = folder / f"{kept.row.name}.json.new"
    new.write_text(json.dumps(whole, indent=1, ensure_ascii=False))
    new.replace(folder / f"{kept.row.name}.json")


Run = Callable[[Row, int, int], Result]


def go_on(
    row: Row, *, folder: Path, commit: str, run: Run, limit: float = LIMIT, seed: int | None = None
) -> bool:
    """Run what is missing, within `limit` seconds; True when the row is whole. Changed code has no result."""
    kept = read(folder, row)
    if kept is None or kept.commit != commit or commit.endswith("changed"):
        kept = Kept(row, commit)
    longest, end = 0.0, time.monotonic() + limit
    for number in kept.missing:
        began = time.monotonic()
        if longest and began + longest > end:
            return False
        kept.parts[number] = run(row, number, secrets.randbelow(2**32) if seed is None else seed)
        write(folder, kept)
        longest = max(longest, time.monotonic() - began)
    return kept.is_whole


def run_tests(row: Row, number: int, seed: int, *, folder: Path) -> Result:
    """pytest, with its words in var/figures/ROW.log."""
    result, log = folder / f"{row.name}.result", folder / f"{row.name}.log"
    result.unlink(missing_ok=True)
    given = {
        "LOGISAV_FIGURES": "1",
        "LOGISAV_FIGURES_PART": f"{number}/{row.parts}",
        "LOGISAV_FIGURES_RESULT": str(result),
        "LOGISAV_TEST_SEED": str(seed),
        "LOGISAV_TEST_STACK": row.stack,
    }
    # One test may take all of a row's time; its stacks are shown before that is over.
    hangs = ["-o", f"faulthandler_timeout={LIMIT - 60}"]
    # An interrupt lets pytest stop its servers; whoever does not hear it is ended.
    patience = ["timeout", "--foreground", "--signal=INT", "--kill-after=60", str(LIMIT)]
    began, start = dt.datetime.now(dt.UTC).isoformat(timespec="seconds"), time.monotonic()
    with log.open("w" if number == 0 else "a") as output:
        done = subprocess.run(
            [*patience, sys.executable, "-m", "pytest", *hangs, *row.tests],
            cwd=ROOT,
            env=os.environ | given,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    counted = json.loads(result.read_text()) if result.exists() else {}
    result.unlink(missing_ok=True)
    return Result(seed, began, round(time.monotonic() - start), done.returncode, **counted)


def table(folder: Path) -> Iterator[str]:
    """Every row of which something is kept, and what it counted."""
    for kept in filter(None, (read(folder, row) for row in ROWS)):
        yield from _row(kept)
        yield ""


def _row(kept: Kept) -> Iterator[str]:
    results, of = list(kept.parts.values()), kept.row.parts
    passed, failed = (sum(getattr(result, name) for result in results) for name in ("passed", "failed"))
    whole = sum(result.is_whole for result in results)
    state = "whole" if kept.is_whole else f"{whole} of {of} parts"
    yield (
        f"{kept.row.name} ({state}): {passed} passed, {failed} failed, "
        f"{sum(result.seconds for result in results)} s, commit {kept.commit}"
    )
    for number, result in sorted(kept.parts.items()):
        broken = "" if result.is_whole else f", ended with {result.status}, see {kept.row.name}.log"
        yield f"    {result.began}, part {number + 1} of {of}, seed {result.seed}, {result.seconds} s{broken}"
        lines = [Line(**line) for line in result.lines]
        yield from (
            f"    {line}" for line in as_table([line for line in lines if of == 1 or not line.counts])
        )
    if of > 1:
        yield from (f"    {count:>9}  {name}" for name, count in kept.sums.items())
    if kept.too_few and not kept.missing:
        yield f"    fewer than {kept.row.at_least}: {', '.join(kept.too_few)}"


def commit_of(root: Path) -> str:
    """What is tried; "changed" where it is not what was committed."""

    def git(*words: str) -> str:
        return subprocess.run(
            ["git", *words], cwd=root, capture_output=True, text=True, check=True
        ).stdout.strip()

    return git("rev-parse", "--short=12", "HEAD") + (
        ", changed" if git("status", "--porcelain", "--untracked-files=no") else ""
    )


def main() -> int:
    folder = ROOT / "var" / "figures"
    folder.mkdir(parents=True, exist_ok=True)
    name, seed = os.environ.get("ROW", ""), os.environ.get("SEED")
    rows = [row for row in ROWS if name in ("", row.name)]
    if not rows:
        print(f"ROW: {name} is none of {', '.join(row.name for row in ROWS)}")
        return 2

    def run(row: Row, number: int, seed: int) -> Result:
        print(f"{row.name}, part {number + 1} of {row.parts}, seed {seed} …", flush=True)
        return run_tests(row, number, seed, folder=folder)

    commit = commit_of(ROOT)
    whole = [
        go_on(
            row,
            folder=folder,
            commit=commit,
            run=run,
            limit=LIMIT if name else float("inf"),
            seed=int(seed) if seed else None,
        )
        for row in rows
    ]
    print("", *table(folder), sep="\n")
    return 0 if all(whole) else 1


if __name__ == "__main__":
    sys.exit(main())
