"""Send a quote to its customer from the command line."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from quotes import workflow
from quotes.journal import Actor
from quotes.models import IllegalMove, Quote
from quotes.pdf import rendering
from quotes.versions.freezing import NotSendable


class Command(BaseCommand):
    help = "Envoie un devis à son client : fige une version si besoin, fait son PDF, met le mail en file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("number", metavar="NUMERO", help="D-2026-0001")

    def handle(self, *args: Any, number: str, **options: Any) -> None:
        quote = Quote.objects.filter(number=number).first()
        if quote is None:
            raise CommandError(f"Devis inconnu : {number}")
        if quote.state != Quote.State.SENDING:
            try:
                workflow.send(quote.pk, actor=Actor("staff", name="send_quote"))
            except (NotSendable, IllegalMove) as refusal:
                raise CommandError(str(refusal)) from refusal
        for version in quote.versions.filter(done_at=None, failed_at=None):
            rendering.render_version(version.pk)
        quote.refresh_from_db()
        if quote.state not in Quote.SIGNABLE:
            raise CommandError(f"{number} n'est pas parti : {quote.get_state_display()}")
        if (kept := quote.events.filter(kind="version_kept_back").last()) and quote.last_kind == kept.kind:
            raise CommandError(f"{number} est en vigueur, aucun mail n'est parti : {kept.facts['reason']}")
        self.stdout.write(f"{number} : {quote.get_state_display()}, mail en file pour {quote.customer.email}")
