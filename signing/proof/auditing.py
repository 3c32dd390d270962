"""Does what the database holds still agree with what was sealed, anchored and stored? Names what does not.

The journal's own chain shows a careless change. A chain that was computed anew from a change on holds in itself, and
no longer fits what others have: the head in the signature, the proof inside the sealed PDF, the daily anchors.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from django.core.files.storage import default_storage

from lib import files
from quotes import journal
from quotes.models import PurgeOpening, Quote, QuoteEvent, QuoteVersion
from signing import seal
from signing.models import PaperAcceptance, SealedDocument, Signature
from signing.proof import anchoring, append_only, certificates, evidence, purges


@dataclass(frozen=True)
class BadRow:
    """The first row of a quote's journal that does not hold, and what it contradicts."""

    quote: str
    row: int
    words: str

    def __str__(self) -> str:
        return f"{self.quote} : ligne {self.row}, {self.words}"


@dataclass(frozen=True)
class Audit:
    """`faults` are proofs of a change; `notes` say what the check could not hold against anything yet.

    `damaged` are the stored files that are missing or are not what was written down; `orphans`, which nobody ever
    removes, lie among the sealed ones without a row: a worker died between its file and its row.
    """

    faults: tuple[str, ...]
    damaged: tuple[str, ...]
    orphans: tuple[str, ...]
    notes: tuple[str, ...]
    intact: int


def audit(quotes: Sequence[Quote]) -> Audit:
    """Triggers, anchors, then quote by quote its rows and its files."""
    anchors = anchoring.check()
    faults = [f"déclencheur absent : {name}" for name in append_only.missing_triggers()] + anchors.faults
    faults += _vanished(anchors)
    if PurgeOpening.objects.exists():  # no commit lets one through: the database was told not to look
        faults.append("un permis de purge est resté ouvert, des lignes de journaux peuvent être retirées")
    notes, intact, permits = list(anchors.notes), 0, purges.permits()
    for quote in quotes:
        finding = first_bad_row(quote, anchors) or _against_permits(quote, permits, anchors)
        if finding:
            faults.append(str(finding))
        else:
            intact += 1
        notes += _not_anchored_yet(quote, anchors)
        notes += [f"{quote.number} : {words}" for words in purges.not_anchored_yet(quote, permits, anchors)]
    damaged = [words for quote in quotes for words in damaged_files(quote)]
    return Audit(tuple(faults), tuple(damaged), tuple(orphans()), tuple(notes), intact)


def damaged_files(quote: Quote) -> Iterator[str]:
    """Every version's PDF and what travels with it, every sealed document, every scan: read whole and compared."""
    for version in quote.versions.exclude(pdf_sha256="").order_by("number"):
        yield from _damage(f"{quote.number}, version {version.number}", _stored_for(version))
    for document in SealedDocument.objects.filter(signature__quote=quote).order_by("revision"):
        stored = [(str(document.file), document.sha256)]
        yield from _damage(f"{quote.number}, document scellé, révision {document.revision}", stored)
    for paper in PaperAcceptance.objects.filter(quote=quote):
        yield from _damage(f"{quote.number}, papier signé", [(str(paper.scan), paper.sha256)])
    for declaration in quote.declarations.exclude(scan="").order_by("pk"):
        name = str(declaration.scan)
        yield from _damage(f"{quote.number}, rétractation reçue autrement", [(name, PurePath(name).stem)])


def _stored_for(version: QuoteVersion) -> list[tuple[str, str]]:
    stored, terms = [(str(version.pdf), version.pdf_sha256)], version.reading.terms
    if terms is not None and terms.kind == "pdf":
        stored.append((f"company/{terms.sha256}.pdf", terms.sha256))
    if (contribution := version.reading.contribution) is not None:
        stored.append((contribution.path, contribution.sha256))
    if proof := version.reading.rge_proof:
        stored.append((f"company/{proof}.pdf", proof))
    stored += version.reading.enclosed_files
    return stored


def _damage(what: str, stored: list[tuple[str, str]]) -> Iterator[str]:
    for name, sha256 in stored:
        try:
            files.read(name, sha256)
        except files.Damaged as damaged:
            yield f"{what} : {damaged}"
        except OSError as error:
            yield f"{what} : {name} : illisible ({error.strerror or type(error).__name__})"


def orphans() -> list[str]:
    """In the folder of the sealed documents, and of no row."""
    try:
        _, found = default_storage.listdir("signed")
    except FileNotFoundError:
        return []
    known = set(SealedDocument.objects.values_list("file", flat=True))
    return sorted(name for name in (f"signed/{each}" for each in found) if name not in known)


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


def first_bad_row(quote: Quote, anchors: anchoring.Check | None = None) -> BadRow | None:
    """Cheap looks first: the chain, then the sealed PDF, the signature, the anchors."""
    if (row := journal.first_bad_row(quote)) is not None:
        return BadRow(quote.number, row, "la chaîne est rompue")
    rows = {event.seq: event for event in quote.events.order_by("seq")}
    hashes = {place.seq: place.hash for place in journal.places(quote)}
    return _against_signature(quote, rows) or _against_anchors(quote, hashes, anchors)


def _against_signature(quote: Quote, rows: dict[int, QuoteEvent]) -> BadRow | None:
    signature = Signature.objects.filter(quote=quote).first()
    accepted = [seq for seq, event in rows.items() if event.kind == "accepted" and "challenge" in event.facts]
    if signature is None:
        return BadRow(quote.number, accepted[0], "sa signature a disparu") if accepted else None
    for document in signature.documents.order_by("revision"):
        if (finding := _against_document(quote, rows, document)) is not None:
            return finding
    held = rows.get(signature.journal_seq)
    if (
        held is None
        or held.hash != signature.journal_hash
        or held.facts.get("reference") != signature.reference
    ):
        return BadRow(quote.number, signature.journal_seq, "elle n'est plus celle de la signature")
    if signature.done_at is not None and not signature.documents.exists():
        return BadRow(quote.number, signature.journal_seq, "son document scellé a disparu")
    return None


def _against_document(quote: Quote, rows: dict[int, QuoteEvent], document: SealedDocument) -> BadRow | None:
    """The sealed file is the one that was written down, and its proof says what the journal says."""
    number, last = quote.number, document.signature.journal_seq
    sealings = [
        seq
        for seq, event in rows.items()
        if event.kind == "sealed" and event.facts["revision"] == document.revision
    ]
    if not sealings or rows[sealings[0]].facts["sha256"] != document.sha256:
        return BadRow(
            number, sealings[0] if sealings else last, "le document scellé n'est pas celui du journal"
        )
    try:
        data = files.read(str(document.file), document.sha256)
    except (files.Damaged, OSError):
        return BadRow(number, sealings[0], "le fichier scellé manque ou a changé")
    if not seal.check(data, trusted=certificates.ours()).intact:
        return BadRow(number, sealings[0], "le sceau du fichier est rompu")
    proof = json.loads(seal.attached(data, evidence.PROOF_NAME) or b'{"journal": []}')
    row = _first_difference(proof["journal"], rows)
    return BadRow(number, row, "elle n'est plus celle que porte le PDF scellé") if row else None


def _first_difference(sealed: list[dict[str, Any]], rows: dict[int, QuoteEvent]) -> int | None:
    if not sealed:
        return 1
    for seq, said in enumerate(sealed, start=1):
        row = rows.get(seq)
        if row is None or (row.record, row.hash) != (said["record"], said["hash"]):
            return seq
    return None


def _against_anchors(quote: Quote, hashes: dict[int, str], anchors: anchoring.Check | None) -> BadRow | None:
    if anchors is None:
        return None
    found = anchoring.contradicted(hashes, anchors.heads.get(quote.number, []))
    if found is None:
        return None
    seq, day = found
    return BadRow(
        quote.number, seq, f"elle ou une ligne d'avant n'est plus celle de l'ancrage du {day:%d/%m/%Y}"
    )


def _against_permits(quote: Quote, permits: purges.Permits, anchors: anchoring.Check) -> BadRow | None:
    found = purges.first_without_permit(quote, permits, anchors)
    return BadRow(quote.number, *found) if found else None
