"""age (https://age-encryption.org, Debian's package `age`): backups are written for a public key, whose private half
lies elsewhere, so that a stolen backup or a broken-in server opens none of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from django.conf import settings

from logisav.backup.storing import chunks_of, piped

SUFFIX = ".age"


def is_on() -> bool:
    return bool(settings.BACKUP_RECIPIENTS)


def encrypted(chunks: Iterable[bytes]) -> Iterator[bytes]:
    recipients = [word for one in settings.BACKUP_RECIPIENTS for word in ("--recipient", one.strip())]
    return piped(["age", "--encrypt", *recipients], feed=chunks)


def opened(path: Path, identity: Path | None) -> Iterator[bytes]:
    """As it was before; a file whose name does not say that it is encrypted is read as it is."""
    if path.suffix != SUFFIX:
        return chunks_of(path)
    return piped(["age", "--decrypt", "--identity", str(identity)], feed=chunks_of(path))
