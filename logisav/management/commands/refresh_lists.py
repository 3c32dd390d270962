"""`manage.py refresh_lists`: what lists show, computed from scratch; tells what differed, which nothing ever should."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from payments import statuses
from quotes import list_columns
from quotes.workflow.locking import locked


class Command(BaseCommand):
    help = "Recalcule ce que montrent les listes de devis et d'acomptes, et dit ce qui différait."

    def handle(self, *args: Any, **options: Any) -> None:
        wrong = dict(list_columns.differing())
        for deposit in statuses.differing():
            wrong.setdefault(deposit.quote_id, set()).add("standing")
        for quote_id, names in sorted(wrong.items()):
            with transaction.atomic():
                quote = locked(quote_id)
                list_columns.refresh(quote)
                statuses.refresh(quote_id)
            self.stdout.write(f"{quote.number} : {', '.join(sorted(names))}")
        self.stdout.write(f"{len(wrong)} différence{'s' if len(wrong) > 1 else ''}")
