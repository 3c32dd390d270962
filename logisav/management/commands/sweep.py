"""One pass of every sweep: rendering, sealing, outgoing mail."""

from typing import Any

from django.core.management.base import BaseCommand

from logisav import sweeping


class Command(BaseCommand):
    help = "One pass of every sweep, for installations with cron only and for tests."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{sweeping.sweep()} ligne(s) reprise(s)")
