"""Bytes on their way: through another program, into a file that is whole or not there."""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

CHUNK = 1024 * 1024
KEPT = ("PATH", "HOME", "LANG", "TZ")


class ToolFailed(Exception):
    """A program that we called ended badly; what it said."""


def chunks_of(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def sha256_of(path: Path) -> str:
    digest = hashlib.sha256()
    for chunk in chunks_of(path):
        digest.update(chunk)
    return digest.hexdigest()


def write_whole(target: Path, chunks: Iterable[bytes], *, mode: int = 0o600) -> None:
    """Under a temporary name, on the disk, then renamed."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            for chunk in chunks:
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def piped(
    command: Sequence[str], *, feed: Iterable[bytes] = (), variables: Mapping[str, str] | None = None
) -> Iterator[bytes]:
    """What the program says while it reads `feed`. It sees none of our secrets but `variables`; raises ToolFailed."""
    environment = {name: os.environ[name] for name in KEPT if name in os.environ}
    with tempfile.TemporaryFile() as said:
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                env=environment | dict(variables or {}),
            )
        except FileNotFoundError as error:
            raise ToolFailed(f"{command[0]} n'est pas installé sur cette machine.") from error
        feeder = _Feeder(process, feed)
        feeder.start()
        try:
            assert process.stdout is not None  # noqa: S101 - for the type checker: it is a pipe
            while chunk := process.stdout.read(CHUNK):
                yield chunk
            process.wait()
        finally:
            process.kill()
            process.wait()
            feeder.join()
        if feeder.error is not None:
            raise feeder.error
        if process.returncode:
            said.seek(0)
            words = said.read().decode(errors="replace").strip()[-2000:]
            raise ToolFailed(f"{command[0]} a échoué : {words}")


class _Feeder(threading.Thread):
    """Writes while the other side is read: neither waits for the other with a full pipe."""

    def __init__(self, process: subprocess.Popen[bytes], feed: Iterable[bytes]) -> None:
        super().__init__(daemon=True)
        self.process, self.feed = process, feed
        self.error: Exception | None = None

    def run(self) -> None:
        stdin = self.process.stdin
        assert stdin is not None  # noqa: S101 - for the type checker: it is a pipe
        try:
            for chunk in self.feed:
                stdin.write(chunk)
            stdin.close()
        except BrokenPipeError:
            pass  # it has ended, its own words say why
        except Exception as error:  # noqa: BLE001 - handed to whoever reads; what was half fed must not look whole
            self.error = error
            self.process.kill()
