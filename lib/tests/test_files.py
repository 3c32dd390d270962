"""A file is stored whole or not at all, and believed only while it is what was written down: on real disks."""

from __future__ import annotations

import errno
import os
import secrets
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import InMemoryStorage, default_storage
from pytest_django import Settings

from lib import files

pytestmark = pytest.mark.sqlite
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def data() -> bytes:
    return b"%PDF-1.7\n" + secrets.token_bytes(300_000)


@pytest.fixture
def place(settings: Settings, tmp_path: Path) -> Path:
    """A media folder of its own, as no first start has made it yet."""
    settings.MEDIA_ROOT = str(tmp_path / "media")
    return tmp_path / "media" / "versions"


def lying_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_stored_file_bears_its_hash_and_the_same_bytes_are_stored_once(place: Path, data: bytes) -> None:
    names = {files.store(data, folder="versions") for _ in range(2)}
    assert names == {f"versions/{files.sha256_of(data)}.pdf"}
    assert [path.read_bytes() for path in place.iterdir()] == [data]
    assert next(place.iterdir()).stat().st_mode & 0o777 == 0o640


def test_a_stump_under_the_final_name_is_never_taken_for_the_file(place: Path, data: bytes) -> None:
    place.mkdir(parents=True)
    (place / f"{files.sha256_of(data)}.pdf").write_bytes(data[:4096])
    name = files.store(data, folder="versions")
    assert files.read(name, files.sha256_of(data)) == data


@pytest.mark.parametrize("edge", ["fsync", "write"])
def test_a_disk_that_is_full_leaves_nothing_and_the_next_try_stores_it(
    place: Path, data: bytes, edge: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, edge, full)
        with pytest.raises(OSError, match="No space left"):
            files.store(data, folder="versions")
    assert not place.exists() or lying_in(place) == []
    assert files.read(files.store(data, folder="versions"), files.sha256_of(data)) == data


CHILD = """
import os, signal
from pathlib import Path
from lib import files
half = os.write
def killed(handle, data):
    half(handle, bytes(data)[: len(data) // 2])
    os.kill(os.getpid(), signal.SIGKILL)
if {killed}:
    os.write = killed
else:  # a disk that takes 64 kB of a file and no more
    import resource
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))
files.write(Path({path!r}), b"x" * 300_000)
"""


@pytest.mark.parametrize("killed", [True, False], ids=["killed half-way", "the disk takes half"])
def test_a_process_that_ends_half_way_leaves_nothing_under_the_name(tmp_path: Path, *, killed: bool) -> None:
    path = tmp_path / "versions" / "whole.pdf"
    child = subprocess.run(
        [sys.executable, "-c", CHILD.format(killed=killed, path=str(path))],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    assert child.returncode == (-signal.SIGKILL if killed else 1), child.stderr
    assert not path.exists()
    left = list(path.parent.iterdir())
    assert [one.stat().st_size for one in left] == ([150_000] if killed else [])
    assert all(one.name.startswith(files.UNFINISHED) for one in left)
    files.write(path, b"x" * 300_000)
    assert path.stat().st_size == 300_000


def test_file_and_folder_are_on_the_disk_before_the_name_is_given_back(
    place: Path, data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    really = os.fsync

    def fsync(handle: int) -> None:
        synced.append(os.fstat(handle).st_ino)
        really(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    name = files.store(data, folder="versions")
    needed = [Path(default_storage.path(name)), place, place.parent, place.parent.parent]
    assert {path.stat().st_ino for path in needed} <= set(synced)


@pytest.mark.parametrize("harm", ["truncated", "one byte", "gone"])
def test_what_is_not_what_was_written_down_is_not_read(place: Path, data: bytes, harm: str) -> None:
    name, digest = files.store(data, folder="versions"), files.sha256_of(data)
    spoil(Path(default_storage.path(name)), harm)
    with pytest.raises(files.Damaged) as damaged:
        files.read(name, digest)
    assert damaged.value.missing is (harm == "gone")
    assert not files.is_whole(name, digest)


def spoil(path: Path, harm: str) -> None:
    """The three ways in which a stored file goes bad."""
    whole = path.read_bytes()
    if harm == "gone":
        path.unlink()
    else:
        path.write_bytes(whole[: len(whole) // 2] if harm == "truncated" else flipped(whole))


def flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


def test_only_the_very_same_file_comes_out_of_a_backup(
    place: Path, data: bytes, settings: Settings, tmp_path: Path
) -> None:
    name, digest = files.store(data, folder="versions"), files.sha256_of(data)
    other, right = tmp_path / "other", tmp_path / "right" / "versions"
    other.mkdir()
    (other / f"{digest}.pdf").write_bytes(flipped(data))
    Path(default_storage.path(name)).unlink()
    settings.BACKUP_DIRS = [str(other), str(tmp_path / "away")]
    with pytest.raises(files.Damaged):
        files.recovered(name, digest)
    backup = tmp_path / "backups" / "2026-11-29T02:15:00Z" / "media" / "versions"
    backup.mkdir(parents=True)
    (backup / f"{digest}.pdf").write_bytes(data)
    settings.BACKUP_DIRS = [str(tmp_path / "backups")]
    assert files.from_backups(name, digest) == data
    right.mkdir(parents=True)
    (right / f"{digest}.pdf").write_bytes(data)
    settings.BACKUP_DIRS = [*settings.BACKUP_DIRS, str(right.parent)]
    assert files.recovered(name, digest) == data
    assert files.read(name, digest) == data


class Bucket(InMemoryStorage):
    """A storage that knows no path and cannot rename, as S3."""


@pytest.fixture
def bucket(settings: Settings) -> None:
    backend = {"BACKEND": f"{Bucket.__module__}.{Bucket.__qualname__}"}
    settings.STORAGES = {**settings.STORAGES, "default": backend}


def test_a_storage_that_cannot_rename_is_read_back(bucket: None, data: bytes) -> None:
    digest = files.sha256_of(data)
    name = files.store(data, folder="versions")
    assert files.store(data, folder="versions") == name == f"versions/{digest}.pdf"
    default_storage.delete(name)
    with default_storage.open(name, "wb") as file:
        file.write(data[:4096])
    assert not files.is_whole(name, digest)
    assert files.store(data, folder="versions") == name
    assert files.read(name, digest) == data
    assert default_storage.listdir("versions")[1] == [f"{digest}.pdf"]
