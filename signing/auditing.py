"""Does what the database holds still agree with what was sealed and anchored? Names the first row that does not.

The journal's own chain shows a careless change. A chain that was computed anew from a change on holds in itself, and
no longer fits what others have: the head in the signature, the proof inside the sealed PDF, the daily anchors.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from quotes import journal
from quotes.models import Quote, QuoteEvent
from signing import anchoring, append_only, certificates, evidence, seal
from signing.models import SealedDocument, Signature


@dataclass(frozen=True)
class Finding:
    """The first row of a quote's journal that does not hold, and what it contradicts."""

    quote: str
    row: int
    words: str

    def __str__(self) -> str:
        return f"{self.quote} : ligne {self.row}, {self.words}"


@dataclass(frozen=True)
class Audit:
    """`faults` are proofs of a change; `notes` say what the check could not hold against anything yet."""

    faults: tuple[str, ...]
    notes: tuple[str, ...]
    intact: int


def audit(quotes: Sequence[Quote]) -> Audit:
    """Triggers, anchors, then quote by quote."""
    anchors = anchoring.check()
    faults = [f"déclencheur absent : {name}" for name in append_only.missing_triggers()] + anchors.faults
    faults += _vanished(anchors)
    notes, intact = list(anchors.notes), 0
    for quote in quotes:
        finding = first_bad_row(quote, anchors)
        if finding:
            faults.append(str(finding))
        else:
            intact += 1
        notes += _not_anchored_yet(quote, anchors)
    return Audit(tuple(faults), tuple(notes), intact)


def _vanished(anchors: anchoring.Check) -> list[str]:
    known = set(Quote.objects.filter(number__in=anchors.heads).values_list("number", flat=True))
    return [f"{number} : ancré, et disparu" for number in sorted(set(anchors.heads) - known)]


def _not_anchored_yet(quote: Quote, anchors: anchoring.Check) -> list[str]:
    anchored = max((seq for _, seq, _ in anchors.heads.get(quote.number, [])), default=0)
    newer = quote.events.filter(seq__gt=anchored).count()
    return (
        [f"{quote.number} : {newer} ligne(s) pas encore ancrée(s), à partir de la {anchored + 1}"]
        if newer
        else []
    )


def first_bad_row(quote: Quote, anchors: anchoring.Check | None = None) -> Finding | None:
    """Cheap looks first: the chain, then the sealed PDF, the signature, the anchors."""
    if (row := journal.first_bad_row(quote)) is not None:
        return Finding(quote.number, row, "la chaîne est rompue")
    rows = {event.seq: event for event in quote.events.order_by("seq")}
    return _against_signature(quote, rows) or _against_anchors(quote, rows, anchors)


def _against_signature(quote: Quote, rows: dict[int, QuoteEvent]) -> Finding | None:
    signature = Signature.objects.filter(quote=quote).first()
    accepted = [seq for seq, event in rows.items() if event.kind == "accepted" and "challenge" in event.facts]
    if signature is None:
        return Finding(quote.number, accepted[0], "sa signature a disparu") if accepted else None
    for document in signature.documents.order_by("revision"):
        if (finding := _against_document(quote, rows, document)) is not None:
            return finding
    held = rows.get(signature.journal_seq)
    if (
        held is None
        or held.hash != signature.journal_hash
        or held.facts.get("reference") != signature.reference
    ):
        return Finding(quote.number, signature.journal_seq, "elle n'est plus celle de la signature")
    if signature.done_at is not None and not signature.documents.exists():
        return Finding(quote.number, signature.journal_seq, "son document scellé a disparu")
    return None


def _against_document(quote: Quote, rows: dict[int, QuoteEvent], document: SealedDocument) -> Finding | None:
    """The sealed file is the one that was written down, and its proof says what the journal says."""
    number, last = quote.number, document.signature.journal_seq
    sealings = [
        seq
        for seq, event in rows.items()
        if event.kind == "sealed" and event.facts["revision"] == document.revision
    ]
    if not sealings or rows[sealings[0]].facts["sha256"] != document.sha256:
        return Finding(
            number, sealings[0] if sealings else last, "le document scellé n'est pas celui du journal"
        )
    data = _stored(document)
    if data is None or hashlib.sha256(data).hexdigest() != document.sha256:
        return Finding(number, sealings[0], "le fichier scellé manque ou a changé")
    if not seal.check(data, trusted=certificates.ours()).intact:
        return Finding(number, sealings[0], "le sceau du fichier est rompu")
    proof = json.loads(seal.attached(data, evidence.PROOF_NAME) or b'{"journal": []}')
    row = _first_difference(proof["journal"], rows)
    return Finding(number, row, "elle n'est plus celle que porte le PDF scellé") if row else None


def _stored(document: SealedDocument) -> bytes | None:
    try:
        with document.file.open("rb") as file:
            return bytes(file.read())
    except OSError:
        return None


def _first_difference(sealed: list[dict[str, Any]], rows: dict[int, QuoteEvent]) -> int | None:
    if not sealed:
        return 1
    for seq, said in enumerate(sealed, start=1):
        row = rows.get(seq)
        if row is None or (row.record, row.hash) != (said["record"], said["hash"]):
            return seq
    return None


def _against_anchors(
    quote: Quote, rows: dict[int, QuoteEvent], anchors: anchoring.Check | None
) -> Finding | None:
    if anchors is None:
        return None
    found = anchoring.contradicted(rows, anchors.heads.get(quote.number, []))
    if found is None:
        return None
    seq, day = found
    return Finding(
        quote.number, seq, f"elle ou une ligne d'avant n'est plus celle de l'ancrage du {day:%d/%m/%Y}"
    )
