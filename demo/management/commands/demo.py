"""The whole product in the foreground, on this machine alone."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from demo.supervisor import DemoFailed, Supervisor


class Command(BaseCommand):
    help = "Prépare et lance la démonstration : site, travail de fond, calendrier et boîte mail locale."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *args: Any, port: int, **options: Any) -> None:
        supervisor = Supervisor(
            base=settings.BASE_DIR, directory=settings.DEMO_DIR, port=port, tell=self._tell
        )
        try:
            supervisor.run(when_ready=self._say)
        except DemoFailed as failure:
            raise CommandError(str(failure)) from failure
        self._tell("Logisav est arrêté.")

    def _tell(self, line: str) -> None:
        """Beside the one line of standard output; not in the red of an error."""
        self.stderr.write(line, str)

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
