"""`manage.py reseal_factors`: before an old OUTBOX_KEY is taken out, encrypt the second factors with the new one."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from logisav.staff import second_factor


class Command(BaseCommand):
    help = "Rechiffre les seconds facteurs avec la première clé d'OUTBOX_KEY."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{second_factor.reseal()} seconds facteurs rechiffrés")
