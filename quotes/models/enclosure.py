"""What goes with a quote beside its words: photos that it shows, documents that are handed over with it.

Files bear the SHA-256 of what they hold as their name, and are kept once however often they are named.
"""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from django.db import models

from quotes.models.library import CatalogueItem
from quotes.models.quote import Quote


class Enclosure(models.Model):
    class Kind(models.TextChoices):
        PHOTO = "photo", "Photo"
        DOCUMENT = "document", "Document"

    kind = models.CharField("genre", max_length=8, choices=Kind, editable=False)
    # Of a photo: as it is printed, and as telephones load it.
    file = models.FileField("fichier", upload_to="documents", editable=False)
    small = models.FileField("petit format", upload_to="photos", blank=True, editable=False)
    label = models.CharField("légende ou titre", max_length=120, blank=True)
    in_contract = models.BooleanField("fait partie du contrat", default=True)
    size = models.PositiveIntegerField("octets", editable=False)
    pages = models.PositiveSmallIntegerField(default=0, editable=False)
    width = models.PositiveSmallIntegerField("largeur", default=0, editable=False)
    height = models.PositiveSmallIntegerField("hauteur", default=0, editable=False)
    small_width = models.PositiveSmallIntegerField("largeur du petit format", default=0, editable=False)

    class Meta:
        abstract = True
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.label or self.get_kind_display()

    @property
    def copied(self) -> dict[str, Any]:
        """What another one takes over: everything but whose it is."""
        return {field.name: getattr(self, field.name) for field in Enclosure._meta.local_fields}

    @property
    def is_photo(self) -> bool:
        return self.kind == self.Kind.PHOTO

    @property
    def sha256(self) -> str:
        return PurePath(str(self.file)).stem

    @property
    def small_sha256(self) -> str:
        return PurePath(str(self.small)).stem if self.small else ""

    @property
    def files(self) -> list[str]:
        return [str(file) for file in (self.file, self.small) if file]


class QuoteEnclosure(Enclosure):
    """`line`: identity of the line that it belongs to; empty, or of a line that is gone: it belongs to the quote."""

    quote = models.ForeignKey(Quote, on_delete=models.CASCADE, related_name="enclosures")
    line = models.CharField("ligne", max_length=20, blank=True)

    class Meta(Enclosure.Meta):
        verbose_name = "photo ou document d'un devis"
        verbose_name_plural = "photos et documents des devis"
        constraints = (
            models.UniqueConstraint(fields=["quote", "file", "line"], name="enclosure_once_a_line"),
        )


class ItemEnclosure(Enclosure):
    """A line that is made of the article brings it along."""

    item = models.ForeignKey(CatalogueItem, on_delete=models.CASCADE, related_name="enclosures")

    class Meta(Enclosure.Meta):
        verbose_name = "photo ou document d'un article"
        verbose_name_plural = "photos et documents des articles"
        constraints = (models.UniqueConstraint(fields=["item", "file"], name="item_enclosure_once"),)
