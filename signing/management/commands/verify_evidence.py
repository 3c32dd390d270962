"""Recompute the hash chains of the journals, hold them against what was sealed and anchored, and read every file."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from lib import files
from quotes.models import Quote
from signing.models import Anchor
from signing.proof import auditing


class Command(BaseCommand):
    help = (
        "Recalcule chaque chaîne, la compare aux PDF scellés et aux ancrages, nomme la première ligne fausse ; "
        "relit chaque fichier et nomme ceux qui manquent ou ont changé."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "numbers", metavar="NUMERO", nargs="*", help="tous les devis si aucun n'est nommé"
        )
        parser.add_argument(
            "--export-anchors",
            metavar="DOSSIER",
            type=Path,
            help="y écrit chaque ancrage (.json) et sa signature (.p7s), à vérifier avec openssl",
        )

    def handle(self, *args: Any, numbers: list[str], export_anchors: Path | None, **options: Any) -> None:
        quotes = Quote.objects.order_by("number")
        if numbers:
            quotes = quotes.filter(number__in=numbers)
        if unknown := set(numbers) - set(quotes.values_list("number", flat=True)):
            raise CommandError(f"Devis inconnu : {', '.join(sorted(unknown))}")
        if export_anchors is not None:
            self.export(export_anchors)
        report = auditing.audit(list(quotes))
        for note in report.notes:
            self.stdout.write(note)
        if report.orphans:
            self.stdout.write("Fichiers scellés sans ligne (rien ne les supprime) :")
            for name in report.orphans:
                self.stdout.write(f"  {name}")
        wrong = [
            "\n".join([heading, *lines])
            for heading, lines in (
                ("Le journal ne tient pas.", report.faults),
                ("Des fichiers manquent ou ont changé.", report.damaged),
            )
            if lines
        ]
        if wrong:
            raise CommandError("\n".join(wrong))
        self.stdout.write(f"{report.intact} journal (journaux) intact(s)")

    def export(self, folder: Path) -> None:
        for anchor in Anchor.objects.all():
            files.write(folder / f"{anchor.day}.json", anchor.document.encode(), mode=0o644)
            files.write(folder / f"{anchor.day}.p7s", bytes(anchor.signature), mode=0o644)
