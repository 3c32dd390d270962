"""An authority's time, when none answers: the document waits, and after a day its owner chooses.

The acceptance stands meanwhile. Nothing here seals at a lower level by itself.
"""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from notifications import outbox
from quotes import journal
from quotes.journal import Actor
from quotes.workflow.locking import locked
from signing import emails
from signing.models import STAMP_PATIENCE, SealedDocument, Signature


class TooEarlyToWaive(Exception):
    """The authorities still have time to answer, or the document is sealed already."""


@transaction.atomic
def note_no_stamp(signature_id: int, *, reason: str) -> None:
    """No authority answered: written down the first time; the queue tries again."""
    quote = locked(Signature.objects.values_list("quote_id", flat=True).get(pk=signature_id))
    first = Signature.objects.filter(pk=signature_id, stamp_failed_at=None)
    if first.update(stamp_failed_at=timezone.now()):
        journal.append(quote, "stamp_missing", actor=Actor.system(), reason=reason)


@transaction.atomic
def tell_owner_to_choose(signature_id: int) -> None:
    """After a day without an answer, by mail and notification; told once."""
    quote = locked(Signature.objects.values_list("quote_id", flat=True).get(pk=signature_id))
    due = Signature.objects.filter(
        pk=signature_id,
        done_at=None,
        stamp_told_at=None,
        stamp_waived_at=None,
        stamp_failed_at__lte=timezone.now() - STAMP_PATIENCE,
    )
    if due.update(stamp_told_at=timezone.now()):
        signature = Signature.objects.select_related("quote__customer", "quote__owner").get(pk=signature_id)
        emails.stamp_missing(signature)
        journal.append(quote, "stamp_choice_asked", actor=Actor.system(), reason=signature.error[:500])


@transaction.atomic
def waive(signature_id: int, *, actor: Actor) -> None:
    """« Sceller sans horodatage »: the owner decides it, and the journal says who did. Raises TooEarlyToWaive."""
    signature = Signature.objects.select_related("quote").get(pk=signature_id)
    quote = locked(signature.quote_id)
    signature.refresh_from_db()
    if not signature.may_waive_stamp:
        raise TooEarlyToWaive(f"{quote.number}: the authorities may still answer")
    signature.stamp_waived_at, signature.stamp_waived_by = timezone.now(), actor.name
    signature.next_try_at = timezone.now()
    signature.save(update_fields=["stamp_waived_at", "stamp_waived_by", "next_try_at"])
    journal.append(quote, "stamp_waived", actor=actor, reason=signature.error[:500])
    transaction.on_commit(lambda: outbox.nudge("signing.seal", signature.pk), robust=True)


@transaction.atomic
def add_revision(document_id: int, *, file: str, sha256: str) -> SealedDocument:
    """A document stamped again: the next revision, beside the ones before it."""
    before = SealedDocument.objects.select_related("signature__quote").get(pk=document_id)
    quote = locked(before.signature.quote_id)
    revision = SealedDocument.objects.create(
        signature=before.signature,
        revision=before.revision + 1,
        file=file,
        sha256=sha256,
        level=before.level,
        reason=f"Horodatage renouvelé de la révision {before.revision}",
    )
    journal.append(
        quote,
        "sealed",
        actor=Actor.system(),
        revision=revision.revision,
        sha256=sha256,
        level=revision.level,
        reason=revision.reason,
        reference=before.signature.reference,
    )
    return revision
