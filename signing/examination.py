"""A stranger's PDF looked into: the parent of the child process that reads it (see signing/examiner.py).

The web process itself parses nothing of the file and never loads pyHanko. Nothing is written to disk.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SECONDS = 15
AT_ONCE = 2  # in this process: a crowd of files must not take the machine from those who sign
PATIENCE = 5
INHERITED = ("LD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH")
slots = BoundedSemaphore(AT_ONCE)


class Busy(Exception):
    """Too many files are being read already."""


class Unreadable(Exception):
    """The reading did not come to an end within its limits."""


@dataclass(frozen=True)
class Findings:
    """What the seal tells. `reference` is only what the file claims to be."""

    seal: str
    known_signer: bool
    level: str
    errors: tuple[str, ...]
    reference: str

    @property
    def intact(self) -> bool:
        return self.seal == "intact"


def examine(pdf: bytes, *, trusted: Sequence[bytes]) -> Findings:
    """Raises Busy or Unreadable."""
    if not slots.acquire(timeout=PATIENCE):
        raise Busy
    try:
        said = _run(pdf, trusted=trusted)
    finally:
        slots.release()
    return Findings(**said | {"errors": tuple(said["errors"])})


def _run(pdf: bytes, *, trusted: Sequence[bytes]) -> dict[str, Any]:
    head = json.dumps({"trusted": [base64.b64encode(certificate).decode() for certificate in trusted]})
    with tempfile.TemporaryDirectory(prefix="logisav-check-") as scratch:
        try:
            done = subprocess.run(
                [sys.executable, "-P", "-m", "signing.examiner"],
                check=True,
                input=head.encode() + b"\n" + pdf,
                capture_output=True,
                timeout=SECONDS,
                env=_environment(scratch),
                cwd=scratch,
            )
            return dict(json.loads(done.stdout))
        except (subprocess.SubprocessError, ValueError) as failure:
            raise Unreadable(type(failure).__name__) from failure


def _environment(scratch: str) -> dict[str, str]:
    """The child's whole environment: not one of our secrets is in it."""
    return {name: os.environ[name] for name in INHERITED if name in os.environ} | {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "HOME": scratch,
        "TMPDIR": scratch,
    }
