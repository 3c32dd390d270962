"""A process of its own for every job, without a new interpreter for each.

`Warm` is the side that asks. Its first job starts a fresh interpreter, the parent (`serve`), which has imported what is
slow and forks for each job. Nothing of ours is in the parent, neither memory nor connections nor keys, and it never
sees a job: job, answer and last words are open files that it hands on unread. A fork does one job and ends; nothing of
it is left to the next.

Nobody works for nobody: a fork ends when whoever waited for it is gone or tired of it, the parent with its starter or
after a while without a job, all forks with their parent. What a parent's end takes along is asked of a new one.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import resource
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import IO, BinaryIO, NoReturn

Work = Callable[[BinaryIO, BinaryIO], int]  # reads the job, writes the answer, returns its exit code

TRIES = 3  # a parent that is gone is started anew; one that goes each time says why
GRACE = 5.0  # seconds for a parent to end a fork that is called off
IDLE = 600.0  # seconds without a job after which a parent gives its memory back
MOST_SAID = 64 * 1024 * 1024  # bytes of one job's answer
MOST_FILES = 256
PIECE = 64 * 1024
PR_SET_PDEATHSIG = 1
NOWHERE = "/nonexistent"
# How the kernel's limits and we ourselves end a fork. Any other signal is a fault in native code: see `Warm.run`.
BY_LIMITS = (signal.SIGKILL, signal.SIGXCPU)


class Endless(Exception):
    """It did not come to its end in its time, or with its words; it was ended."""


class _Gone(Exception):
    """The parent ended before its fork did."""


class _Hangs(Exception):
    """The parent does not even end a fork."""


@dataclass(frozen=True)
class Done:
    """As `subprocess` has it: a code below zero is a signal."""

    code: int
    answer: bytes
    said: bytes


class Warm:
    """Jobs of one kind; the parent is this process' own, not its children's."""

    def __init__(
        self, command: Sequence[str], *, environment: Callable[[str], dict[str, str]], scratch: str
    ) -> None:
        """`environment` gives the parent's whole environment, of a HOME; forks live in a folder named `scratch`…"""
        self._command, self._environment, self._scratch = command, environment, scratch
        self._lock = threading.Lock()
        self._parent: _Parent | None = None
        os.register_at_fork(after_in_child=self._forget)

    def run(self, job: bytes, *, seconds: float) -> Done:
        """Raises Endless."""
        end, said = time.monotonic() + seconds, b""
        with tempfile.TemporaryDirectory(prefix=self._scratch) as scratch:
            lost = 0
            while lost < TRIES:
                if time.monotonic() >= end:
                    raise Endless
                parent = self._running()
                try:
                    done = parent.ask(job, scratch=scratch, end=end)
                except _Gone:
                    lost += (
                        not parent.is_retired
                    )  # where another's crash retired it, this job is not at fault
                    self._bury(parent)
                    said = parent.said
                    continue
                except _Hangs as hangs:
                    self._bury(parent)
                    raise Endless from hangs
                if done.code < 0 and -done.code not in BY_LIMITS:
                    # All forks of a parent have its layout of memory: who makes one crash shall not try again on that.
                    self._bury(parent)
                return done
        return Done(1, b"", said)

    def _running(self) -> _Parent:
        with self._lock:
            if self._parent is None:
                self._parent = _Parent(self._command, self._environment(NOWHERE))
            return self._parent

    def _bury(self, parent: _Parent) -> None:
        with self._lock:
            if self._parent is parent:
                self._parent = None
                parent.is_retired = True
                parent.end()

    def _forget(self) -> None:
        """In a child of this process: the parent is not ours, and must see its starter's end in spite of us."""
        self._lock = threading.Lock()
        if self._parent is not None:
            self._parent.control.close()
            self._parent = None


class _Parent:
    """The parent, as its starter knows it."""

    def __init__(self, command: Sequence[str], environment: dict[str, str]) -> None:
        self.said = b""
        self.is_retired = False
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.control.settimeout(GRACE)
        self._words = os.fdopen(os.memfd_create("said"), "rb+")
        with theirs:
            self._process = subprocess.Popen(
                command,
                stdin=theirs.fileno(),
                stdout=self._words,
                stderr=self._words,
                env=environment,
                cwd="/",
            )

    def ask(self, job: bytes, *, scratch: str, end: float) -> Done:
        """One job, in a fork. Raises Endless, _Gone or _Hangs."""
        with contextlib.ExitStack() as ours:
            ended, heard = self._send(job, scratch, ours)
            try:
                code, answer, said = _listen([ended, *heard], end=end)
            except Endless:
                _call_off(ended)
                raise
        if not code:
            raise _Gone
        return Done(int(code), answer, said)

    def _send(
        self, job: bytes, scratch: str, ours: contextlib.ExitStack
    ) -> tuple[socket.socket, list[IO[bytes]]]:
        """Our ends: where the parent says that the fork has ended; what the fork answers, and its last words."""
        with contextlib.ExitStack() as theirs:
            ended, ending = socket.socketpair()
            ours.enter_context(ended)
            theirs.enter_context(ending)
            paper = theirs.enter_context(os.fdopen(os.memfd_create("job"), "rb+"))
            paper.write(job)
            paper.seek(0)
            given, heard = [ending.fileno(), paper.fileno()], list[IO[bytes]]()
            for _ in ("answer", "last words"):
                reading, writing = os.pipe()
                heard.append(ours.enter_context(os.fdopen(reading, "rb")))
                given.append(theirs.enter_context(os.fdopen(writing, "wb")).fileno())
            try:
                socket.send_fds(self.control, [scratch.encode()], given)
            except OSError as gone:
                raise _Gone from gone
        return ended, heard

    def end(self) -> None:
        self.control.close()
        self._process.kill()
        self._process.wait()
        with self._words as words:
            words.seek(0)
            self.said = words.read()


def _listen(files: Sequence[IO[bytes] | socket.socket], *, end: float) -> list[bytes]:
    """What each says until it is closed. Raises Endless."""
    heard = [bytearray() for _ in files]
    with selectors.PollSelector() as speaking:
        for file, words in zip(files, heard, strict=True):
            speaking.register(file, selectors.EVENT_READ, words)
        while speaking.get_map():
            for key, _ in speaking.select(max(0.0, end - time.monotonic())):
                piece = os.read(key.fd, PIECE)
                key.data.extend(piece)
                if not piece:
                    speaking.unregister(key.fileobj)
            if speaking.get_map() and (time.monotonic() >= end or sum(map(len, heard)) > MOST_SAID):
                raise Endless
    return [bytes(words) for words in heard]


def _call_off(ended: socket.socket) -> None:
    """Nobody wants it any more: the parent kills the fork and says so. Raises _Hangs."""
    ended.shutdown(socket.SHUT_WR)
    try:
        _listen([ended], end=time.monotonic() + GRACE)
    except Endless as hangs:
        raise _Hangs from hangs


# The parent's side


@dataclass(frozen=True)
class _Fork:
    pid: int
    handle: int  # a pidfd: readable when it has ended, and of this process alone
    ended: socket.socket


def serve(work: Work) -> None:
    """The parent: forks for each job that comes in on standard input, until its starter is gone or long silent."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (MOST_FILES, MOST_FILES))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # meant for the starter, which ends what it has begun
    gc.freeze()  # or every fork would copy each page that its collector looks at
    with socket.socket(fileno=0) as control, selectors.PollSelector() as events:
        events.register(control, selectors.EVENT_READ)
        while (ready := events.select(IDLE)) or len(events.get_map()) > 1:
            for key, _ in ready[:1]:  # one at a time: it may make another of them untrue
                if key.data is None:
                    _begin(control, work, events)
                elif key.fileobj is key.data.ended:
                    events.unregister(key.data.ended)
                    with contextlib.suppress(ProcessLookupError):
                        signal.pidfd_send_signal(key.data.handle, signal.SIGKILL)
                else:
                    _end(key.data, events)


def _begin(control: socket.socket, work: Work, events: selectors.PollSelector) -> None:
    scratch, files, _, _ = socket.recv_fds(control, 4096, 4)
    if not scratch:
        os._exit(
            0
        )  # the starter is gone: at once, without an interpreter's farewell, since the forks end with us
    parent, pid = os.getpid(), os.fork()
    if not pid:
        _do(work, files, scratch=scratch.decode(), parent=parent)
    ended, *given = files
    for file in given:
        os.close(file)
    fork = _Fork(pid, os.pidfd_open(pid), socket.socket(fileno=ended))
    events.register(fork.handle, selectors.EVENT_READ, fork)
    events.register(fork.ended, selectors.EVENT_READ, fork)


def _end(fork: _Fork, events: selectors.PollSelector) -> None:
    code = os.waitstatus_to_exitcode(os.waitpid(fork.pid, 0)[1])
    events.unregister(fork.handle)
    os.close(fork.handle)
    with contextlib.suppress(KeyError):
        events.unregister(fork.ended)
    with contextlib.suppress(OSError), fork.ended:
        fork.ended.send(str(code).encode())


def _do(work: Work, files: Sequence[int], *, scratch: str, parent: int) -> NoReturn:
    """The fork: 0 is the job, 1 and 2 take whatever libraries print, 3 is the answer, and nothing else is open."""
    code = 1
    try:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() == parent:
            code = _work_alone(work, files, scratch=scratch)
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _work_alone(work: Work, files: Sequence[int], *, scratch: str) -> int:
    _ended, job, answer, said = files
    for file, place in ((job, 0), (said, 1), (said, 2), (answer, 3)):
        os.dup2(file, place)
    os.closerange(4, MOST_FILES)
    os.chdir(scratch)
    os.environ["HOME"] = os.environ["TMPDIR"] = tempfile.tempdir = scratch
    try:
        with os.fdopen(0, "rb", closefd=False) as reading, os.fdopen(3, "wb") as writing:
            return work(reading, writing)
    except BaseException:  # noqa: BLE001 (the fork ends here, whatever happened)
        traceback.print_exc()
        return 1
