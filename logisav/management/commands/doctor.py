"""`manage.py doctor`: everything that this installation rests on, tried once; exit status 1 if anything falls short."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from logisav import doctor


class Command(BaseCommand):
    help = "Essaie une fois tout ce dont Logisav a besoin, et dit pour chaque point s'il va ou ce qu'il faut faire."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--no-mail", action="store_true", help="n'envoie pas de mail aux administrateurs")

    def handle(self, *args: Any, no_mail: bool, **options: Any) -> None:
        trials = [trial for trial in doctor.TRIALS if not (no_mail and trial is doctor.MAIL)]
        short = 0
        for line in doctor.examine(trials):
            short += not line.is_well
            self.stdout.write(f"{'ok      ' if line.is_well else 'À FAIRE '} {line.subject} : {line.words}")
        if short:
            raise CommandError(f"{short} point(s) à corriger.")
        self.stdout.write("Tout va bien.")
