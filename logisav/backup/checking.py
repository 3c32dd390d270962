"""Is a backup whole, and ours? Asked before a restore touches anything, and by `restore DIR --check` at any time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from django.db import connection
from django.db.migrations.loader import MigrationLoader

from logisav.backup import manifest
from logisav.backup.encryption import SUFFIX, opened
from logisav.backup.manifest import Backup, Entry
from logisav.backup.storing import ToolFailed, sha256_of


def differences(backup: Backup, identity: Path | None, *, seal_lost: bool = False) -> list[str]:
    """Whatever is not as the manifest says; with `seal_lost` nobody vouches for the manifest itself."""
    found = []
    if not seal_lost and not manifest.is_ours(backup.folder):
        found.append(
            f"{manifest.NAME} : la signature ne correspond pas : il a été modifié, ou scellé par une clé dont le "
            "certificat manque"
        )
    expected = {manifest.NAME, manifest.SIGNATURE} | {entry.stored for entry in backup.manifest.entries}
    there = {
        path.relative_to(backup.folder).as_posix() for path in backup.folder.rglob("*") if path.is_file()
    }
    found += [f"{name} : inconnu du manifeste" for name in sorted(there - expected)]
    return found + [words for entry in backup.manifest.entries for words in _of(entry, backup, identity)]


def _of(entry: Entry, backup: Backup, identity: Path | None) -> Iterator[str]:
    path = backup.folder / entry.stored
    name = entry.path if entry.path == entry.stored else f"{entry.path} ({entry.stored})"
    if not path.is_file():
        yield f"{name} : manque"
    elif sha256_of(path) != entry.stored_sha256:
        yield f"{name} : son contenu a changé"
    elif path.suffix != SUFFIX:
        if entry.sha256 != entry.stored_sha256:
            yield f"{name} : le manifeste se contredit"
    else:
        digest = hashlib.sha256()
        try:
            for chunk in opened(path, identity):
                digest.update(chunk)
        except ToolFailed as failure:
            yield f"{name} : ne se déchiffre pas ({failure})"
            return
        if digest.hexdigest() != entry.sha256:
            yield f"{name} : son contenu déchiffré n'est pas celui du manifeste"


def why_not_here(backup: Backup) -> str:
    """What forbids this backup on this installation; empty when nothing does."""
    made = backup.manifest
    if made.engine != connection.vendor:
        return f"Sauvegarde de {made.engine}, alors que DATABASE_URL désigne {connection.vendor}."
    ours = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}
    if newer := sorted(set(made.migrations) - ours):
        return (
            f"Sauvegarde faite par Logisav {made.software}, plus récent que celui-ci : il ne connaît pas "
            f"{', '.join(newer[:5])}."
        )
    return ""
