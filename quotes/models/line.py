"""A line as it is typed, of a quote or of a template: heading, free text, or something with a price."""

from __future__ import annotations

import secrets
from decimal import Decimal
from functools import partial
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from lib import french
from quotes import money
from quotes.models.quote import Quote

VAT_CHOICES = [(rate, french.percent(rate)) for rate in money.VAT_RATES]


class PricedFields(models.Model):
    """What something costs: unit, unit price in euros excl. tax, rate of VAT in percent."""

    unit = models.CharField("unité", max_length=20, blank=True)
    unit_price = models.DecimalField(
        "prix unitaire HT (€)",
        max_digits=14,
        decimal_places=4,
        default=Decimal(0),
        validators=[MinValueValidator(Decimal(0))],
    )
    vat_rate = models.DecimalField(
        "TVA", max_digits=4, decimal_places=2, default=Decimal(20), choices=VAT_CHOICES
    )

    class Meta:
        abstract = True


class Line(PricedFields):
    class Kind(models.TextChoices):
        ITEM = "item", "Ligne"
        SECTION = "section", "Section"
        TEXT = "text", "Texte libre"

    class ChoiceKind(models.TextChoices):
        AT_MOST_ONE = "at_most_one", "Au plus un"
        EXACTLY_ONE = "exactly_one", "Un seul, obligatoire"

    position = models.PositiveIntegerField("rang", default=0)
    kind = models.CharField("genre", max_length=8, choices=Kind, default=Kind.ITEM)
    label = models.CharField("désignation", max_length=300)
    description = models.TextField("description", blank=True, max_length=3000)
    quantity = models.DecimalField(
        "quantité",
        max_digits=12,
        decimal_places=3,
        default=Decimal(1),
        validators=[MinValueValidator(Decimal("0.001"))],
    )
    discount = models.DecimalField(
        "remise (%)",
        max_digits=5,
        decimal_places=2,
        default=Decimal(0),
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(100))],
    )
    option = models.BooleanField("option, hors total", default=False)
    # Of an option: counted all the same, and which others it stands for choice with.
    chosen = models.BooleanField("option comprise dans le total", default=False, db_default=False)
    choice_group = models.CharField("groupe au choix", max_length=60, blank=True, default="", db_default="")
    choice_kind = models.CharField(
        "choix dans le groupe",
        max_length=12,
        choices=ChoiceKind,
        default=ChoiceKind.AT_MOST_ONE,
        blank=True,
        db_default=ChoiceKind.AT_MOST_ONE.value,
    )

    class Meta:
        abstract = True
        ordering = ("position", "pk")

    def __str__(self) -> str:
        return self.label

    @property
    def copied(self) -> dict[str, Any]:
        """What another line takes over: everything but whose it is."""
        return {field.name: getattr(self, field.name) for field in Line._meta.local_fields}

    @property
    def counts(self) -> bool:
        """Whether the line is part of the totals."""
        return self.kind == self.Kind.ITEM and (not self.option or self.chosen)

    @property
    def total(self) -> Decimal:
        """Euros excl. tax, to the cent."""
        if self.kind != self.Kind.ITEM:
            return money.ZERO
        return money.line_total(quantity=self.quantity, unit_price=self.unit_price, discount=self.discount)


def bounds(name: str) -> tuple[models.CheckConstraint, ...]:
    """What the database itself refuses of a line."""
    return (
        models.CheckConstraint(condition=models.Q(quantity__gt=0), name=f"{name}_quantity_positive"),
        models.CheckConstraint(condition=models.Q(unit_price__gte=0), name=f"{name}_price_not_negative"),
        models.CheckConstraint(
            condition=models.Q(discount__gte=0, discount__lte=100), name=f"{name}_discount_in_bounds"
        ),
        models.CheckConstraint(
            condition=models.Q(vat_rate__in=list(money.VAT_RATES)), name=f"{name}_vat_rate_known"
        ),
        models.CheckConstraint(
            condition=models.Q(option=False) | models.Q(kind="item"), name=f"{name}_option_is_an_item"
        ),
    )


class QuoteLine(Line):
    quote = models.ForeignKey(Quote, on_delete=models.CASCADE, related_name="lines")
    # The same in every version of the quote, whatever becomes of words, figures and place. It stands here and not in
    # `Line`: what is copied into another quote, or into a template, is another line.
    identity = models.CharField(max_length=20, default=partial(secrets.token_hex, 6), editable=False)

    class Meta(Line.Meta):
        verbose_name = "ligne"
        constraints = (
            *bounds("line"),
            models.UniqueConstraint(fields=["quote", "identity"], name="line_identity_unique"),
        )
