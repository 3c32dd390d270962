"""The sample company, its staff and its quotes."""

import os
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from demo import filling, processes
from demo.people import ADMIN, COLLEAGUE
from demo.samples import Unfinished


class Command(BaseCommand):
    help = "Remplit la démonstration : entreprise, comptes, et un devis dans chaque état. Sans effet la seconde fois."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--part", type=int, help="une moitié des devis, 1 ou 2 : la commande les fait à deux"
        )

    def handle(self, *args: Any, part: int | None, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("demo_data ne va qu'avec DEMO=1.")
        if part is not None:
            self._fill(part)
            return
        filling.prepare()
        if filling.something_is_missing():
            self._fill_in_two()
        self._tell()

    def _fill_in_two(self) -> None:
        """Rendering keeps one processor busy each: the other half is made by a process beside this one."""
        command = processes.python("manage.py", "demo_data", "--part", "2")
        other = processes.start(command, env=os.environ, folder=settings.BASE_DIR)
        try:
            self._fill(1)
        finally:
            other.wait()
        if other.returncode:
            raise CommandError("L'autre moitié des exemples n'a pas pu être faite.")

    def _fill(self, part: int) -> None:
        try:
            made = filling.fill(part=part, parts=2)
        except Unfinished as unfinished:
            raise CommandError(
                f"Un exemple n'a pas pu être fait jusqu'au bout : {unfinished}"
            ) from unfinished
        self.stdout.write(f"{made} devis d'exemple")

    def _tell(self) -> None:
        self.stdout.write(f"Bureau : {settings.SITE_URL}{reverse('admin:index')}")
        for account in (ADMIN, COLLEAGUE):
            self.stdout.write(
                f"Utilisateur {account.username}, mot de passe {account.password} ({account.role})"
            )
