"""Aids that stand after the total of a quote: no VAT changes with them."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.core.validators import MinValueValidator
from django.db import models

from quotes import money
from quotes.grounds import AID_WORDS
from quotes.models.line import QuoteLine
from quotes.models.quote import Quote


class Aid(models.Model):
    """`lines`: identities of the lines that it is given for; once none of them counts any more, neither does it."""

    class Kind(models.TextChoices):
        CEE = "cee", "Prime CEE, déduite"
        MPR = "mpr", "MaPrimeRénov' : estimation, non déduite"
        OTHER = "other", "Autre aide, non déduite"

    quote = models.ForeignKey(Quote, on_delete=models.CASCADE, related_name="aids")
    kind = models.CharField("aide", max_length=8, choices=Kind, default=Kind.CEE)
    payer = models.CharField("versée par", max_length=120)
    amount = models.DecimalField(
        "montant (€)", max_digits=12, decimal_places=2, validators=[MinValueValidator(Decimal("0.01"))]
    )
    conditional = models.BooleanField("sous réserve", default=True)
    lines = models.JSONField("pour ces lignes seulement", default=list, blank=True)

    class Meta:
        verbose_name = "aide"
        ordering = ("pk",)
        constraints = (models.CheckConstraint(condition=models.Q(amount__gt=0), name="aid_amount_positive"),)

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.payer}"

    @property
    def words(self) -> str:
        named = AID_WORDS[self.kind]
        return f"{named}, {self.payer}{', sous réserve' if self.conditional else ''}"

    @property
    def copied(self) -> dict[str, Any]:
        """What an aid of another quote takes over: everything but whose it is, and its row."""
        return {
            field.name: getattr(self, field.name)
            for field in Aid._meta.local_fields
            if field.name not in ("id", "quote")
        }

    @property
    def is_deducted(self) -> bool:
        return self.kind == self.Kind.CEE

    def stands(self, lines: Iterable[QuoteLine]) -> bool:
        """Whether what it is given for is still sold."""
        return not self.lines or any(line.counts and line.identity in self.lines for line in lines)


def standing(aids: Iterable[Aid], lines: list[QuoteLine]) -> list[Aid]:
    return [aid for aid in aids if aid.stands(lines)]


def deducted(aids: Iterable[Aid]) -> Decimal:
    """What aids take off what the customer pays, in euros."""
    return sum((aid.amount for aid in aids if aid.is_deducted), money.ZERO)
