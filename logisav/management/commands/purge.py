"""`manage.py purge`: what each rule of retention would remove; with --do it is removed."""

from __future__ import annotations

import datetime as dt
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db.models import Max
from django.utils import timezone

from lib import retention
from lib.retention import Rule
from logisav import purging
from logisav.personal.purging import CONTRACTS_OVER
from quotes.models import PurgedEvent, PurgePermit
from quotes.workflow.purging import remove_files


class Command(BaseCommand):
    help = "Dit ce que chaque règle de conservation retirerait ; avec --do, le retire."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--do", action="store_true", help="retire, par petits lots ; peut être interrompu"
        )

    def handle(self, *args: Any, do: bool, **options: Any) -> None:
        now = timezone.now()
        before = PurgePermit.objects.aggregate(last=Max("pk", default=0))["last"]
        self.line("Règle", "gardé", "le plus ancien", "retirées" if do else "à retirer")
        for rule in purging.RULES:
            found = retention.look(rule, now=now)
            count = retention.purge(rule, now=now) if do else found.count
            oldest = f"{timezone.localtime(found.oldest):%d/%m/%Y}" if found.oldest else "—"
            self.line(rule.name, _period(rule), oldest, str(count))
        if over := CONTRACTS_OVER.past(now).count():
            self.stdout.write(f"Contrats signés il y a plus de dix ans : {over}. Rien n'en est retiré.")
        if do:
            self.report(since=before, files=remove_files())
        else:
            self.stdout.write("Rien n'a été retiré : « manage.py purge --do » le fait.")

    def report(self, *, since: int, files: int) -> None:
        """What went of the journals, permit by permit; the staff's journal says the same."""
        for permit in PurgePermit.objects.filter(pk__gt=since):
            ranges = permit.said["quotes"]
            rows = sum(last - first + 1 for runs in ranges.values() for first, last in runs)
            self.stdout.write(f"Permis {permit.sha256}, {len(ranges)} devis, {rows} ligne(s) de journal :")
            self.stdout.write(f"  {', '.join(sorted(ranges))}")
        self.stdout.write(f"Fichiers effacés : {files}. Empreintes gardées : {PurgedEvent.objects.count()}.")

    def line(self, name: str, kept_for: str, oldest: str, count: str) -> None:
        self.stdout.write(f"{name:<46} {kept_for:>10} {oldest:>15} {count:>10}")


def _period(rule: Rule) -> str:
    return f"{rule.kept_for.days} j" if rule.kept_for > dt.timedelta(0) else "aussitôt"
