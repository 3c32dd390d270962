"""Checking a seal: everything that must hold for « scellé par nous, inchangé », and what exactly does not.

Two checks look at the same file with different eyes. pyHanko validates the signature (digest, certificate,
DocMDP, ETSI EN 319 142-1 level B-B). The frame check here compares the bytes with the only form in which our
seals are written, so that nothing hides where a signature does not look: around it, in its padding, in a second
spelling of the same.
"""

from __future__ import annotations

import datetime as dt
import io
import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal

from asn1crypto import cms, x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko.sign.validation import EmbeddedPdfSignature, async_validate_pdf_signature
from pyhanko.sign.validation.status import PdfSignatureStatus, SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from signing.seal.loop import run

LEVEL = "B-B"
logging.getLogger("pyhanko").setLevel(logging.CRITICAL)  # a stranger's file must not fill our logs
HEX_STRING = re.compile(rb"<(?:[0-9A-F]{2})+>")


class Fault(StrEnum):
    """What does not hold."""

    UNREADABLE = "unreadable"
    NO_SEAL = "no_seal"
    SEVERAL_SIGNATURES = "several_signatures"
    FRAME = "frame"
    ENVELOPE = "envelope"
    DIGEST = "digest"
    SIGNATURE = "signature"
    COVERAGE = "coverage"
    DOCMDP = "docmdp"
    LEVEL = "level"
    UNKNOWN_SIGNER = "unknown_signer"
    NOT_VALID = "not_valid"


@dataclass(frozen=True)
class Report:
    """What a check found. `seal` is intact only if all holds, and the signer is one of ours."""

    seal: Literal["intact", "broken", "absent"]
    coverage: str = ""
    docmdp: Literal["respected", "violated", ""] = ""
    known_signer: bool = False
    signer: str = ""
    signed_at: dt.datetime | None = None
    level: str = ""
    errors: tuple[str, ...] = ()

    @property
    def intact(self) -> bool:
        return self.seal == "intact"


def check(pdf: bytes, *, trusted: Sequence[bytes]) -> Report:
    """Judge the seal of `pdf`; `trusted` are our certificates, past and present, in DER. Never raises.

    `signed_at` is what the sealing machine claimed: at level B-B no third party vouches for the time.
    """
    try:
        return _judge(pdf, trusted=trusted)
    except Exception as error:  # noqa: BLE001 (whatever a hostile file makes a parser raise: not intact)
        seal: Literal["broken", "absent"] = "broken" if b"/ByteRange" in pdf else "absent"
        return Report(seal, errors=(Fault.UNREADABLE, f"{type(error).__name__}: {error}"[:200]))


def _judge(pdf: bytes, *, trusted: Sequence[bytes]) -> Report:
    signatures = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    if not signatures:
        return Report("absent", errors=(Fault.NO_SEAL,))
    signature = signatures[0]
    report = replace(_described(signature, trusted=trusted), errors=tuple(_faults_of_form(pdf, signatures)))
    return _validated(signature, report)


def _described(signature: EmbeddedPdfSignature, *, trusted: Sequence[bytes]) -> Report:
    certificate = signature.signer_cert
    return Report(
        "broken",
        known_signer=certificate.dump() in trusted,
        signer=str(certificate.subject.native.get("common_name", "")),
        signed_at=signature.self_reported_timestamp,
    )


def _validated(signature: EmbeddedPdfSignature, report: Report) -> Report:
    """pyHanko's verdict, at the claimed time: an old seal does not break when the key's certificate ends."""
    roots = [signature.signer_cert] if report.known_signer else []
    context = ValidationContext(trust_roots=roots, moment=report.signed_at, allow_fetching=False)
    status: PdfSignatureStatus = run(lambda: async_validate_pdf_signature(signature, context))
    faults = (*report.errors, *_faults_of_status(status, known_signer=report.known_signer))
    return replace(
        report,
        seal="broken" if faults else "intact",
        coverage=status.coverage.name.lower() if status.coverage else "",
        docmdp="respected" if status.docmdp_ok else "violated",
        level="" if Fault.LEVEL in faults else LEVEL,
        errors=faults,
    )


def _faults_of_status(status: PdfSignatureStatus, *, known_signer: bool) -> Iterator[Fault]:
    if not status.intact:
        yield Fault.DIGEST
    if not status.valid:
        yield Fault.SIGNATURE
    if status.coverage != SignatureCoverageLevel.ENTIRE_FILE:
        yield Fault.COVERAGE
    if not status.docmdp_ok:
        yield Fault.DOCMDP
    if not known_signer:
        yield Fault.UNKNOWN_SIGNER
    elif not status.bottom_line:
        yield Fault.NOT_VALID


def _faults_of_form(pdf: bytes, signatures: Sequence[EmbeddedPdfSignature]) -> Iterator[Fault]:
    signature = signatures[0]
    if len(signatures) > 1:
        yield Fault.SEVERAL_SIGNATURES
    if not _framed(pdf, signature):
        yield Fault.FRAME
    if not _plain_envelope(signature):
        yield Fault.ENVELOPE
    if not _is_b_b(signature) or signature.docmdp_level != MDPPerm.NO_CHANGES:
        yield Fault.LEVEL


def _framed(pdf: bytes, signature: EmbeddedPdfSignature) -> bool:
    """The signature covers the file from its first byte to its last, but for one hexadecimal string.

    That string is written as pyHanko writes it: capitals, the DER object, zeros (ISO 32000-1, 12.8.1).
    """
    start, length, restart, rest = (int(number) for number in signature.byte_range)
    gap = pdf[length:restart]
    if start != 0 or restart + rest != len(pdf) or not HEX_STRING.fullmatch(gap):
        return False
    content = bytes.fromhex(gap[1:-1].decode())
    envelope = cms.ContentInfo.load(signature.pkcs7_content).dump()
    return content == signature.pkcs7_content and content == envelope.ljust(len(content), b"\0")


def _plain_envelope(signature: EmbeddedPdfSignature) -> bool:
    """The CMS object (RFC 5652) holds one signer, one certificate, one digest, and no unsigned word."""
    signed, signer = signature.signed_data, signature.signer_info
    envelope = cms.ContentInfo.load(signature.pkcs7_content)
    spelled = envelope.dump() == envelope.copy().dump(force=True)
    digests = [algorithm.native for algorithm in signed["digest_algorithms"]]
    return (
        spelled
        and signed["version"].native == "v1"
        and digests == [signer["digest_algorithm"].native]
        and digests[0]["algorithm"] == "sha256"
        and signed["encap_content_info"].native == {"content_type": "data", "content": None}
        and [choice.chosen.dump() for choice in signed["certificates"]] == [signature.signer_cert.dump()]
        and not signed["crls"]
        and len(signed["signer_infos"]) == 1
        and signer["version"].native == "v1"
        and signer["sid"].chosen.native == _issuer_and_serial(signature.signer_cert)
        and not signer["unsigned_attrs"]
    )


def _issuer_and_serial(certificate: x509.Certificate) -> dict[str, object]:
    return {"issuer": certificate.issuer.native, "serial_number": certificate.serial_number}


def _is_b_b(signature: EmbeddedPdfSignature) -> bool:
    """Level B-B (EN 319 142-1, 6.3): CAdES, the certificate named by hash, the time in the dictionary."""
    attributes = {attribute["type"].native for attribute in signature.signer_info["signed_attrs"]}
    return (
        signature.sig_object.get("/SubFilter") == SigSeedSubFilter.PADES.value
        and "/M" in signature.sig_object
        and {"content_type", "message_digest", "signing_certificate_v2"} <= attributes
        and "signing_time" not in attributes
    )
