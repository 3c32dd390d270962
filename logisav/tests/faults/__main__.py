"""`python -m logisav.tests.faults [--seed SEED] [--minutes 38] [--batches 1] [ROW…]`: see __init__.py."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from logisav.tests.faults.campaign import AT_A_TIME, Batch
from logisav.tests.faults.ground import Ground
from logisav.tests.faults.results import Kept, Result, table
from logisav.tests.faults.table import FAULTS, ROWS, Fault

SEED = "logisav"
LONGEST = 38.0  # minutes for a row: a build machine ends a command after 40
QUIET = FAULTS[0]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m logisav.tests.faults", description=__doc__)
    parser.add_argument("rows", nargs="*", help=", ".join(ROWS))
    parser.add_argument("--seed", default=SEED)
    parser.add_argument("--minutes", type=float, default=LONGEST, help="of a row, then it stops and is kept")
    parser.add_argument("--batches", type=int, default=1, help="of each fault")
    parser.add_argument("--quotes", type=int, default=AT_A_TIME, help="in a batch")
    options = parser.parse_args()
    if unknown := set(options.rows) - set(ROWS):
        parser.error(f"no such row: {', '.join(sorted(unknown))}; there are {', '.join(ROWS)}")
    rows = [Kept(row, seed=options.seed) for row in options.rows or ROWS]
    if any(missing(kept, options.batches) for kept in rows):
        made = tempfile.TemporaryDirectory(prefix="logisav-faults-")
        with made as folder, Ground(Path(folder), disk=True) as ground:
            for kept in rows:
                run(ground, kept, options)
    for kept in rows:
        tell(f"\n{kept.row}, commit {kept.commit}, seed {kept.seed}", *table(list(kept.results.values())))
    return int(any(result.failed for kept in rows for result in kept.results.values()))


def missing(kept: Kept, batches: int) -> Sequence[Fault]:
    return [fault for fault in FAULTS if fault.row == kept.row and kept.of(fault.name).batches < batches]


def run(ground: Ground, kept: Kept, options: argparse.Namespace) -> None:
    """What is still missing of this row, each batch kept as soon as it is judged."""
    end = time.monotonic() + options.minutes * 60
    for fault in missing(kept, options.batches):
        if fault.each_statement and not ground.knows_statements:
            Batch(ground, QUIET, f"before {kept.row}", kept.seed, count=1).run(Result("before"))
        result = kept.of(fault.name)
        while result.batches < options.batches and time.monotonic() < end:
            if fault.needs_disk and not ground.has_disk:
                tell(f"{fault.name}: LEFT OUT, only root may mount a disk")
                break
            known, begun = len(result.wrong), time.monotonic()
            name = f"{kept.row}-{FAULTS.index(fault)}-{result.batches}"
            Batch(ground, fault, name, kept.seed, count=options.quotes).run(result)
            kept.save()
            took = time.monotonic() - begun
            tell(
                f"{fault.name}: batch {result.batches} of {options.batches}, {took:.0f} s",
                *result.wrong[known:],
            )


def tell(*lines: str) -> None:
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
