"""What the warm processes give, beside an interpreter made for each document: `python -m bench.warm`."""

from __future__ import annotations

import os
import signal
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import django

from bench.measuring import cpu
from lib.tests.processes import is_gone, warm_parents
from logisav.tests.environment import sqlite_variables
from logisav.tests.load import pss

ROUNDS = 9
RENDERER, READER = "quotes.pdf.weasy", "signing.check.examiner"


def cool(module: str) -> None:
    for pid in warm_parents(module):
        os.kill(pid, signal.SIGKILL)
        assert is_gone(pid)


def compare(name: str, work: Callable[[], object], module: str) -> None:
    """Medians, warm and cold in turn."""
    rounds: dict[str, list[tuple[float, float]]] = {"cold": [], "warm": []}
    for _ in range(ROUNDS):
        cool(module)
        for kind in ("cold", "warm"):
            wall, spent = time.perf_counter(), cpu()
            work()
            rounds[kind].append((time.perf_counter() - wall, cpu() - spent))
    for kind, pairs in rounds.items():
        wall, spent = (statistics.median(column) for column in zip(*pairs, strict=True))
        print(f"{name:<32} {kind:<5} {wall * 1000:7.0f} ms  CPU {spent * 1000:7.0f} ms")


def main() -> None:
    """Imports wait for the settings."""
    from bench.subjects import SignedQuote, content  # noqa: PLC0415 (models can be imported once Django is set up)
    from quotes.pdf import rendering  # noqa: PLC0415
    from signing.check import examination  # noqa: PLC0415
    from signing.proof import certificates  # noqa: PLC0415

    signed, long, ours = SignedQuote.made(), content(lines=60), certificates.ours()
    compare("PDF, 10 lines", signed.render, RENDERER)
    compare("PDF, 60 lines", lambda: rendering.quote_pdf(long), RENDERER)
    compare(
        "signed PDF checked", lambda: examination.examine(signed.sealed, trusted=ours, address="x"), READER
    )
    for module in (RENDERER, READER):
        (pid,) = warm_parents(module)
        print(f"{module}, idle: PSS {pss(pid) / 1024:.0f} MiB")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="logisav-bench-") as folder:
        os.environ.update(sqlite_variables(Path(folder)))
        django.setup()
        main()
