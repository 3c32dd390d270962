"""Private servers for tests: PostgreSQL and Redis on free ports, in folders of their own, gone with the process."""

import contextlib
import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psycopg

START_SECONDS = 30
STOP_SECONDS = 15
PR_SET_PDEATHSIG = 1

POSTGRES_FOLDERS = "/usr/lib/postgresql"
POSTGRES_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "200",
    # The data is thrown away: never wait for the disk.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}


class MissingProgram(Exception):
    """A server's program is not on this machine."""


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class Server:
    """A server process of ours: it dies with us, even when we are killed."""

    stop_signal = signal.SIGTERM
    death_signal = signal.SIGTERM
    user: str | None = None
    environment: dict[str, str] | None = None

    def __init__(self, prefix: str) -> None:
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix=prefix))
        self.log = self.folder / "server.log"
        self.process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        """The program and its arguments, in the foreground."""
        raise NotImplementedError

    def answers(self) -> bool:
        """Whether the server is ready for its clients."""
        raise NotImplementedError

    def start(self) -> None:
        """Start (again) and wait until it answers."""
        self.begin()
        self.wait_until_it_answers()

    def begin(self) -> None:
        """Start (again), without waiting."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.place,
                env=self.environment,
                user=self.user,
                start_new_session=True,  # Ctrl-C is for pytest, which then stops us in order
                preexec_fn=_die_with_parent(self.death_signal),  # noqa: PLW1509 - no threads yet
            )

    @property
    def place(self) -> Path:
        """Where its process runs."""
        return self.folder

    def wait_until_it_answers(self) -> None:
        """Poll until ready; show the log of a server that does not start."""
        end = time.monotonic() + START_SECONDS
        while not self.answers():
            if self.process is None or self.process.poll() is not None or time.monotonic() > end:
                log = self.log.read_text(errors="replace")
                self.remove()
                raise RuntimeError(f"{type(self).__name__} did not start:\n{log}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop in order, then by force."""
        if self.process is None:
            return
        self.resume()
        self.process.send_signal(self.stop_signal)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
        self.process = None

    def kill(self) -> None:
        """What a crash does, to the processes that it started too: nothing is tidied up."""
        if self.process is not None:
            self._signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    def pause(self) -> None:
        """As if it hung: it takes connections, and says nothing."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Go on after a pause, as if no time had passed."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        for pid in family(self.process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def remove(self) -> None:
        """Stop, and leave nothing behind."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class Redis(Server):
    """A private Redis that keeps nothing on disk, unless it is to survive its end."""

    def __init__(self, *, keeps: bool = False) -> None:
        self.program, self.keeps = find_redis(), keeps
        super().__init__("logisav-redis-")

    def command(self) -> list[str]:
        options = {
            "--bind": "127.0.0.1",
            "--port": str(self.port),
            "--dir": str(self.folder),
            "--databases": "64",
            "--save": "",
            "--appendonly": "yes" if self.keeps else "no",
        }
        return [self.program, *(word for option in options.items() for word in option)]

    def answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False

    def url(self, number: int) -> str:
        """The address of one of its databases."""
        return f"redis://127.0.0.1:{self.port}/{number}"


class Postgres(Server):
    """A private PostgreSQL; as root it runs as Debian's `postgres` user, since it refuses root."""

    stop_signal = signal.SIGINT  # "fast": ends sessions, does not wait for them
    death_signal = signal.SIGQUIT

    def __init__(self, *, keeps: bool = False) -> None:
        self.programs = find_postgres()
        # What was committed is with the kernel and survives `kill -9`, though not the machine.
        self.settings = POSTGRES_SETTINGS | ({"synchronous_commit": "on"} if keeps else {})
        super().__init__("logisav-postgres-")
        if os.geteuid() == 0:
            self.user = "postgres"
            os.chown(self.folder, pwd.getpwnam("postgres").pw_uid, -1)
        self._make_cluster()

    def _make_cluster(self) -> None:
        options = ["--username=logisav", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        command = [str(self.programs / "initdb"), f"--pgdata={self.folder}/data", *options]
        made = subprocess.run(
            command, user=self.user, cwd=self.folder, capture_output=True, text=True, check=False
        )
        if made.returncode:
            raise RuntimeError(f"initdb failed:\n{made.stdout}{made.stderr}")

    def command(self) -> list[str]:
        settings = [f"--{name}={value}" for name, value in self.settings.items()]
        place = ["-D", f"{self.folder}/data", "-p", str(self.port), "-k", str(self.folder)]
        return [str(self.programs / "postgres"), *place, *settings]

    def answers(self) -> bool:
        try:
            psycopg.connect(f"{self.url('postgres')}?connect_timeout=2").close()
        except psycopg.OperationalError:
            return False
        return True

    def url(self, database: str = "logisav") -> str:
        """The address of one of its databases."""
        return f"postgresql://logisav@127.0.0.1:{self.port}/{database}"


def family(pid: int) -> list[int]:
    """The process, its children and theirs, whichever session they are in; the eldest first."""
    children: dict[int, list[int]] = {}
    for place in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            parent = int(place.read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(place.parent.name))
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return found


def find_postgres() -> Path:
    """The folder of PostgreSQL's programs: Debian keeps them off PATH."""
    newest_first = sorted(Path(POSTGRES_FOLDERS).glob("*/bin/initdb"), key=_version, reverse=True)
    found = str(newest_first[0]) if newest_first else shutil.which("initdb")
    if found is None:
        raise MissingProgram("PostgreSQL (Debian: postgresql)")
    return Path(found).parent


def _version(program: Path) -> int:
    name = program.parent.parent.name
    return int(name) if name.isdigit() else 0


def find_redis() -> str:
    """The program of Redis."""
    found = shutil.which("redis-server")
    if found is None:
        raise MissingProgram("Redis (Debian: redis-server)")
    return found


def _die_with_parent(number: signal.Signals) -> Callable[[], None]:
    """Ask Linux to signal the child when we die; runs in the child, after its change of user."""
    prctl = getattr(ctypes.CDLL(None), "prctl", None)

    def ask() -> None:
        if prctl is not None:
            prctl(PR_SET_PDEATHSIG, int(number))

    return ask


def missing() -> str:
    """What the PostgreSQL and Redis runs would lack; empty when nothing."""
    try:
        find_postgres()
        find_redis()
    except MissingProgram as program:
        return str(program)
    return ""


if __name__ == "__main__":
    sys.exit(missing() or 0)
