"""Making a backup: the database first, then the files that its rows name, a signed manifest, one renaming at the end.

FOLDER/2026-11-29T020000.123Z/
    manifest.json, manifest.p7s     what is in it, signed with the key of the seal
    database(.age)                  pg_dump's custom format, or a SQLite file
    media/<SHA-256>(.age)           each file under the name of its contents; a hard link to the backup before it
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from django.db import connection
from django.utils import timezone

from lib import VERSION
from logisav.backup import databases, encryption, manifest, media
from logisav.backup.manifest import Backup, Entry, Manifest
from logisav.backup.storing import chunks_of, sha256_of, sync_folder, write_whole

PARTIAL = ".partial"


class AlreadyRunning(Exception):
    """Another backup is being written to this folder."""


def make(folder: Path, *, keep: int = 0) -> Backup:
    """A new backup in `folder`; of those before it so many complete ones stay, all of them with 0."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone_in(folder):
        name = timezone.now().strftime("%Y-%m-%dT%H%M%S.%f")[:-3] + "Z"
        before = manifest.all_in(folder)
        draft = folder / f".{name}{PARTIAL}"
        draft.mkdir(mode=0o700)
        made = _write(draft, before[-1] if before else None)
        sync_folder(draft)
        draft.rename(folder / name)
        sync_folder(folder)
        if keep and made.is_complete:
            _remove_old(folder, keep)
        return Backup(folder / name, made)


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """What a backup that was killed has left is removed first."""
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyRunning(f"Une autre sauvegarde est en cours dans {folder}.") from error
        for leftover in folder.glob(f".*{PARTIAL}"):
            shutil.rmtree(leftover)
        yield


def _write(draft: Path, before: Backup | None) -> Manifest:
    facts, database = databases.dump(lambda chunks: _store(chunks, draft, path="database", name="database"))
    written: dict[str, Entry] = {}
    files = [_kept(path, draft, before, written) for path in sorted(facts.named)]
    made = Manifest(
        software=VERSION,
        at=facts.at,
        engine=connection.vendor,
        migrations=facts.migrations,
        rows=facts.rows,
        anchor=facts.anchor,
        epoch=facts.epoch,
        encrypted=encryption.is_on(),
        missing=tuple(path for path, entry in zip(sorted(facts.named), files, strict=True) if entry is None),
        database=database,
        files=tuple(filter(None, files)),
    )
    manifest.write(made, draft)
    return made


def _kept(path: str, draft: Path, before: Backup | None, written: dict[str, Entry]) -> Entry | None:
    """By its contents: once in a backup, and a hard link where the one before has it. None when it is not there."""
    source = media.root() / path
    if not source.is_file():
        return None
    digest = sha256_of(source)
    entry = written.get(digest)
    if entry is None and before is not None:
        entry = _linked(digest, draft, before)
    if entry is None:
        entry = _store(chunks_of(source), draft, path=path, name=f"media/{digest}")
    written[digest] = entry
    return replace(entry, path=path)


def _linked(digest: str, draft: Path, before: Backup) -> Entry | None:
    """None where it must be written anew: not there, not in today's form, no longer whole, no hard links."""
    stored = f"media/{digest}" + (encryption.SUFFIX if encryption.is_on() else "")
    known = before.manifest.by_stored_name.get(stored)
    if known is None:
        return None
    try:
        if sha256_of(before.folder / stored) != known.stored_sha256:
            return None
        (draft / stored).parent.mkdir(exist_ok=True)
        os.link(before.folder / stored, draft / stored)
    except OSError:
        return None
    return known


def _store(chunks: Iterable[bytes], draft: Path, *, path: str, name: str) -> Entry:
    digest, size = hashlib.sha256(), 0

    def counted() -> Iterator[bytes]:
        nonlocal size
        for chunk in chunks:
            digest.update(chunk)
            size += len(chunk)
            yield chunk

    encrypting = encryption.is_on()
    stored = name + (encryption.SUFFIX if encrypting else "")
    write_whole(draft / stored, encryption.encrypted(counted()) if encrypting else counted())
    bytes_stored = (draft / stored).stat().st_size
    return Entry(path, size, digest.hexdigest(), stored, bytes_stored, sha256_of(draft / stored))


def _remove_old(folder: Path, keep: int) -> None:
    """Everything older than the complete backup that is the last to be kept; incomplete ones do not count."""
    complete = [one.folder.name for one in manifest.all_in(folder) if one.manifest.is_complete]
    if len(complete) < keep:
        return
    oldest_kept = complete[-keep]
    for one in manifest.all_in(folder):
        if one.folder.name < oldest_kept:
            shutil.rmtree(one.folder)
