"""A version: what was sent, frozen. Its JSON and its PDF are what the customer reads and signs."""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import Any

from django.db import models
from django.utils import timezone

from lib.day import today_in_paris
from notifications.queue import QueuedRow, QueueQuerySet
from quotes.content import Content, canonical


def store_pdf(version: QuoteVersion, filename: str) -> str:
    return f"versions/{filename}"


def version_hash(*, content_sha256: str, pdf_sha256: str) -> str:
    """What a code and a signature are bound to: text and picture of the quote in one SHA-256 (hex)."""
    return hashlib.sha256(canonical({"content": content_sha256, "pdf": pdf_sha256}).encode()).hexdigest()


class QuoteVersion(QueuedRow):
    """The row waits for its PDF until `done_at`: it is the queue of the rendering."""

    quote = models.ForeignKey("quotes.Quote", on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField("version")
    content = models.TextField("contenu (JSON canonique)")
    content_sha256 = models.CharField(max_length=64)
    pdf = models.FileField(upload_to=store_pdf, blank=True)
    pdf_sha256 = models.CharField(max_length=64, blank=True)
    version_hash = models.CharField(max_length=64, blank=True)
    is_current = models.BooleanField("en vigueur", default=False)
    valid_until = models.DateField()
    total = models.DecimalField("total TTC", max_digits=14, decimal_places=2)
    deposit = models.DecimalField("acompte", max_digits=14, decimal_places=2)
    frozen_at = models.DateTimeField(default=timezone.now)
    mail_words = models.TextField("mot du responsable dans le mail", blank=True, max_length=2000)
    email = models.EmailField("faite pour l'adresse", blank=True, editable=False)
    # The number of the version in force on which the customer chose options: this one says that choice.
    chosen_on = models.PositiveSmallIntegerField(
        "choix fait sur la version", null=True, blank=True, editable=False
    )
    # Its stored PDF was found missing or changed: not signed until it is mended (quotes/pdf/mending.py).
    damaged_at = models.DateTimeField("fichier trouvé abîmé le", null=True, blank=True, editable=False)

    objects: models.Manager[QuoteVersion] = QueueQuerySet["QuoteVersion"].as_manager()

    class Meta:
        verbose_name = "version"
        ordering = ("quote", "number")
        indexes = (
            models.Index(
                fields=["next_try_at"],
                name="versions_to_render",
                condition=models.Q(done_at=None, failed_at=None),
            ),
            models.Index(
                fields=["damaged_at"],
                name="versions_to_mend",
                condition=models.Q(damaged_at__isnull=False),
            ),
        )
        constraints = (
            models.UniqueConstraint(fields=["quote", "number"], name="version_number_unique"),
            models.UniqueConstraint(
                fields=["quote"], condition=models.Q(is_current=True), name="one_current_version"
            ),
            models.CheckConstraint(
                condition=models.Q(is_current=False) | ~models.Q(version_hash=""),
                name="no_current_version_without_pdf",
            ),
            models.CheckConstraint(
                condition=models.Q(total__gte=0, deposit__gte=0, deposit__lte=models.F("total")),
                name="version_amounts_in_bounds",
            ),
        )

    def __str__(self) -> str:
        return f"{self.quote.number}, version {self.number}"

    @cached_property
    def reading(self) -> Content:
        """The frozen text, ready to be shown."""
        return Content.from_json(self.content)

    @cached_property
    def address(self) -> str:
        """The mailbox that this version was made for.

        Of rows older than that column the journal's `sent` tells it. One that was on its way then was made for the
        customer's address, unless that has changed since: then nobody can say for which, and it is nobody's.
        """
        if self.email:
            return self.email
        events = self.quote.events.filter(kind__in=("sent", "email_changed")).order_by("-seq")
        for event in events:
            if event.kind == "sent" and event.facts["version"] == self.number:
                return str(event.facts["to"])
        changed = any(event.kind == "email_changed" and event.at > self.frozen_at for event in events)
        return "" if changed else self.quote.customer.email

    @property
    def is_past_validity(self) -> bool:
        """`today > valid_until`, in Paris: the day itself is included."""
        return today_in_paris() > self.valid_until

    def come_into_force(self, *, pdf: str, pdf_sha256: str) -> None:
        """Its PDF is stored. Whatever was in force before no longer is, in the same transaction."""
        QuoteVersion.objects.filter(quote=self.quote_id, is_current=True).update(is_current=False)
        self.pdf.name, self.pdf_sha256 = pdf, pdf_sha256
        self.version_hash = version_hash(content_sha256=self.content_sha256, pdf_sha256=pdf_sha256)
        self.is_current, self.done_at, self.claimed_until = True, timezone.now(), None
        self.save()

    @property
    def named(self) -> dict[str, Any]:
        """As the journal says which version it was, once its PDF is stored."""
        return {"version": self.number, "version_hash": self.version_hash, "pdf_sha256": self.pdf_sha256}

    def previous(self) -> QuoteVersion | None:
        """The version that the customer had before: from it on they are told what changed."""
        return None if self.number == 1 else self.quote.last_held_version(before=self.number)

    def computed_hash(self) -> str:
        """The version hash from the text as it stands in the database now."""
        digest = hashlib.sha256(self.content.encode()).hexdigest()
        return version_hash(content_sha256=digest, pdf_sha256=self.pdf_sha256)
