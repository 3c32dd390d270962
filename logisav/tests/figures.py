"""Tests that count: small samples in `make test`, the full counts and their table in `make figures`."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

FULL = os.environ.get("LOGISAV_FIGURES") == "1"


def sample(small: int, full: int) -> int:
    """How often to try: enough to notice a break at every commit, or what the promise was made on."""
    return full if FULL else small


class Figures:
    """Results that the tests' processes write and the last report prints."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "figures.jsonl"

    def record(self, code: str, text: str) -> None:
        """Keep one line of the table; a short append is safe from several processes."""
        with self.path.open("a") as file:
            file.write(json.dumps([code, text]) + "\n")

    def lines(self) -> Iterator[str]:
        """The table, sorted by code."""
        if not self.path.exists():
            return
        rows = sorted(json.loads(line) for line in self.path.read_text().splitlines())
        width = max(len(code) for code, _ in rows)
        yield from (f"{code:<{width}}  {text}" for code, text in rows)
