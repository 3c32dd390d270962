"""The demo's child processes: they die with their parent, whatever happens to it."""

from __future__ import annotations

import ctypes
import http
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

PR_SET_PDEATHSIG = 1
GRACE = 5.0  # seconds to end in good order; nothing is lost by force, the rows are the queue
MAX_RESTARTS = 3
RESTART_WINDOW = 60.0


def die_with_parent(parent: int) -> None:
    """Ask Linux to kill this process when the one that started it is gone; elsewhere do nothing."""
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:
        prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))
    if os.getppid() != parent:
        os._exit(1)  # it was gone before we asked


def start(
    command: Sequence[str], *, env: Mapping[str, str], folder: Path, output: IO[bytes] | None = None
) -> subprocess.Popen[bytes]:
    """A session of its own: Ctrl-C reaches the supervisor alone, which then stops everyone in order."""
    parent = os.getpid()
    return subprocess.Popen(
        command,
        env=env,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,
        preexec_fn=lambda: die_with_parent(parent),  # noqa: PLW1509 - the supervisor has no threads
    )


def stop(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """Ask all at once, wait a little, then insist."""
    for process in processes:
        process.terminate()
    end = time.monotonic() + GRACE
    for process in processes:
        try:
            process.wait(max(0.0, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@dataclass
class Child:
    """One part of the demo: how it is started, and how one sees that it answers."""

    title: str
    command: Sequence[str]
    log: Path
    answers: Callable[[], bool]
    process: subprocess.Popen[bytes] | None = None
    deaths: deque[float] = field(default_factory=deque)

    def start(self, *, env: Mapping[str, str], folder: Path) -> None:
        with self.log.open("ab") as output:
            self.process = start(self.command, env=env, output=output, folder=folder)

    @property
    def has_died(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def note_death(self) -> bool:
        """True while starting it again is worth a try."""
        now = time.monotonic()
        self.deaths.append(now)
        while self.deaths[0] < now - RESTART_WINDOW:
            self.deaths.popleft()
        return len(self.deaths) <= MAX_RESTARTS

    @property
    def last_words(self) -> str:
        """The end of its log."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return "\n".join(lines[-15:])


def python(*arguments: str) -> list[str]:
    return [sys.executable, *arguments]


def port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def greets(port: int) -> bool:
    """Whether a mail server says hello there."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            return connection.recv(64).startswith(b"220")
    except OSError:
        return False


def is_well(port: int, path: str = "/healthz") -> bool:
    """Whether what answers there says so itself."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
