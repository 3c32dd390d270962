"""Make the key of the seal, once."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from lib.fields import OneLineField
from signing import seal


class Command(BaseCommand):
    help = "Fait la clé du cachet (EC P-256, PKCS#12) à l'adresse SEAL_PKCS12, protégée par SEAL_PASSPHRASE."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("organisation", help="dénomination sociale de l'entreprise")
        parser.add_argument(
            "--replace",
            action="store_true",
            help="met l'ancienne clé de côté et garde son certificat (.cer) pour vérifier ce qu'elle a scellé",
        )

    def handle(self, *args: Any, organisation: str, replace: bool, **options: Any) -> None:
        organisation = OneLineField().clean(organisation)
        path = Path(settings.SEAL_PKCS12)
        path.parent.mkdir(parents=True, exist_ok=True)
        if replace:
            self.retire(path)
        try:
            seal.make_key(
                path,
                passphrase=settings.SEAL_PASSPHRASE,
                common_name=f"Cachet de {organisation}",
                organisation=organisation,
            )
        except FileExistsError as exists:
            raise CommandError(
                f"{path} existe déjà : --replace la met de côté et en fait une autre."
            ) from exists
        self.stdout.write(f"Clé du cachet : {path}. Gardez-en une copie et sa phrase de passe à part.")

    def retire(self, path: Path) -> None:
        try:
            kept = seal.retire_key(path, passphrase=settings.SEAL_PASSPHRASE)
        except (OSError, ValueError, seal.UnusableKey) as failure:
            raise CommandError(f"L'ancienne clé reste en place : {failure}") from failure
        self.stdout.write(f"Certificat de l'ancienne clé : {kept}. À garder, comme toute la sauvegarde.")
