"""The one way to store a file, and the one way to believe one that is stored.

A file bears the SHA-256 of what it holds as its name, so that a name promises its content: whoever meets the name
compares the hash, and a stump that a full disk or a killed process has left under it is written anew. What `store`
has returned is whole and on the disk, so that a row may say that it is there.
"""

from __future__ import annotations

import glob
import hashlib
import logging
import os
import re
import tempfile
from pathlib import Path, PurePath
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage
from django.db import models
from django.db.models.fields.files import FieldFile, ImageFieldFile

log = logging.getLogger(__name__)
UNFINISHED = ".unfinished-"  # how the name of a file that is being written begins


class Damaged(Exception):
    """The stored file is missing, or it is not the one that was written down."""

    def __init__(self, name: str, *, missing: bool) -> None:
        self.name, self.missing = name, missing
        super().__init__(f"{name} : {'le fichier manque' if missing else 'le fichier a changé'}")


def sha256_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def store(data: bytes, *, folder: str, suffix: str = ".pdf") -> str:
    """Write it under the name of its content; the same bytes again are the same file. Raises OSError, Damaged."""
    digest = sha256_of(data)
    name = f"{folder}/{digest}{suffix}"
    storage: Any = default_storage
    if isinstance(default_storage, FileSystemStorage):
        if not is_whole(name, digest):
            write(Path(storage.path(name)), data, mode=storage.file_permissions_mode)
        sync(Path(storage.path(name)))  # also of one that was met: who wrote it may have died before this
    elif not is_whole(name, digest):
        # A storage that cannot rename takes a file whole or not at all; a stump there is somebody's damage.
        storage.delete(name)
        taken = storage.save(name, ContentFile(data))
        if taken != name:  # another worker was faster with the same bytes
            storage.delete(taken)
    read(name, digest)
    return name


def write(path: Path, data: bytes, *, mode: int | None = None) -> None:
    """All of it or nothing under this name, whatever happens meanwhile: written beside it, then renamed."""
    _make_folder(path.parent)
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=UNFINISHED)
    try:
        try:
            _write_all(handle, data)
            if mode is not None:
                os.fchmod(handle, mode)
            os.fsync(handle)
        finally:
            os.close(handle)
        Path(beside).replace(path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise
    sync(path.parent)


def _write_all(handle: int, data: bytes) -> None:
    """A call may take less than it is given; the one after it says why."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(handle, rest) :]


def _make_folder(folder: Path) -> None:
    """With those above it, each of them written down in the one above."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync(folder.parent)


def sync(path: Path) -> None:
    """Until the disk has it. Of a file its folder too: the name stands there."""
    for one in [path] if path.is_dir() else [path, path.parent]:
        handle = os.open(one, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def read(name: str, sha256: str) -> bytes:
    """What is stored, if it is what was written down. Raises Damaged, and OSError when the storage does not answer."""
    try:
        with default_storage.open(name) as file:
            data = bytes(file.read())
    except FileNotFoundError:
        raise Damaged(name, missing=True) from None
    if sha256_of(data) != sha256:
        raise Damaged(name, missing=False)
    return data


def read_named(name: str) -> bytes:
    """As `read`, by the hash that the name promises; a name of another kind promises nothing."""
    stem = PurePath(name).stem
    if re.fullmatch(r"[0-9a-f]{64}", stem):
        return read(name, stem)
    with default_storage.open(name) as file:
        return bytes(file.read())


def is_whole(name: str, sha256: str) -> bool:
    """Never inside a transaction, as all that reads files."""
    try:
        read(name, sha256)
    except Damaged:
        return False
    return True


def read_or_none(name: str, sha256: str) -> bytes | None:
    """For a page that says in its own words that a file is away; the log says which, and why."""
    try:
        return read(name, sha256)
    except (Damaged, OSError):
        log.exception("%s cannot be read", name)
        return None


def from_backups(name: str, sha256: str) -> bytes | None:
    """The very same file from one of BACKUP_DIRS, by its place, its name alone or in a backup; nothing else will do."""
    for folder in map(Path, settings.BACKUP_DIRS):
        for path in (folder / name, folder / Path(name).name, *folder.glob(f"*/media/{glob.escape(name)}")):
            if path.is_file() and sha256_of(data := path.read_bytes()) == sha256:
                return data
    return None


def recovered(name: str, sha256: str) -> bytes:
    """As `read`, and a damaged file is put back from a backup that has it. Raises Damaged."""
    try:
        return read(name, sha256)
    except Damaged:
        if (data := from_backups(name, sha256)) is None:
            raise
    store(data, folder=str(Path(name).parent), suffix=Path(name).suffix)
    return data


# Files that a form hands in


class _StoredWhole(FieldFile):
    def save(self, name: str | None, content: Any, save: bool = True) -> None:  # noqa: FBT001, FBT002 - Django's own signature
        """As Django's, but by `store`; `upload_to` says folder and suffix, the name in between is the content's."""
        place = Path(self.field.generate_filename(self.instance, name or ""))
        content.open()
        self.name = store(content.read(), folder=str(place.parent), suffix=place.suffix)
        setattr(self.instance, self.field.attname, self.name)
        self._committed = True
        if save:
            self.instance.save()


class _ImageStoredWhole(_StoredWhole, ImageFieldFile):
    pass


class WholeFileField(models.FileField):
    """A column of Django's own kind, whose files go the way of `store`."""

    attr_class = _StoredWhole

    def deconstruct(self) -> Any:
        """To a migration it is what it is to the database."""
        name, _, args, options = super().deconstruct()
        return name, "django.db.models.FileField", args, options


class WholeImageField(models.ImageField):
    attr_class = _ImageStoredWhole

    def deconstruct(self) -> Any:
        name, _, args, options = super().deconstruct()
        return name, "django.db.models.ImageField", args, options
