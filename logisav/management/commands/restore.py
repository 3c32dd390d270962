"""Back from a backup: checked first, closed afterwards, opened by a second command."""

from __future__ import annotations

import getpass
import sqlite3
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from logisav.backup import checking, manifest, opening, restoring
from logisav.backup.restoring import NotRestored, Wanted
from logisav.backup.storing import ToolFailed
from notifications.models import Restoration
from payments.stripe_gateway import GatewayUnavailable

WORD = "rouvrir"


class Command(BaseCommand):
    help = "Remet une sauvegarde en place ; rien ne part (mails, paiements) avant « restore --open »."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "folder", metavar="DOSSIER", type=Path, nargs="?",
            help="une sauvegarde, ou le dossier des sauvegardes : la dernière complète",
        )  # fmt: skip
        parser.add_argument("--check", action="store_true", help="vérifier seulement, ne rien toucher")
        parser.add_argument("--replace", action="store_true", help="même si la base ou les fichiers sont là")
        parser.add_argument(
            "--identity", metavar="FICHIER", type=Path, help="clé privée age d'une sauvegarde chiffrée"
        )
        parser.add_argument(
            "--anchors", metavar="DOSSIER", type=Path, help="ancrages exportés, gardés ailleurs"
        )
        parser.add_argument("--seal-lost", action="store_true", help="sans la signature du manifeste")
        parser.add_argument("--open", action="store_true", help="rouvrir : montre d'abord ce qui partirait")
        parser.add_argument(
            "--drop-waiting", action="store_true", help="ne pas envoyer les mails d'avant la sauvegarde"
        )
        parser.add_argument("--yes", action="store_true", help="rouvrir sans le demander")

    def handle(self, *args: Any, folder: Path | None, **options: Any) -> None:
        if options["open"]:
            self.open(drop_waiting=options["drop_waiting"], yes=options["yes"])
            return
        if folder is None:
            raise CommandError("restore DOSSIER, ou restore --open.")
        wanted = Wanted(
            identity=options["identity"],
            anchors=options["anchors"],
            replace=options["replace"],
            seal_lost=options["seal_lost"],
        )
        try:
            backup = manifest.find(folder)
            self.stdout.write(f"Sauvegarde {backup.folder}")
            if options["check"]:
                self.check_only(backup, wanted)
            else:
                self.restore(backup, wanted)
        except (manifest.Unusable, NotRestored, ToolFailed, OSError, sqlite3.Error) as failure:
            raise CommandError(str(failure)) from failure

    def check_only(self, backup: manifest.Backup, wanted: Wanted) -> None:
        if differences := checking.differences(backup, wanted.identity, seal_lost=wanted.seal_lost):
            raise CommandError("\n".join(["La sauvegarde n'est pas intacte :", *differences]))
        self.stdout.write(f"Intacte : {len(backup.manifest.files)} fichiers et la base.")

    def restore(self, backup: manifest.Backup, wanted: Wanted) -> None:
        faults = restoring.restore(backup, wanted, say=self.stdout.write)
        self.stdout.write(
            "Liens, codes, invitations et connexions d'avant sont morts. Aucun mail ne part, personne ne signe ni ne "
            "paie, avant : manage.py restore --open"
        )
        if faults:
            raise CommandError("\n".join(["Restauré, mais cela ne tient pas :", *faults]))
        self.stdout.write("Journaux, scellés et ancrages vérifiés : intacts.")

    def open(self, *, drop_waiting: bool, yes: bool) -> None:
        closed = opening.closed()
        if closed is None:
            raise CommandError("Rien n'est fermé.")
        if closed.ready_at is None:
            raise CommandError("La restauration n'est pas allée à son terme : relancez-la avec --replace.")
        try:
            lines = opening.ask_stripe_again(closed)
            for line in [
                *closed.findings.splitlines(),
                *(line for line in lines if line not in closed.findings),
            ]:
                self.stdout.write(f"À rapprocher : {line}")
            self.show(closed, drop_waiting=drop_waiting)
            if not yes and self.typed() != WORD:
                raise CommandError("Rien n'est rouvert.")
            dropped = opening.open_house(drop_waiting=drop_waiting, by=getpass.getuser())
        except GatewayUnavailable as away:
            raise CommandError(f"Stripe ne répond pas, rien n'est rouvert : {away}") from away
        self.stdout.write(f"Rouvert. {dropped} mail(s) abandonné(s).")

    def show(self, closed: Restoration, *, drop_waiting: bool) -> None:
        self.stdout.write(f"{closed}. Partirait à la réouverture :")
        mails = opening.waiting_mails(closed.dumped_at)
        for line in [*mails, *opening.waiting_work()] or ["rien"]:
            self.stdout.write(f"  {line}")
        if drop_waiting:
            self.stdout.write("--drop-waiting : les mails d'avant la sauvegarde seront périmés, pas envoyés.")
        elif any(kind.old for kind in mails):
            self.stdout.write(
                "Avec --drop-waiting, ceux d'avant la sauvegarde seraient périmés au lieu de partir."
            )

    def typed(self) -> str:
        try:
            return input(f"Tapez « {WORD} » pour rouvrir : ").strip()
        except EOFError:
            return ""
