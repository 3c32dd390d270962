"""What an owner takes from the shelf: articles with their prices, texts, whole quotes to begin from."""

from __future__ import annotations

from typing import Self

from django.db import models

from lib import folding
from quotes import money
from quotes.models.line import Line, PricedFields, bounds
from quotes.models.terms import QuoteTerms, discount_in_bounds


class CatalogueItemQuerySet(models.QuerySet["CatalogueItem"]):
    def matching(self, words: str) -> Self:
        """Those that bear every word in their reference or label, whatever its accents and case."""
        found = self
        for word in words.split():
            pattern = folding.pattern(word)
            found = found.filter(models.Q(reference__iregex=pattern) | models.Q(label__iregex=pattern))
        return found

    def offered(self) -> Self:
        return self.filter(is_active=True)


class CatalogueItem(PricedFields):
    """An article of the price list. A quote's line copies it: a later price changes no quote."""

    reference = models.CharField("référence", max_length=40, unique=True)
    label = models.CharField("désignation", max_length=300)
    description = models.TextField("description", blank=True, max_length=3000)
    is_active = models.BooleanField("proposé dans les devis", default=True)
    is_supply = models.BooleanField(
        "fourniture", default=False, db_default=False, help_text="Du matériel, et non de la main-d'œuvre."
    )

    objects = CatalogueItemQuerySet.as_manager()

    class Meta:
        verbose_name = "article"
        verbose_name_plural = "articles"
        ordering = ("reference",)
        constraints = (
            models.CheckConstraint(condition=models.Q(unit_price__gte=0), name="article_price_not_negative"),
            models.CheckConstraint(
                condition=models.Q(vat_rate__in=list(money.VAT_RATES)), name="article_vat_rate_known"
            ),
        )

    def __str__(self) -> str:
        return f"{self.reference}, {self.label}"


class TextTemplate(models.Model):
    """Words that come back from quote to quote."""

    class Place(models.TextChoices):
        INTRO = "intro", "Texte avant les lignes"
        OUTRO = "outro", "Texte après les lignes"
        CONDITIONS = "conditions", "Conditions particulières"
        ANSWER = "answer", "Réponse à une question"

    name = models.CharField("nom", max_length=80)
    place = models.CharField("où il sert", max_length=12, choices=Place, default=Place.INTRO)
    text = models.TextField("texte", max_length=5000)

    class Meta:
        verbose_name = "texte type"
        verbose_name_plural = "textes types"
        ordering = ("place", "name")
        constraints = (models.UniqueConstraint(fields=["place", "name"], name="text_template_name_unique"),)

    def __str__(self) -> str:
        return self.name


class QuoteTemplate(QuoteTerms):
    """A quote to begin from: everything but number, dates, customer, their worksite and what is noted of them."""

    name = models.CharField("nom du modèle", max_length=80, unique=True)

    class Meta:
        verbose_name = "modèle de devis"
        verbose_name_plural = "modèles de devis"
        ordering = ("name",)
        constraints = (
            discount_in_bounds("template"),
            models.CheckConstraint(
                condition=models.Q(withdrawal_exception="") | models.Q(withdrawal_reason__gt=""),
                name="template_exception_has_a_reason",
            ),
        )

    def __str__(self) -> str:
        return self.name


class TemplateLine(Line):
    template = models.ForeignKey(QuoteTemplate, on_delete=models.CASCADE, related_name="lines")

    class Meta(Line.Meta):
        verbose_name = "ligne"
        constraints = bounds("template_line")
