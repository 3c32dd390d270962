"""A warm parent for tests, `python -m lib.tests.forked [IDLE]`: a job is Python with `answer` and `kept` at hand."""

from __future__ import annotations

import sys
from typing import BinaryIO

from lib import warm

MARK = b"known to the parent".upper()
kept: list[str] = []


def work(job: BinaryIO, answer: BinaryIO) -> int:
    scope = {"answer": answer, "kept": kept, "code": 0}
    exec(job.read(), scope)  # noqa: S102 (tests alone send it)
    return int(str(scope["code"]))


if __name__ == "__main__":
    warm.IDLE = float(sys.argv[1]) if sys.argv[1:] else warm.IDLE
    warm.serve(work)
