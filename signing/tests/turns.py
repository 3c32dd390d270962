"""Few files are read at once on a machine, two from an address: the parallel tests, all of one, take turns."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def turn() -> Iterator[None]:
    with Path(os.environ["LOGISAV_TEST_DIR"], "check.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
