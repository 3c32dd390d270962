"""Check a signed PDF."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from signing.check import verifying


class Command(BaseCommand):
    help = "Vérifie un PDF signé ; sortie 0 seulement si le cachet est intact et le document l'un des nôtres."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FICHIER", type=Path)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            report = verifying.verify(file.read_bytes())
        except OSError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(json.dumps(report, ensure_ascii=False, indent=1, default=str))
        if not report["genuine"]:
            raise CommandError("Ce fichier n'est pas un document scellé par nous, inchangé.")
