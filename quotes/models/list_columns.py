"""What lists show of a quote, stored on its row: written by `quotes/list_columns.py` alone."""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.utils import timezone


class Turn(models.IntegerChoices):
    """Whom a quote waits for; in the order of the list."""

    QUESTION = 0, "Question à traiter"
    OURS = 1, "À nous"
    THEIRS = 2, "Au client"
    SETTLED = 3, "Réglé"


class ListColumns(models.Model):
    """Facts that a list would else have to look up in other tables, for each of its rows."""

    turn = models.PositiveSmallIntegerField("à qui de jouer", choices=Turn, default=Turn.OURS, editable=False)
    last_kind = models.CharField("dernier fait", max_length=40, default="created", editable=False)
    last_at = models.DateTimeField("date du dernier fait", default=timezone.now, editable=False)
    shown_total = models.DecimalField(
        "total TTC affiché", max_digits=14, decimal_places=2, default=Decimal(0), editable=False
    )
    in_force_until = models.DateField("validité chez le client", null=True, blank=True, editable=False)
    in_force_since = models.DateTimeField("version en vigueur depuis", null=True, blank=True, editable=False)
    first_sent_at = models.DateTimeField("premier envoi le", null=True, blank=True, editable=False)
    opened_at = models.DateTimeField("ouvert le", null=True, blank=True, editable=False)
    paid_at = models.DateTimeField("dernier paiement le", null=True, blank=True, editable=False)

    class Meta:
        abstract = True

    @property
    def has_question(self) -> bool:
        """A question waits for its answer: this goes before everything else."""
        return self.turn == Turn.QUESTION
