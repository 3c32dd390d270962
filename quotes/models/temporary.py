"""What lives for a day at most: the PDF of a draft, and a file that waits for its import to be confirmed."""

from __future__ import annotations

import datetime as dt
from functools import cached_property
from typing import Self

from django.conf import settings
from django.db import models
from django.utils import timezone

from notifications.queue import QueuedRow, QueueQuerySet
from quotes.content import Content
from quotes.models.quote import Quote

KEPT_FOR = dt.timedelta(days=1)


class DraftPdf(QueuedRow):
    """A quote's working copy as it was when its PDF was asked for; the row waits for the PDF until `done_at`.

    Nothing of it is proof of anything: it is hashed as no version, stored with no version, shown to no customer.
    """

    quote = models.OneToOneField(Quote, on_delete=models.CASCADE, related_name="draft_pdf")
    content = models.TextField("contenu (JSON canonique)")
    content_sha256 = models.CharField(max_length=64)
    requested_at = models.DateTimeField(default=timezone.now, db_index=True)
    pdf = models.BinaryField(default=bytes)

    objects: models.Manager[DraftPdf] = QueueQuerySet["DraftPdf"].as_manager()

    class Meta:
        verbose_name = "PDF de brouillon"

    def __str__(self) -> str:
        return f"{self.quote_id}, {self.requested_at:%Y-%m-%d %H:%M}"

    @cached_property
    def reading(self) -> Content:
        return Content.from_json(self.content)


class StagedImportQuerySet(models.QuerySet["StagedImport"]):
    def of(self, user_id: int) -> Self:
        """Whoever handed the file in, and nobody else, sees and confirms it."""
        return self.filter(by=user_id, staged_at__gt=timezone.now() - KEPT_FOR)


class StagedImport(models.Model):
    """A file as it was read, kept so that what is confirmed is what was previewed."""

    class Kind(models.TextChoices):
        CATALOGUE = "catalogue", "Catalogue"
        CUSTOMERS = "customers", "Clients"

    kind = models.CharField(max_length=10, choices=Kind)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    file_name = models.CharField(max_length=100)
    text = models.TextField()
    # Where each column of the file goes, by its place: a title of ours, or "" for what is left aside.
    columns = models.JSONField(null=True)
    staged_at = models.DateTimeField(default=timezone.now, db_index=True)

    objects = StagedImportQuerySet.as_manager()

    class Meta:
        verbose_name = "import en attente"

    def __str__(self) -> str:
        return self.file_name


class KnownColumn(models.Model):
    """A title that somebody has said the meaning of: the next file that bears it is understood."""

    kind = models.CharField(max_length=10, choices=StagedImport.Kind)
    title = models.CharField(max_length=100)
    column = models.CharField(max_length=40, blank=True)

    class Meta:
        verbose_name = "colonne connue"
        constraints = (models.UniqueConstraint(fields=("kind", "title"), name="one_meaning_of_a_title"),)

    def __str__(self) -> str:
        return f"{self.title} : {self.column or 'laissée de côté'}"
