"""Database and files into a folder, each backup whole, signed, and cheap beside the one before it."""

from __future__ import annotations

import sqlite3
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from logisav.backup import making
from logisav.backup.storing import ToolFailed

APART = (
    "À garder ailleurs, rien de cela n'est dans la sauvegarde : la clé du cachet (SEAL_PKCS12, *.cer), sa phrase, "
    "SECRET_KEY, OTP_KEY, OUTBOX_KEY, les clés de Stripe, la clé privée des sauvegardes."
)


class Command(BaseCommand):
    help = "Sauvegarde la base puis les fichiers dans DOSSIER ; chiffre si BACKUP_RECIPIENT nomme une clé publique."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", metavar="DOSSIER", type=Path)
        parser.add_argument("--keep", metavar="N", type=int, default=0, help="n'en garder que N complètes")

    def handle(self, *args: Any, folder: Path, keep: int, **options: Any) -> None:
        if keep < 0:
            raise CommandError("--keep : au moins 1.")
        try:
            backup = making.make(folder, keep=keep)
        except (making.AlreadyRunning, ToolFailed, OSError, sqlite3.Error) as failure:
            raise CommandError(f"Pas de sauvegarde : {failure}") from failure
        made = backup.manifest
        self.stdout.write(
            f"{backup.folder}\n{sum(made.rows.values())} lignes, {len(made.files)} fichiers, "
            f"{'chiffrée' if made.encrypted else 'NON chiffrée (BACKUP_RECIPIENT est vide)'}.\n{APART}"
        )
        if made.missing:
            names = "\n".join(made.missing)
            raise CommandError(
                f"Sauvegarde incomplète : ces fichiers sont nommés en base et manquent.\n{names}"
            )
