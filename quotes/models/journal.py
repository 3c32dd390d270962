"""The journal of a quote, hash-chained and append-only: timeline and proof at once."""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any, NoReturn

from django.db import models

from quotes.models.quote import Quote


class AppendOnly(Exception):
    """The journal is written once; triggers hold this in the database too."""


class QuoteEvent(models.Model):
    """One fact. `record` is its canonical JSON, `hash` SHA-256(previous hash ‖ record), in hex."""

    quote = models.ForeignKey(Quote, on_delete=models.PROTECT, related_name="events")
    seq = models.PositiveIntegerField()
    kind = models.CharField(max_length=40)
    at = models.DateTimeField()
    record = models.TextField()
    hash = models.CharField(max_length=64)

    class Meta:
        verbose_name = "fait"
        ordering = ("quote", "seq")
        constraints = (models.UniqueConstraint(fields=["quote", "seq"], name="journal_is_dense"),)

    def __str__(self) -> str:
        return f"{self.quote_id}/{self.seq} {self.kind}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnly("the journal is append-only")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnly("the journal is append-only")

    @cached_property
    def document(self) -> dict[str, Any]:
        return dict(json.loads(self.record))

    @property
    def facts(self) -> dict[str, Any]:
        return dict(self.document["facts"])

    @property
    def actor(self) -> dict[str, str]:
        return dict(self.document["actor"])


class JournalHead(models.Model):
    """The end of a quote's chain; locked last, so that writers stand in line."""

    quote = models.OneToOneField(
        Quote, on_delete=models.PROTECT, primary_key=True, related_name="journal_head"
    )
    seq = models.PositiveIntegerField(default=0)
    hash = models.CharField(max_length=64, default="0" * 64)

    class Meta:
        verbose_name = "fin du journal"
        verbose_name_plural = "fins des journaux"

    def __str__(self) -> str:
        return f"{self.quote_id}/{self.seq} {self.hash[:8]}"
