"""Recompute the hash chains of the journals."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from quotes import journal
from quotes.models import Quote


class Command(BaseCommand):
    help = "Recalcule chaque chaîne d'empreintes et nomme la première ligne fausse."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "numbers", metavar="NUMERO", nargs="*", help="tous les devis si aucun n'est nommé"
        )

    def handle(self, *args: Any, numbers: list[str], **options: Any) -> None:
        quotes = Quote.objects.order_by("number")
        if numbers:
            quotes = quotes.filter(number__in=numbers)
        if unknown := set(numbers) - set(quotes.values_list("number", flat=True)):
            raise CommandError(f"Devis inconnu : {', '.join(sorted(unknown))}")
        bad = [f"{quote.number} : ligne {row}" for quote in quotes if (row := journal.first_bad_row(quote))]
        if bad:
            raise CommandError("Chaîne rompue.\n" + "\n".join(bad))
        self.stdout.write(f"{quotes.count()} journal (journaux) intact(s)")
