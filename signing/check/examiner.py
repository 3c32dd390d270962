"""The reader of strangers' files, a process of its own: `python -m signing.check.examiner`, a PDF in, JSON out.

What is imported here is warm (see lib/warm.py): each file meets it in a fork of its own. The first line of a job is
JSON, the rest is the file. With `trusted` (our certificates in DER, as base64) the seal is checked, else the file is
searched for what it does by itself. A file that makes a parser run wild meets the kernel's limits here, not the web
process; should it make it do anything else, the interpreter refuses connections, processes and files (an audit hook
cannot be taken off again). This process is given no secret.
"""

from __future__ import annotations

import base64
import json
import os
import resource
import sys
import sysconfig
from dataclasses import asdict
from typing import Any, BinaryIO

from lib import warm
from signing import seal

CPU_SECONDS = 10
MEMORY = 1024 * 1024 * 1024
OPEN_FILES = 64
PROOF = "preuve.json"
# asyncio wakes its own loop through a pair of sockets, hence not every `socket.` event.
FORBIDDEN = (
    "socket.connect",
    "socket.bind",
    "socket.send",
    "socket.getaddrinfo",
    "socket.gethostby",
    "subprocess.",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "os.spawn",
    "os.system",
)
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def bound_resources() -> None:
    """Limits of the kernel."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def shut_doors() -> None:
    """From here on: no connection, no process, nothing written, and installed code alone is read."""
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    readable = tuple(os.path.realpath(sysconfig.get_path(name)) + os.sep for name in names)

    def guard(event: str, arguments: tuple[Any, ...]) -> None:
        if event.startswith(FORBIDDEN):
            raise PermissionError(f"{event} is refused here")
        if event == "open" and not isinstance(arguments[0], int):
            path = os.path.realpath(os.fsdecode(arguments[0]))
            if (arguments[2] or 0) & WRITING or not path.startswith(readable):
                raise PermissionError(f"{arguments[0]!r} is refused here")

    sys.addaudithook(guard)


def examine(pdf: bytes, *, trusted: list[bytes]) -> dict[str, Any]:
    """What the seal tells, and the reference that the file claims."""
    report = asdict(seal.check(pdf, trusted=trusted))
    kept = ("seal", "known_signer", "level", "errors")
    return {name: report[name] for name in kept} | {"reference": claimed_reference(pdf)}


def search(pdf: bytes) -> dict[str, Any]:
    """What the file does by itself; a file that cannot be read to its end is an error."""
    return {"active": seal.active_content(pdf)}


def claimed_reference(pdf: bytes) -> str:
    """As the acceptance in the attached proof has it; anyone can write such a file."""
    proof = seal.attached(pdf, PROOF)
    try:
        rows = json.loads(proof or b"")["journal"]
        record = next(record for row in rows if (record := json.loads(row["record"]))["event"] == "accepted")
        return str(record["facts"]["reference"])[:16]
    except (ValueError, KeyError, TypeError, StopIteration, RecursionError):
        return ""


def work(job: BinaryIO, answer: BinaryIO) -> int:
    bound_resources()
    asked = json.loads(job.readline())
    trusted = [base64.b64decode(certificate) for certificate in asked.get("trusted", ())]
    pdf = job.read()
    shut_doors()
    found = examine(pdf, trusted=trusted) if "trusted" in asked else search(pdf)
    answer.write(json.dumps(found).encode())
    return 0


if __name__ == "__main__":
    warm.serve(work)
