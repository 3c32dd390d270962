"""The demo as somebody starts it: real processes, in a folder of their own."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest

from demo.mailbox import CaughtMail, mails
from demo.processes import free_port

ROOT = Path(__file__).resolve().parent.parent.parent
once = pytest.mark.sqlite  # the demo brings its own database
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV")


def until(holds: Callable[[], object], *, seconds: float = 30, what: str = "") -> None:
    """Poll; fail with words."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"not within {seconds} s: {what or holds}"
        time.sleep(0.1)


class Demo:
    """One folder and, while it runs, its supervisor."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.process: subprocess.Popen[str] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """Nothing of the tests' own environment: it is another installation."""
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        return kept | {"DEMO": "1", "LOGISAV_DEMO_DIR": str(self.folder)}

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command of manage.py on this demo's data, whether or not it runs."""
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(
            command, env=self.environment, cwd=ROOT, capture_output=True, text=True, check=False
        )

    # Its life

    def begin(self) -> subprocess.Popen[str]:
        command = [sys.executable, "manage.py", "demo", "--port", str(self.port)]
        with (self.folder / "stderr").open("w") as errors:
            self.process = subprocess.Popen(
                command, env=self.environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=errors, text=True
            )
        return self.process

    def start(self) -> None:
        """Until it says that it is ready."""
        process = self.begin()
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line == f"Logisav est prêt : {self.address}/\n", line + self.complaints

    def end(self, number: signal.Signals) -> int:
        """Send a signal to the supervisor alone and wait for its exit status."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(20)

    def clean_up(self) -> None:
        for pid in self.living:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if self.process is not None:
            self.process.wait()

    @property
    def complaints(self) -> str:
        return (self.folder / "stderr").read_text()

    @property
    def living(self) -> list[int]:
        """Every process that was started for this folder, whoever its parent is by now."""
        mark = f"LOGISAV_DEMO_DIR={self.folder}".encode()
        return [int(place.name) for place in Path("/proc").glob("[0-9]*") if mark in _environ(place)]

    def pid_of(self, words: str) -> int:
        """The oldest process whose command line has these words."""
        found = [pid for pid in self.living if words.encode() in _read(Path(f"/proc/{pid}/cmdline"))]
        assert found, f"no process {words}"
        return min(found)

    # What it answers and holds

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str, **headers: str) -> tuple[HTTPResponse, str]:
        """One request, no redirect followed; `X_Forwarded_For="…"` names a header."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request(
            "GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()}
        )
        response = connection.getresponse()
        return response, response.read().decode(errors="replace")

    def rows(self, query: str) -> list[tuple[str, ...]]:
        with contextlib.closing(sqlite3.connect(self.folder / "logisav.sqlite3")) as database:
            return database.execute(query).fetchall()

    def number_of(self, example: str) -> str:
        """The number of the sample quote whose internal note begins so."""
        query = f"SELECT number FROM quotes_quote WHERE internal_note LIKE 'Exemple : {example}%'"  # noqa: S608
        return self.rows(query)[0][0]

    def mails_about(self, number: str) -> list[CaughtMail]:
        """Newest first."""
        return [mail for mail in mails(self.folder / "mails") if number in mail.subject]


def _environ(place: Path) -> list[bytes]:
    return _read(place / "environ").split(b"\0")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""  # it has ended meanwhile, or is not ours


@contextlib.contextmanager
def filled_demo(folder: Path) -> Iterator[Demo]:
    """A demo with all its samples, not started; nothing of it is left at the end."""
    shutil.copytree(_model(), folder)
    demo = Demo(folder)
    try:
        yield demo
    finally:
        demo.clean_up()


@contextlib.contextmanager
def running_demo(folder: Path) -> Iterator[Demo]:
    with filled_demo(folder) as demo:
        demo.start()
        yield demo


def _model() -> Path:
    """Filled once a run, by the first of the parallel processes that needs it; the others wait and copy."""
    folder = Path(os.environ["LOGISAV_TEST_DIR"]) / "demo"
    with (folder.parent / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            draft = Demo(folder.with_suffix(".draft"))
            done = draft.manage("demo_data")
            assert done.returncode == 0, done.stderr
            draft.folder.rename(folder)
    return folder
