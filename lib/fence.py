"""The fence around a process that reads or lays out what comes from outside, and nothing else (see lib/warm.py).

A file that makes a library run wild meets the kernel's limits here, not the web process; should it make it do anything
else, the interpreter refuses connections, processes and files (an audit hook cannot be taken off again).
"""

from __future__ import annotations

import os
import resource
import sys
import sysconfig
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
MEMORY = 1024 * 1024 * 1024
OPEN_FILES = 64
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
INHERITED = ("LD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH")
LOWER_PRIORITY = ("nice", "-n", "10")  # whatever else runs goes first
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def bound_resources(*, cpu_seconds: int) -> None:
    """Limits of the kernel."""
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
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


def environment(scratch: str) -> dict[str, str]:
    """The whole environment of such a process: not one of our secrets is in it."""
    return {name: os.environ[name] for name in INHERITED if name in os.environ} | {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "HOME": scratch,
        "TMPDIR": scratch,
    }
