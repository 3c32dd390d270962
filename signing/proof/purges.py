"""Was each row that a journal lacks allowed to go? A permit names it, and a daily anchor names the permit.

An anchor names every permit that is there when it is made. One that is older than the latest anchor and in none was
written afterwards; one that is younger waits for the next anchor, and is told until then.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass

from django.utils import timezone

from quotes.models import PurgePermit, Quote
from signing.models import Signature
from signing.proof.anchoring import Check


@dataclass(frozen=True)
class Allowed:
    """A run of rows that a permit names."""

    first: int
    last: int
    permit: PurgePermit


UNDER_WAY = dt.timedelta(hours=1)
Permits = dict[str, list[Allowed]]


def permits() -> Permits:
    """By quote; a permit that is not what its SHA-256 says allows nothing."""
    found: Permits = {}
    for permit in PurgePermit.objects.all():
        if hashlib.sha256(permit.document.encode()).hexdigest() != permit.sha256:
            continue
        for number, ranges in permit.said["quotes"].items():
            found.setdefault(number, []).extend(Allowed(first, last, permit) for first, last in ranges)
    return found


def first_without_permit(quote: Quote, permits: Permits, anchors: Check) -> tuple[int, str] | None:
    """The first purged row that should still be there, and why."""
    gone = list(quote.purged_events.order_by("seq").values_list("seq", flat=True))
    if gone and (quote.accepted_at is not None or Signature.objects.filter(quote=quote).exists()):
        return gone[0], "elle a été retirée du journal d'un contrat"
    for seq in gone:
        covering = _covering(seq, permits.get(quote.number, []))
        if not covering:
            return seq, "elle a été retirée sans permis de purge"
        if not any(_is_anchored(one, anchors) or _is_new(one, anchors) for one in covering):
            return seq, "le permis de sa purge n'est dans aucun ancrage"
    return None


def not_anchored_yet(quote: Quote, permits: Permits, anchors: Check) -> list[str]:
    """Of a purge since the latest anchor."""
    waiting = {
        one.permit.sha256
        for seq in quote.purged_events.values_list("seq", flat=True)
        for one in _covering(seq, permits.get(quote.number, []))
        if not _is_anchored(one, anchors) and _is_new(one, anchors)
    }
    return [f"le permis de purge {sha256[:12]}… attend le prochain ancrage" for sha256 in sorted(waiting)]


def _covering(seq: int, allowed: list[Allowed]) -> list[Allowed]:
    return [one for one in allowed if one.first <= seq <= one.last]


def _is_anchored(one: Allowed, anchors: Check) -> bool:
    return one.permit.sha256 in anchors.permits


def _is_new(one: Allowed, anchors: Check) -> bool:
    """By what the permit itself says; a batch may have been under way while the anchor was made."""
    at = dt.datetime.fromisoformat(one.permit.said["at"])
    return at <= timezone.now() and (anchors.last_at is None or at >= anchors.last_at - UNDER_WAY)
