"""Processes as the kernel shows them, for tests of those that we start."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def children(pid: int) -> list[int]:
    """Of all its threads."""
    found: list[int] = []
    for place in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            found += map(int, place.read_text().split())
    return found


def warm_parents(module: str) -> list[int]:
    """The children of this process that run `python -m MODULE`."""
    return [
        pid
        for pid in children(os.getpid())
        if f"-m\0{module}".encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]


def is_gone(pid: int) -> bool:
    """Within five seconds; what nobody has asked for its exit code yet is gone too."""
    for _ in range(100):
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.05)
    return False


def open_files(pid: int) -> list[str]:
    """What each of its descriptors is, without its number."""
    links = [str(one.readlink()) for one in Path(f"/proc/{pid}/fd").iterdir()]
    return sorted(re.sub(r":.*", "", link) for link in links)


def memory(pid: int) -> Iterator[bytes]:
    """All that it may write to."""
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as whole:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            place, rights = line.split()[:2]
            start, end = (int(number, 16) for number in place.split("-"))
            if rights.startswith("rw"):
                whole.seek(start)
                yield whole.read(end - start)
