"""What a backup holds, signed with the key of the seal: nothing in it can be exchanged without being found."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, Self

from django.conf import settings

from logisav.backup.storing import write_whole
from signing import seal
from signing.proof import certificates

FORMAT = 1
NAME, SIGNATURE = "manifest.json", "manifest.p7s"


class Unusable(Exception):
    """This is no backup that can be restored; why, in a sentence."""


@dataclass(frozen=True)
class Entry:
    """A file: `path` in the media folder, its contents, and under which name they lie in the backup, as which bytes."""

    path: str
    size: int
    sha256: str
    stored: str
    stored_size: int
    stored_sha256: str

    def __post_init__(self) -> None:
        for name in (self.path, self.stored):
            parts = PurePosixPath(name).parts
            if not parts or name.startswith("/") or ".." in parts:
                raise Unusable(f"Le manifeste nomme un fichier hors de son dossier : {name}")


@dataclass(frozen=True)
class Manifest:
    """`rows` counts each table, `missing` are files that a row names and that were not there."""

    software: str
    at: dt.datetime
    engine: str
    migrations: tuple[str, ...]
    rows: dict[str, int]
    anchor: dict[str, str] | None
    epoch: int
    encrypted: bool
    missing: tuple[str, ...]
    database: Entry
    files: tuple[Entry, ...]

    @property
    def is_complete(self) -> bool:
        return not self.missing

    @property
    def entries(self) -> tuple[Entry, ...]:
        return (self.database, *self.files)

    @cached_property
    def by_stored_name(self) -> dict[str, Entry]:
        return {entry.stored: entry for entry in self.files}

    def to_json(self) -> str:
        document = {"format": FORMAT, "complete": self.is_complete} | asdict(self)
        return json.dumps(document | {"at": self.at.isoformat()}, ensure_ascii=False, indent=1)

    @classmethod
    def from_json(cls, text: str) -> Self:
        try:
            said: dict[str, Any] = json.loads(text)
            if said.pop("format") != FORMAT:
                raise Unusable("Cette sauvegarde vient d'une version plus récente de Logisav.")
            del said["complete"]
            said |= {
                "at": dt.datetime.fromisoformat(said["at"]),
                "migrations": tuple(said["migrations"]),
                "missing": tuple(said["missing"]),
                "database": Entry(**said["database"]),
                "files": tuple(Entry(**one) for one in said["files"]),
            }
            return cls(**said)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Unusable(f"Le manifeste est illisible ({type(error).__name__}).") from error


@dataclass(frozen=True)
class Backup:
    folder: Path
    manifest: Manifest


def write(manifest: Manifest, folder: Path) -> None:
    document = manifest.to_json().encode()
    signature = seal.sign_detached(document, seal.load_signer(settings.SEAL_PKCS12, settings.SEAL_PASSPHRASE))
    write_whole(folder / SIGNATURE, [signature])
    write_whole(folder / NAME, [document])


def read(folder: Path) -> Backup:
    try:
        return Backup(folder, Manifest.from_json((folder / NAME).read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError) as error:
        raise Unusable(f"Pas de sauvegarde dans {folder} : {NAME} manque ou est illisible.") from error


def is_ours(folder: Path) -> bool:
    """Whether the manifest is the one that we signed, with today's key or one before it (`*.cer` beside the key)."""
    try:
        document, signature = (folder / NAME).read_bytes(), (folder / SIGNATURE).read_bytes()
    except OSError:
        return False
    return seal.check_detached(document, signature, trusted=certificates.ours()).intact


def all_in(folder: Path) -> list[Backup]:
    """The backups of this folder that can be read, oldest first: their names are their times."""
    found = []
    for one in sorted(folder.iterdir()) if folder.is_dir() else []:
        if one.is_dir() and not one.name.startswith("."):
            try:
                found.append(read(one))
            except Unusable:
                continue
    return found


def find(place: Path) -> Backup:
    """This backup, or the latest complete one of a folder of backups."""
    if (place / NAME).exists():
        return read(place)
    if complete := [one for one in all_in(place) if one.manifest.is_complete]:
        return complete[-1]
    raise Unusable(f"Pas de sauvegarde complète dans {place}.")
