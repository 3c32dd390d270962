"""Renew the time stamps of archived documents before they age."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from signing import restamping, seal
from signing.models import Signature


class Command(BaseCommand):
    help = "Fait la révision suivante des documents PAdES B-LTA, horodatée de nouveau ; tous les cinq ans suffit."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "numbers", metavar="NUMERO", nargs="*", help="tous les B-LTA si aucun n'est nommé"
        )

    def handle(self, *args: Any, numbers: list[str], **options: Any) -> None:
        signatures = Signature.objects.exclude(done_at=None).order_by("pk")
        if numbers:
            signatures = signatures.filter(quote__number__in=numbers)
        try:
            done = [revision for signature in signatures if (revision := restamping.restamp(signature))]
        except (seal.AuthorityUnavailable, seal.UnusableKey, restamping.NotAsStored) as failure:
            raise CommandError(f"Rien n'est perdu, à relancer plus tard : {failure}") from failure
        self.stdout.write("\n".join(map(str, done)) or "Aucun document PAdES B-LTA.")
