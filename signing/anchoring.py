"""Once a day the ends of all journals are signed with the seal's key: rows written after a sealing are held too.

An anchor lists the ends that have moved since the one before, and names that one's hash, so that the latest anchor
stands for all ends. Who rewrites the end of a journal must rewrite the anchors after it, and cannot give them an
authority's old time. docs/evidence.md tells how to check one with openssl.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from quotes.content import canonical
from quotes.models import JournalHead, QuoteEvent
from signing import authorities, certificates, seal
from signing.models import Anchor

GENESIS = "0" * 64
Heads = dict[str, list[Any]]
log = logging.getLogger(__name__)


def sweep() -> int:
    """Make today's anchor, if there is none yet."""
    today = timezone.localdate()
    if Anchor.objects.filter(day=today).exists() or not JournalHead.objects.filter(seq__gt=0).exists():
        return 0
    try:
        make(today)
    except (
        IntegrityError,
        seal.UnusableKey,
    ) as failure:  # another worker was faster; or there is no key to sign with
        log.warning("no anchor for %s: %s", today, failure)
        return 0
    return 1


def make(day: dt.date) -> Anchor:
    """Signed outside any transaction; without an authority's time when none answers, which a check then says."""
    document = canonical(
        {
            "schema": 1,
            "day": day.isoformat(),
            "at": timezone.now().isoformat(timespec="seconds"),
            "previous": _latest_hash(),
            "heads": _moved_heads(),
        }
    )
    signature, stamped_at = _signed(document.encode())
    with transaction.atomic():
        return Anchor.objects.create(
            day=day,
            document=document,
            sha256=hashlib.sha256(document.encode()).hexdigest(),
            signature=signature,
            stamped_at=stamped_at,
        )


def _latest_hash() -> str:
    latest = Anchor.objects.order_by("day").last()
    return latest.sha256 if latest else GENESIS


def _moved_heads() -> Heads:
    anchored = _anchored(Anchor.objects.order_by("day"))
    heads = JournalHead.objects.filter(seq__gt=0).values_list("quote__number", "seq", "hash")
    return {number: [seq, hash_] for number, seq, hash_ in heads if anchored.get(number) != [seq, hash_]}


def _anchored(anchors: Any) -> Heads:
    """The latest end of each journal that an anchor names."""
    found: Heads = {}
    for anchor in anchors:
        found |= json.loads(anchor.document)["heads"]
    return found


def _signed(document: bytes) -> tuple[bytes, dt.datetime | None]:
    signer = seal.load_signer(settings.SEAL_PKCS12, settings.SEAL_PASSPHRASE)
    if settings.TSA_URLS:
        try:
            signature = seal.sign_detached(document, signer, authorities.configured())
            report = seal.check_detached(document, signature, trusted=[signer.certificate])
            return signature, report.stamped_at
        except seal.AuthorityUnavailable as away:
            log.warning("anchor without an authority's time: %s", away)
    return seal.sign_detached(document, signer), None


# Checking


@dataclass
class Check:
    """What the anchors say; `heads` are the ends that they hold, where a quote is judged by them."""

    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    heads: dict[str, list[tuple[dt.date, int, str]]] = field(default_factory=dict)


def check() -> Check:
    """Every anchor: its signature, its place behind the one before, no day left out."""
    result, previous = Check(), GENESIS
    trusted = certificates.ours()
    last: dt.date | None = None
    for anchor in Anchor.objects.order_by("day"):
        result.faults += [f"ancrage du {anchor} : {fault}" for fault in _faults(anchor, previous, trusted)]
        if anchor.stamped_at is None and settings.TSA_URLS:
            result.notes.append(f"ancrage du {anchor} : sans horodatage d'une autorité")
        if last is not None and (days := (anchor.day - last).days - 1):
            result.notes.append(f"ancrage du {anchor} : {days} jour(s) sans ancrage avant lui")
        _collect(anchor, result.heads)
        previous, last = anchor.sha256, anchor.day
    if last is not None and timezone.localdate() - last > dt.timedelta(days=1):
        result.notes.append(
            f"dernier ancrage le {last:%d/%m/%Y} : le passage périodique est arrêté, ou il en manque"
        )
    return result


def _faults(anchor: Anchor, previous: str, trusted: tuple[bytes, ...]) -> Iterator[str]:
    document = anchor.document.encode()
    report = seal.check_detached(document, bytes(anchor.signature), trusted=trusted)
    if hashlib.sha256(document).hexdigest() != anchor.sha256 or not report.intact:
        yield "la signature ne correspond pas"
        return
    said = json.loads(anchor.document)
    if said["previous"] != previous:
        yield "il ne suit pas l'ancrage précédent"
    if said["day"] != anchor.day.isoformat() or report.stamped_at != anchor.stamped_at:
        yield "sa date n'est pas celle qu'il dit"


def _collect(anchor: Anchor, heads: dict[str, list[tuple[dt.date, int, str]]]) -> None:
    try:
        for number, (seq, hash_) in json.loads(anchor.document)["heads"].items():
            heads.setdefault(number, []).append((anchor.day, int(seq), str(hash_)))
    except (ValueError, KeyError, TypeError, AttributeError):
        return  # told as a fault of the anchor


def contradicted(
    rows: dict[int, QuoteEvent], heads: list[tuple[dt.date, int, str]]
) -> tuple[int, dt.date] | None:
    """The first row of a quote that is not the one that an anchor holds."""
    for day, seq, hash_ in heads:
        if seq not in rows or rows[seq].hash != hash_:
            return seq, day
    return None
