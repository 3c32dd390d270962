"""`manage.py export_person MAIL`: all that is kept of a person, as a ZIP (RGPD, art. 15 and 20)."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from lib import files
from logisav.personal import exporting
from logisav.staff import journal
from logisav.staff.journal import By


class Command(BaseCommand):
    help = (
        "Réunit dans un ZIP tout ce qui est gardé d'une personne, désignée par son adresse mail, et rien des autres ; "
        "dit ce qui ne pourrait pas être effacé, et jusqu'à quand."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("mail", metavar="MAIL")
        parser.add_argument("--to", metavar="FICHIER", type=Path, help="sans lui : personne-DATE.zip, ici")

    def handle(self, *args: Any, mail: str, to: Path | None, **options: Any) -> None:
        try:
            export = exporting.collect(mail.strip())
        except exporting.NothingKept:
            raise CommandError(f"Rien n'est gardé sous l'adresse {mail}.") from None
        path = to or Path(f"personne-{timezone.localtime():%Y%m%d-%H%M%S}.zip")
        if path.exists():
            raise CommandError(f"{path} existe déjà : rien n'a été écrit.")
        files.write(path.resolve(), exporting.packed(export), mode=0o600)
        cards = ", ".join(f"fiche {pk}" for pk in export.person.customers) or "sans fiche de client"
        journal.append("exported", by=By(None), target=f"Données d'une personne : {cards}")
        self.stdout.write(f"{path} : {sum(export.counts.values())} lignes, {len(export.files)} fichier(s).")
        for name, count in export.counts.items():
            self.stdout.write(f"  {name:<34} {count:>6}")
        for name in export.missing:
            self.stdout.write(f"  fichier absent : {name}")
        self.stdout.write("Vérifiez d'abord que la demande vient bien de cette personne, et non d'un autre.")
        for line in exporting.refusal(export.person):
            self.stdout.write(line)
