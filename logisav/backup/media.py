"""The media folder: files are written once, so copying them after the dump misses none that the dump names."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from logisav.backup.encryption import opened
from logisav.backup.manifest import Backup, Entry
from logisav.backup.storing import sha256_of, write_whole


def root() -> Path:
    return Path(settings.MEDIA_ROOT)


def paths() -> list[str]:
    """Every file, but what is hidden: drafts of files that are being written, and what a restore set aside."""
    found = []
    for path in root().rglob("*"):
        inside = path.relative_to(root())
        if path.is_file() and not any(part.startswith(".") for part in inside.parts):
            found.append(inside.as_posix())
    return sorted(found)


def put_back(backup: Backup, identity: Path | None, *, at: dt.datetime) -> list[str]:
    """Nothing is removed. A file that differs from the backup's is set aside; their names are returned."""
    set_aside = root() / f".set-aside-{at:%Y-%m-%dT%H%M%SZ}"
    differing = []
    for entry in backup.manifest.files:
        target = root() / entry.path
        if target.is_file():
            if sha256_of(target) == entry.sha256:
                continue
            differing.append(entry.path)
            (set_aside / entry.path).parent.mkdir(parents=True, exist_ok=True)
            target.rename(set_aside / entry.path)
        mode = settings.FILE_UPLOAD_PERMISSIONS or 0o640
        write_whole(target, opened(backup.folder / entry.stored, identity), mode=mode)
    return differing


def changed(files: tuple[Entry, ...]) -> Iterator[str]:
    """Those of the backup that do not lie in the media folder as they should."""
    for entry in files:
        target = root() / entry.path
        if not target.is_file() or sha256_of(target) != entry.sha256:
            yield entry.path
