"""Send a quote to its customer from the command line."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from quotes import rendering, workflow
from quotes.journal import Actor
from quotes.models import IllegalMove, Quote
from quotes.versions import NotSendable


class Command(BaseCommand):
    help = "Envoie un devis à son client : fige une version si besoin, fait son PDF, met le mail en file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("number", metavar="NUMERO", help="D-2026-0001")

    def handle(self, *args: Any, number: str, **options: Any) -> None:
        quote = Quote.objects.filter(number=number).first()
        if quote is None:
            raise CommandError(f"Devis inconnu : {number}")
        if quote.state != Quote.State.SENDING:
            self._freeze(quote)
        for version in quote.versions.filter(done_at=None, failed_at=None):
            rendering.render_version(version.pk)
        quote.refresh_from_db()
        if quote.state not in Quote.SIGNABLE:
            raise CommandError(f"{number} n'est pas parti : {quote.get_state_display()}")
        self.stdout.write(f"{number} : {quote.get_state_display()}, mail en file pour {quote.customer.email}")

    def _freeze(self, quote: Quote) -> None:
        try:
            workflow.send(quote.pk, actor=Actor("staff", name="send_quote"))
        except (NotSendable, IllegalMove) as refusal:
            raise CommandError(str(refusal)) from refusal
