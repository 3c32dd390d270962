"""What a purge leaves: a permit that says what went, and of each row of a journal its hash, so that the chain holds.

The database itself lets a row of the journal go only while a permit is open that covers it, and only once its hash is
kept. An opening cannot outlive its transaction: it refers to a row that does not exist, which the commit refuses.
"""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any, NoReturn

from django.db import models
from django.utils import timezone

from quotes.models.journal import AppendOnly
from quotes.models.quote import Quote


class PurgePermit(models.Model):
    """Names quotes and ranges of their journals, in canonical JSON; its SHA-256 stands in the next daily anchor."""

    document = models.TextField("permis (JSON canonique)")
    sha256 = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField("fait le", default=timezone.now)

    class Meta:
        verbose_name = "permis de purge"
        verbose_name_plural = "permis de purge"
        ordering = ("pk",)
        default_permissions = ()
        constraints = (models.CheckConstraint(condition=models.Q(pk__gt=0), name="permit_key_positive"),)

    def __str__(self) -> str:
        return f"{self.made_at:%Y-%m-%d %H:%M} {self.sha256[:8]}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnly("a permit is written once")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnly("a permit is written once")

    @cached_property
    def said(self) -> dict[str, Any]:
        return dict(json.loads(self.document))


class PurgeOpening(models.Model):
    """While it is there these rows may go. `closed` is minus the permit's key: no row bears it, so no commit passes."""

    permit = models.ForeignKey(PurgePermit, on_delete=models.DO_NOTHING, related_name="+")
    quote = models.ForeignKey(Quote, on_delete=models.DO_NOTHING, related_name="+")
    first = models.PositiveIntegerField()
    last = models.PositiveIntegerField()
    closed = models.ForeignKey(PurgePermit, on_delete=models.DO_NOTHING, related_name="+")

    class Meta:
        verbose_name = "purge en cours"
        verbose_name_plural = "purges en cours"
        default_permissions = ()
        constraints = (
            models.CheckConstraint(condition=models.Q(closed__lt=0), name="opening_never_commits"),
        )

    def __str__(self) -> str:
        return f"{self.quote_id}/{self.first}-{self.last}"


class PurgedEvent(models.Model):
    """The place of a row of the journal that has gone."""

    quote = models.ForeignKey(Quote, on_delete=models.PROTECT, related_name="purged_events")
    seq = models.PositiveIntegerField()
    hash = models.CharField(max_length=64)

    class Meta:
        verbose_name = "fait effacé"
        verbose_name_plural = "faits effacés"
        ordering = ("quote", "seq")
        default_permissions = ()
        constraints = (models.UniqueConstraint(fields=["quote", "seq"], name="purged_once"),)

    def __str__(self) -> str:
        return f"{self.quote_id}/{self.seq}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnly("the journal is append-only")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnly("the journal is append-only")


class PurgedFile(models.Model):
    """A file that nothing refers to any more and that still has to go: no file is removed inside a transaction."""

    name = models.CharField(max_length=200, unique=True)

    class Meta:
        verbose_name = "fichier à effacer"
        verbose_name_plural = "fichiers à effacer"
        default_permissions = ()

    def __str__(self) -> str:
        return self.name
