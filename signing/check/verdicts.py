"""What the public check answers: the seal's own word beside our register of SHA-256, and what follows from both.

« Altered » is said only when the file shows where it comes from: it bears the certificate of our seal, or names a
document that we sealed, or begins with the very bytes of one. All that is public, so anyone can make a file that
is « altered »; nobody can make one that is « genuine ».
"""

from __future__ import annotations

import enum
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from signing.check.examination import Findings
from signing.models import SealedDocument, Signature

END_MARK = re.compile(rb"%%EOF(\r\n|\n|\r)?")
MOST_REVISIONS = 20
REFERENCE_LENGTH = 16
MISREAD = str.maketrans("018", "OIB")  # no digit of base32, and what they look like


class Verdict(enum.Enum):
    GENUINE = "genuine"
    ALTERED = "altered"
    UNKNOWN = "unknown"
    CONTRADICTORY = "contradictory"


@dataclass(frozen=True)
class Judgement:
    """`document` only for a match; `expected` are the hashes of the document that an altered file recalls."""

    verdict: Verdict
    sha256: str
    findings: Findings
    document: SealedDocument | None = None
    expected: tuple[str, ...] = ()

    @property
    def is_registered(self) -> bool:
        return self.document is not None


def judge(pdf: bytes, findings: Findings, *, ours: Sequence[bytes]) -> Judgement:
    """The file's answer; `ours` are the certificates of our seal, in DER."""
    digest = hashlib.sha256(pdf).hexdigest()
    document = registered(digest)
    if document is not None and findings.intact:
        return Judgement(Verdict.GENUINE, digest, findings, document=document)
    if document is not None or findings.intact:
        return Judgement(Verdict.CONTRADICTORY, digest, findings, document=document)
    origin = _origin(pdf, digest, findings.reference)
    if origin is not None or findings.known_signer or bears_certificate(pdf, ours):
        return Judgement(Verdict.ALTERED, digest, findings, expected=hashes(origin))
    return Judgement(Verdict.UNKNOWN, digest, findings)


def registered(digest: str) -> SealedDocument | None:
    known = SealedDocument.objects.filter(sha256=digest)
    return known.select_related("signature__quote", "signature__version").order_by("-revision").first()


def bears_certificate(pdf: bytes, ours: Sequence[bytes]) -> bool:
    """A seal is written in hexadecimal digits, and the certificate stands in it whole."""
    spelled = pdf.upper()
    return any(certificate.hex().upper().encode() in spelled for certificate in ours)


def _origin(pdf: bytes, digest: str, reference: str) -> Signature | None:
    """The acceptance whose document this file was made from, as far as it shows."""
    earlier = [prefix for prefix in prefixes(pdf) if prefix != digest]
    sealed = Signature.objects.filter(documents__isnull=False)
    return (
        sealed.filter(documents__sha256__in=earlier).first()
        or sealed.filter(version__pdf_sha256__in=earlier).first()
        or sealed.filter(reference=reference or None).first()
    )


def prefixes(pdf: bytes) -> Iterator[str]:
    """The SHA-256 of the file up to each of its end marks: an update is written behind what was there before."""
    digest, start = hashlib.sha256(), 0
    for count, mark in enumerate(END_MARK.finditer(pdf)):
        if count == MOST_REVISIONS:
            return
        for end in sorted({mark.start() + len(b"%%EOF"), mark.end()}):
            digest.update(pdf[start:end])
            start = end
            yield digest.hexdigest()


def hashes(signature: Signature | None) -> tuple[str, ...]:
    """Of every revision, the latest first."""
    if signature is None:
        return ()
    return tuple(signature.documents.order_by("-revision").values_list("sha256", flat=True))


# By reference alone


def normalized(typed: str) -> str:
    """A reference as it is stored, however it was copied."""
    return re.sub(r"[^A-Z2-7]", "", typed.upper().translate(MISREAD))[:REFERENCE_LENGTH]


def documents_of(reference: str) -> list[SealedDocument]:
    """Every revision, the latest first; one query whether or not the reference exists."""
    known = SealedDocument.objects.filter(signature__reference=normalized(reference))
    return list(known.order_by("-revision"))


def initials(signature: Signature) -> str:
    """`C. M.`, `J.-P. D.`: enough for who knows the name, not enough to learn it."""
    names = (signature.first_name, signature.last_name)
    return "\u00a0".join(filter(None, map(_initial, names)))


def _initial(name: str) -> str:
    first = name.split()[:1]
    return "-".join(f"{part[0].upper()}." for word in first for part in word.split("-") if part)
