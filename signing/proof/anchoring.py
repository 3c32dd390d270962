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
from django.urls import reverse
from django.utils import timezone

from lib import addresses
from notifications import outbox, queue
from notifications.staff import who_may
from quotes.content import canonical
from quotes.facts import FAILURE
from quotes.models import JournalHead, PurgePermit
from signing import authorities, seal
from signing.models import Anchor
from signing.proof import certificates

GENESIS = "0" * 64
Heads = dict[str, list[Any]]
log = logging.getLogger(__name__)


def sweep() -> int:
    """Make today's anchor, if there is none yet."""
    return queue.sweep(ANCHORS)


def _missing() -> list[int]:
    """The day of today, as a number, while it has no anchor."""
    today = timezone.localdate()
    if Anchor.objects.filter(day=today).exists() or not JournalHead.objects.filter(seq__gt=0).exists():
        return []
    return [today.toordinal()]


def _make(day: int) -> None:
    try:
        make(dt.date.fromordinal(day))
    except IntegrityError as faster:
        log.info("another worker has made the anchor: %s", faster)


def _tell(day: int, reason: str) -> None:
    """The journals are held by yesterday's anchor until somebody looks: whoever manages all quotes."""
    text = f"L'ancrage du jour n'a pas pu être fait\u00a0: prévenez qui administre Logisav ({reason})."
    address = addresses.absolute(reverse("admin:index"))
    for person in who_may("quotes.manage_all_quotes"):
        outbox.tell(person, kind=FAILURE.name, text=text, about="Ancrage", url=address)


ANCHORS = queue.dated(
    "anchors", find=_missing, work=_make, tells_after=8, tell=_tell, expected=(seal.UnusableKey,)
)


def make(day: dt.date) -> Anchor:
    """Signed outside any transaction; without an authority's time when none answers, which a check then says."""
    latest = Anchor.objects.order_by("day").last()
    said = {
        "schema": 1,
        "day": day.isoformat(),
        "at": timezone.now().isoformat(timespec="seconds"),
        "previous": latest.sha256 if latest else GENESIS,
        "heads": _moved_heads(),
    }
    if permits := _new_permits():
        said |= {"schema": 2, "permits": permits}
    document = canonical(said)
    signature, stamped_at = _signed(document.encode())
    with transaction.atomic():
        return Anchor.objects.create(
            day=day,
            document=document,
            sha256=hashlib.sha256(document.encode()).hexdigest(),
            signature=signature,
            stamped_at=stamped_at,
        )


def _moved_heads() -> Heads:
    anchored = _anchored(Anchor.objects.order_by("day"))
    heads = JournalHead.objects.filter(seq__gt=0).values_list("quote__number", "seq", "hash")
    return {number: [seq, hash_] for number, seq, hash_ in heads if anchored.get(number) != [seq, hash_]}


def _new_permits() -> list[str]:
    """Of purges: the SHA-256 of each permit that no anchor names yet."""
    named = {one for anchor in Anchor.objects.all() for one in json.loads(anchor.document).get("permits", [])}
    made = PurgePermit.objects.order_by("pk").values_list("sha256", flat=True)
    return [sha256 for sha256 in made if sha256 not in named]


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
    """What the anchors say; `heads` are the ends that they hold, where a quote is judged by them.

    `permits` are the SHA-256 of the purges' permits that they name; `last_at` is when the latest of them was made.
    """

    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    heads: dict[str, list[tuple[dt.date, int, str]]] = field(default_factory=dict)
    permits: set[str] = field(default_factory=set)
    last_at: dt.datetime | None = None


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
        _collect(anchor, result)
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


def _collect(anchor: Anchor, result: Check) -> None:
    try:
        said = json.loads(anchor.document)
        for number, (seq, hash_) in said["heads"].items():
            result.heads.setdefault(number, []).append((anchor.day, int(seq), str(hash_)))
        result.permits |= {str(sha256) for sha256 in said.get("permits", [])}
        result.last_at = dt.datetime.fromisoformat(said["at"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return  # told as a fault of the anchor


def contradicted(hashes: dict[int, str], heads: list[tuple[dt.date, int, str]]) -> tuple[int, dt.date] | None:
    """The first row of a quote that is not the one that an anchor holds."""
    for day, seq, hash_ in heads:
        if hashes.get(seq) != hash_:
            return seq, day
    return None
