"""Recompute the hash chains of the journals, and hold them against what was sealed and anchored."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from quotes.models import Quote
from signing import auditing
from signing.models import Anchor


class Command(BaseCommand):
    help = (
        "Recalcule chaque chaîne, la compare aux PDF scellés et aux ancrages, nomme la première ligne fausse."
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
        if report.faults:
            raise CommandError("Le journal ne tient pas.\n" + "\n".join(report.faults))
        self.stdout.write(f"{report.intact} journal (journaux) intact(s)")

    def export(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for anchor in Anchor.objects.all():
            (folder / f"{anchor.day}.json").write_text(anchor.document, encoding="utf-8")
            (folder / f"{anchor.day}.p7s").write_bytes(bytes(anchor.signature))
