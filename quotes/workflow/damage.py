"""A version whose stored PDF is missing or is not the one that was hashed: noted, mended, or taken out of force."""

from __future__ import annotations

import logging

from django.db import transaction
from django.utils import timezone

from lib import files
from notifications import outbox
from quotes import emails, journal
from quotes.journal import Actor
from quotes.models import Quote, QuoteVersion
from quotes.workflow.choosing import start_from_choice
from quotes.workflow.locking import locked

log = logging.getLogger(__name__)


def stored_pdf(version: QuoteVersion) -> bytes | None:
    """The very bytes that were hashed, or None, and then the version is being mended.

    It reads a file: outside any transaction.
    """
    try:
        return files.read(str(version.pdf), version.pdf_sha256)
    except files.Damaged as damaged:
        note_damage(version.pk, reason=str(damaged))
    except OSError:  # the storage does not answer: that says nothing of the file
        log.exception("%s cannot be read", version.pdf)
    return None


@transaction.atomic
def note_damage(version_id: int, *, reason: str) -> None:
    """From now on it cannot be signed; the worker mends it or takes it out of force (quotes/pdf/mending.py)."""
    quote = locked(QuoteVersion.objects.values_list("quote_id", flat=True).get(pk=version_id))
    version = QuoteVersion.objects.get(pk=version_id)
    if version.damaged_at is None:
        QuoteVersion.objects.filter(pk=version_id).update(damaged_at=timezone.now())
        journal.append(
            quote, "file_damaged", actor=Actor.system(), version=version.number, reason=reason[:500]
        )
    transaction.on_commit(lambda: outbox.nudge("quotes.mend", version_id), robust=True)


@transaction.atomic
def note_mended(version_id: int) -> None:
    quote = locked(QuoteVersion.objects.values_list("quote_id", flat=True).get(pk=version_id))
    if QuoteVersion.objects.filter(pk=version_id, damaged_at__isnull=False).update(damaged_at=None):
        version = QuoteVersion.objects.get(pk=version_id)
        journal.append(quote, "file_mended", actor=Actor.system(), version=version.number)


@transaction.atomic
def take_out_of_force(version_id: int, *, reason: str) -> None:
    """Its file is lost and nobody has signed it: the quote is a draft again, its codes die, its owner is told."""
    quote = locked(QuoteVersion.objects.values_list("quote_id", flat=True).get(pk=version_id))
    version = QuoteVersion.objects.get(pk=version_id)
    if not version.is_current or version.damaged_at is None or quote.state not in Quote.SIGNABLE:
        return  # signed, replaced or mended meanwhile
    if not quote.revising:
        start_from_choice(quote)
    quote.revising, quote.next_reminder_at = False, None
    quote.save(update_fields=["revising", "next_reminder_at"])
    quote.move_to(Quote.State.DRAFT)
    outbox.take_back(quote.number)
    emails.version_lost(quote, version, reason=reason)
    journal.append(quote, "version_lost", actor=Actor.system(), version=version.number, reason=reason[:500])
