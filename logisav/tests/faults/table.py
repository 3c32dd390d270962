"""The named faults. Each is a way to begin and a way to end; while it lasts ten customers go on."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from demo.stripe_standin.faults import FaultKind, PlannedFault
from logisav.tests.faults.gates import Door
from logisav.tests.faults.ground import Ground, as_answer
from logisav.tests.faults.points import SETTLING, WEB, WORKER
from notifications.tests.smtp import DROP, HANG

LANES = ("worker-urgent", "worker-logisav", "worker-work")
PAST_A_LEASE = 35.0
AHEAD = 300.0


@dataclass(frozen=True)
class Fault:
    """`lasts` seconds, then `rests` well, so many `times` in a batch.

    A fault with `points` is none of time: its points are armed, a few at once, until each was reached.
    `may_double`: it can fall between the server's 250 (or a whole mail without an answer) and the mark that it is sent.
    """

    name: str
    row: str
    cause: str
    happens: Callable[[Ground], AbstractContextManager[None]] | None = None
    lasts: float = 10.0
    rests: float = 10.0
    times: int = 3
    may_double: bool = False
    points: tuple[str, ...] = ()
    each_statement: bool = False
    needs_disk: bool = False


# Killed


def killed(*names: str) -> Callable[[Ground], AbstractContextManager[None]]:
    """At whatever it was doing; systemd starts it again after two seconds."""

    @contextmanager
    def happens(ground: Ground) -> Iterator[None]:
        for name in names:
            ground.topology[name].kill()
        yield

    return happens


def away(*names: str) -> Callable[[Ground], AbstractContextManager[None]]:
    """Killed, and not started again before the end."""

    @contextmanager
    def happens(ground: Ground) -> Iterator[None]:
        ground.held.update(names)
        for name in names:
            ground.topology[name].kill()
        yield
        for name in names:
            ground.topology[name].begin()
        ground.held.difference_update(names)

    return happens


def paused(*names: str) -> Callable[[Ground], AbstractContextManager[None]]:
    @contextmanager
    def happens(ground: Ground) -> Iterator[None]:
        for name in names:
            ground.topology[name].pause()
        yield
        for name in names:
            ground.topology[name].resume()

    return happens


# Broker


@contextmanager
def broker_emptied(ground: Ground) -> Iterator[None]:
    ground.held.add("redis")
    ground.redis.kill()
    subprocess.run(["rm", "-r", str(ground.redis.folder / "appendonlydir")], check=True)
    ground.redis.start()
    ground.held.discard("redis")
    yield


# Mail server


def mail_server(**script: str) -> Callable[[Ground], AbstractContextManager[None]]:
    @contextmanager
    def happens(ground: Ground) -> Iterator[None]:
        ground.mails.say(script)
        yield
        ground.mails.say()

    return happens


@contextmanager
def nothing(_: Ground) -> Iterator[None]:
    yield


@contextmanager
def mail_server_dawdles(ground: Ground) -> Iterator[None]:
    ground.mails.say(dawdles=1.5)
    yield
    ground.mails.say()


@contextmanager
def no_mail_for_staff(ground: Ground) -> Iterator[None]:
    ground.mails.say(unwelcome="@patron.example")
    yield
    ground.mails.say()


def door(
    which: str, state: Door, lie: Callable[[Ground], bytes] | None = None
) -> Callable[[Ground], AbstractContextManager[None]]:
    @contextmanager
    def happens(ground: Ground) -> Iterator[None]:
        gate = ground.smtp if which == "smtp" else ground.tsa
        gate.set(state, lie=lie(ground) if lie else b"")
        yield
        gate.set(Door.OPEN)

    return happens


# Database


@contextmanager
def database_restarted(ground: Ground) -> Iterator[None]:
    ground.held.add("postgres")
    ground.postgres.stop()
    yield
    ground.postgres.start()
    ground.held.discard("postgres")


@contextmanager
def database_crashed(ground: Ground) -> Iterator[None]:
    ground.held.add("postgres")
    ground.postgres.kill()
    yield
    ground.postgres.start()
    ground.held.discard("postgres")


@contextmanager
def sessions_ended(ground: Ground) -> Iterator[None]:
    for _ in range(5):
        ground.end_sessions()
        time.sleep(0.5)
    yield


@contextmanager
def serialization(ground: Ground) -> Iterator[None]:
    """Every transaction becomes REPEATABLE READ: whoever meets a row that was changed meanwhile fails with 40001."""
    ground.sql("ALTER DATABASE logisav SET default_transaction_isolation = 'repeatable read'")
    ground.end_sessions()
    yield
    ground.sql("ALTER DATABASE logisav RESET default_transaction_isolation")
    ground.end_sessions()


# Disk


@contextmanager
def disk_full(ground: Ground) -> Iterator[None]:
    filler = ground.folder / "media" / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
        while file.write(b"\0" * 4096):
            pass
    yield
    filler.unlink()


@contextmanager
def disk_read_only(ground: Ground) -> Iterator[None]:
    media = str(ground.folder / "media")
    while subprocess.run(["mount", "-o", "remount,ro", media], capture_output=True, check=False).returncode:
        time.sleep(0.05)  # somebody is writing just now
    yield
    subprocess.run(["mount", "-o", "remount,rw", media], check=True)


# Clock


def clock(ahead: float) -> Callable[[Ground], AbstractContextManager[None]]:
    @contextmanager
    def happens(ground: Ground) -> Iterator[None]:
        ground.set_clock(ahead)
        yield
        ground.set_clock(0)

    return happens


# Stripe


def stripe(kind: FaultKind, *, seconds: float = 1.0) -> Callable[[Ground], AbstractContextManager[None]]:
    @contextmanager
    def happens(ground: Ground) -> Iterator[None]:
        ground.stripe.faults.plan(PlannedFault(kind, times=1_000_000, seconds=seconds))
        yield
        ground.stripe.faults.clear()

    return happens


@contextmanager
def wrong_key(ground: Ground) -> Iterator[None]:
    right = ground.stripe.api.key
    ground.stripe.api.key = "sk_test_another"
    yield
    ground.stripe.api.key = right


def names(*points: object) -> tuple[str, ...]:
    return tuple(str(getattr(point, "name", point)) for point in points)


AT_COMMIT = ("accept: before COMMIT", "accept: COMMIT, nobody nudged")
FAULTS = (
    Fault(
        "nothing",
        "quiet",
        "no fault: what all others are compared with",
        nothing,
        lasts=0,
        times=1,
    ),
    Fault(
        "worker killed at named points",
        "points",
        "SIGKILL to itself at each point of points.py",
        points=names(*WORKER),
        may_double=True,
    ),
    Fault(
        "web killed in accept",
        "accept",
        "SIGKILL to itself at each statement of accept, around COMMIT, after it",
        points=names(*WEB, *AT_COMMIT),
        each_statement=True,
    ),
    Fault(
        "web killed in settle",
        "accept",
        "SIGKILL to itself while Stripe's message is taken",
        points=names(*SETTLING),
    ),
    Fault(
        "workers killed",
        "workers",
        "SIGKILL to the three lanes at any moment",
        killed(*LANES),
        lasts=2,
        may_double=True,
    ),
    Fault("web killed", "workers", "SIGKILL to all of gunicorn at any moment", killed("web"), lasts=2),
    Fault(
        "schedule killed",
        "workers",
        "SIGKILL to the sweeps at any moment",
        killed("schedule"),
        lasts=2,
        may_double=True,
    ),
    Fault(
        "schedule dead",
        "workers",
        "the sweeps are not there for 40 s",
        away("schedule"),
        lasts=40,
        times=1,
        may_double=True,
    ),
    Fault(
        "worker stopped past its lease",
        "lease",
        "SIGSTOP to the three lanes for 35 s; a claim lasts 20 s",
        paused(*LANES),
        lasts=PAST_A_LEASE,
        times=1,
        may_double=True,
    ),
    Fault("broker refused", "broker", "Redis is not there", away("redis"), lasts=15),
    Fault("broker hung", "broker", "SIGSTOP to Redis", paused("redis"), lasts=15),
    Fault(
        "broker restarted empty", "broker", "Redis killed, its file removed, started", broker_emptied, lasts=1
    ),
    Fault("SMTP refused", "smtp", "connection refused", door("smtp", Door.REFUSED), lasts=12),
    Fault("SMTP hung", "smtp", "connection taken, no greeting", door("smtp", Door.HUNG), lasts=20),
    Fault("SMTP 4xx", "smtp", "451 to every recipient", mail_server(RCPT="451 4.3.0 Later")),
    Fault("SMTP 4xx after DATA", "smtp", "452 to the whole mail", mail_server(BODY="452 4.2.2 Full")),
    Fault("SMTP 5xx", "smtp", "554 as its greeting", mail_server(CONNECT="554 5.3.2 No service")),
    Fault("SMTP 5xx for staff", "smtp", "550 for the owner's address", no_mail_for_staff),
    Fault(
        "SMTP hangs after DATA", "smtp", "nothing is said to the whole mail", mail_server(BODY=HANG), lasts=20
    ),
    Fault("SMTP slow", "smtp", "1.5 s before each answer", mail_server_dawdles, lasts=20),
    Fault(
        "SMTP drops after DATA",
        "smtp",
        "the whole mail is taken, and hung up",
        mail_server(BODY=DROP),
        may_double=True,
    ),
    Fault(
        "PostgreSQL restarted",
        "database",
        "stopped in order, 3 s away",
        database_restarted,
        lasts=3,
        may_double=True,
    ),
    Fault(
        "PostgreSQL crashed",
        "database",
        "SIGKILL to all its processes, 3 s away",
        database_crashed,
        lasts=3,
        may_double=True,
    ),
    Fault(
        "back ends killed",
        "database",
        "pg_terminate_backend five times in 2.5 s",
        sessions_ended,
        lasts=0,
        may_double=True,
    ),
    Fault(
        "serialization failures",
        "database",
        "REPEATABLE READ for everybody",
        serialization,
        lasts=15,
        may_double=True,
    ),
    Fault("disk full", "disk", "no byte left where files are", disk_full, needs_disk=True),
    Fault("disk read-only", "disk", "remounted read-only", disk_read_only, needs_disk=True),
    Fault("clock forth", "clock", "five minutes ahead, then right again", clock(AHEAD)),
    Fault("clock back", "clock", "five minutes behind, then right again", clock(-AHEAD)),
    Fault("authority away", "authority", "connection refused", door("tsa", Door.REFUSED)),
    Fault("authority hung", "authority", "connection taken, no answer", door("tsa", Door.HUNG), lasts=15),
    Fault("authority slow", "authority", "3 s before its answer", door("tsa", Door.SLOW), lasts=15),
    Fault(
        "authority babbles",
        "authority",
        "200 with bytes that are no stamp",
        door("tsa", Door.LYING, lambda _: as_answer(b"time")),
    ),
    Fault(
        "authority lies",
        "authority",
        "a good stamp of another document",
        door("tsa", Door.LYING, Ground.stale_stamp),
    ),
    Fault("Stripe hung", "stripe", "no answer for 30 s", stripe(FaultKind.SLOW, seconds=30)),
    Fault("Stripe unreachable", "stripe", "hangs up", stripe(FaultKind.UNREACHABLE)),
    Fault("Stripe's answer lost", "stripe", "does it, and hangs up", stripe(FaultKind.LOST)),
    Fault("Stripe 500", "stripe", "500 to everything", stripe(FaultKind.ERROR)),
    Fault("wrong key", "stripe", "401 to everything", wrong_key),
)
ROWS = tuple(dict.fromkeys(fault.row for fault in FAULTS))
