"""Checking a seal: everything that must hold for « scellé par nous, inchangé », and what exactly does not.

Two checks look at the same file with different eyes. pyHanko validates the signature (digest, certificate,
DocMDP, the level of ETSI EN 319 142-1, an authority's time stamps). The frame check here compares the bytes with
the only form in which our seals are written, so that nothing hides where a signature does not look: around it, in
its padding, in a second spelling of the same.
"""

from __future__ import annotations

import datetime as dt
import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from typing import Literal

from asn1crypto import cms, x509
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko.sign.validation import (
    DocumentTimestampStatus,
    EmbeddedPdfSignature,
    async_validate_pdf_signature,
    async_validate_pdf_timestamp,
)
from pyhanko.sign.validation.status import PdfSignatureStatus, SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from signing.seal.der import is_der
from signing.seal.loop import run
from signing.seal.reading import opened
from signing.seal.stamping import Authorities

NOBODY = Authorities(urls=())
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
    STAMP = "stamp"
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
    stamped_at: dt.datetime | None = None
    stamped_by: str = ""
    stamp_trusted: bool = False
    errors: tuple[str, ...] = ()

    @property
    def intact(self) -> bool:
        return self.seal == "intact"


def check(pdf: bytes, *, trusted: Sequence[bytes], authorities: Authorities = NOBODY) -> Report:
    """Judge the seal of `pdf`; `trusted` are our certificates, past and present, in DER. Never raises.

    `signed_at` is what the sealing machine claimed: at level B-B no third party vouches for the time. `stamped_at` is
    an authority's time, and `stamp_trusted` says whether that authority is one of `authorities`.
    """
    try:
        return _judge(pdf, trusted=trusted, authorities=authorities)
    except Exception as error:  # noqa: BLE001 (whatever a hostile file makes a parser raise: not intact)
        seal: Literal["broken", "absent"] = "broken" if b"/ByteRange" in pdf else "absent"
        return Report(seal, errors=(Fault.UNREADABLE, f"{type(error).__name__}: {error}"[:200]))


def _judge(pdf: bytes, *, trusted: Sequence[bytes], authorities: Authorities) -> Report:
    reader = opened(pdf)
    signatures, archive = reader.embedded_regular_signatures, reader.embedded_timestamp_signatures
    if not signatures:
        return Report("absent", errors=(Fault.NO_SEAL,))
    signature = signatures[0]
    faults = [*_faults_of_form(pdf, signatures), *_faults_of_frame(pdf, signature, archive)]
    report = replace(_described(signature, trusted=trusted), errors=tuple(faults))
    return _validated(signature, archive, report, authorities)


def _described(signature: EmbeddedPdfSignature, *, trusted: Sequence[bytes]) -> Report:
    certificate = signature.signer_cert
    return Report(
        "broken",
        known_signer=certificate.dump() in trusted,
        signer=str(certificate.subject.native.get("common_name", "")),
        signed_at=signature.self_reported_timestamp,
    )


def _validated(
    signature: EmbeddedPdfSignature,
    archive: Sequence[EmbeddedPdfSignature],
    report: Report,
    authorities: Authorities,
) -> Report:
    """pyHanko's verdict, at the claimed time: an old seal does not break when the key's certificate ends."""
    roots = [signature.signer_cert] if report.known_signer else []
    context = ValidationContext(trust_roots=roots, moment=report.signed_at, allow_fetching=False)
    believed = authorities.context(moment=report.signed_at)
    status: PdfSignatureStatus = run(lambda: async_validate_pdf_signature(signature, context, believed))
    stamp = status.timestamp_validity
    faults = (
        *report.errors,
        *_faults_of_status(status, known_signer=report.known_signer, archived=bool(archive)),
        *_faults_of_archive(archive, believed),
    )
    return replace(
        report,
        seal="broken" if faults else "intact",
        coverage=status.coverage.name.lower() if status.coverage else "",
        docmdp="respected" if status.docmdp_ok else "violated",
        level=""
        if {Fault.LEVEL, Fault.STAMP} & set(faults)
        else _level(stamped=stamp is not None, archive=archive),
        stamped_at=stamp.timestamp if stamp else None,
        stamped_by=str(stamp.signing_cert.subject.native.get("common_name", "")) if stamp else "",
        stamp_trusted=bool(stamp and stamp.trusted),
        errors=faults,
    )


def _level(*, stamped: bool, archive: Sequence[EmbeddedPdfSignature]) -> str:
    if archive:
        return "B-LTA"
    return "B-T" if stamped else "B-B"


def _faults_of_status(status: PdfSignatureStatus, *, known_signer: bool, archived: bool) -> Iterator[Fault]:
    covered = {
        SignatureCoverageLevel.ENTIRE_FILE,
        *([SignatureCoverageLevel.ENTIRE_REVISION] if archived else []),
    }
    stamp = status.timestamp_validity
    if not status.intact:
        yield Fault.DIGEST
    if not status.valid:
        yield Fault.SIGNATURE
    if status.coverage not in covered:
        yield Fault.COVERAGE
    if not status.docmdp_ok:
        yield Fault.DOCMDP
    if (archived and stamp is None) or (stamp is not None and not (stamp.intact and stamp.valid)):
        yield Fault.STAMP
    if not known_signer:
        yield Fault.UNKNOWN_SIGNER
    elif not (status.trusted and status.seed_value_ok):
        yield Fault.NOT_VALID


def _faults_of_archive(
    archive: Sequence[EmbeddedPdfSignature], believed: ValidationContext
) -> Iterator[Fault]:
    """Each time stamp over the whole is sound, and nothing but what keeps it verifiable came after it."""
    for number, each in enumerate(archive, start=1):
        status: DocumentTimestampStatus = run(partial(async_validate_pdf_timestamp, each, believed))
        last = number == len(archive)
        if not (status.intact and status.valid):
            yield Fault.STAMP
        if last and status.coverage != SignatureCoverageLevel.ENTIRE_FILE:
            yield Fault.COVERAGE


def _faults_of_form(pdf: bytes, signatures: Sequence[EmbeddedPdfSignature]) -> Iterator[Fault]:
    signature = signatures[0]
    if len(signatures) > 1:
        yield Fault.SEVERAL_SIGNATURES
    if not _plain_envelope(signature):
        yield Fault.ENVELOPE
    if not _is_pades(signature) or signature.docmdp_level != MDPPerm.NO_CHANGES:
        yield Fault.LEVEL


def _faults_of_frame(
    pdf: bytes, signature: EmbeddedPdfSignature, archive: Sequence[EmbeddedPdfSignature]
) -> Iterator[Fault]:
    """The last of them covers the whole file; those before it stop at the end of their own revision."""
    ordered = [signature, *archive]
    if not all(_framed(pdf, each, is_last=each is ordered[-1]) for each in ordered):
        yield Fault.FRAME


def _framed(pdf: bytes, signature: EmbeddedPdfSignature, *, is_last: bool) -> bool:
    """The signature covers the file from its first byte to its last, but for one hexadecimal string.

    That string is written as pyHanko writes it: capitals, the DER object, zeros (ISO 32000-1, 12.8.1).
    """
    start, length, restart, rest = (int(number) for number in signature.byte_range)
    gap, end = pdf[length:restart], restart + rest
    whole = end == len(pdf) if is_last else pdf[:end].rstrip().endswith(b"%%EOF")
    if start != 0 or not whole or not HEX_STRING.fullmatch(gap):
        return False
    content = bytes.fromhex(gap[1:-1].decode())
    envelope = cms.ContentInfo.load(signature.pkcs7_content).dump()
    return content == signature.pkcs7_content and content == envelope.ljust(len(content), b"\0")


def _plain_envelope(signature: EmbeddedPdfSignature) -> bool:
    """The CMS object (RFC 5652) holds one signer, its certificate, one digest, and no unsigned word but a time stamp.

    A certificate that an authority issued may bring the chain that leads to it.
    """
    signed, signer = signature.signed_data, signature.signer_info
    envelope = cms.ContentInfo.load(signature.pkcs7_content).dump()
    sets = (signed["certificates"], signer["signed_attrs"], signer["unsigned_attrs"] or ())
    ordered = all((parts := [each.dump() for each in one]) == sorted(parts) for one in sets)
    digests = [algorithm.native for algorithm in signed["digest_algorithms"]]
    return (
        is_der(envelope)
        and ordered
        and signed["version"].native == "v1"
        and digests == [signer["digest_algorithm"].native]
        and digests[0]["algorithm"] == "sha256"
        and signed["encap_content_info"].native == {"content_type": "data", "content": None}
        and _plain_certificates(signed["certificates"], signature.signer_cert)
        and not signed["crls"]
        and len(signed["signer_infos"]) == 1
        and signer["version"].native == "v1"
        and signer["sid"].chosen.native == _issuer_and_serial(signature.signer_cert)
        and _plain_unsigned(signer)
    )


def _plain_certificates(choices: cms.CertificateSet, own: x509.Certificate) -> bool:
    found = [choice.chosen.dump() for choice in choices]
    return found == [own.dump()] if own.issuer == own.subject else own.dump() in found


def _plain_unsigned(signer: cms.SignerInfo) -> bool:
    """Nothing, or one time stamp."""
    attributes = [(each["type"].native, len(each["values"])) for each in signer["unsigned_attrs"] or ()]
    return attributes in ([], [("signature_time_stamp_token", 1)])


def _issuer_and_serial(certificate: x509.Certificate) -> dict[str, object]:
    return {"issuer": certificate.issuer.native, "serial_number": certificate.serial_number}


def _is_pades(signature: EmbeddedPdfSignature) -> bool:
    """What every level asks for (EN 319 142-1, 6.3): CAdES, the certificate by its hash, the time in the dictionary."""
    attributes = {attribute["type"].native for attribute in signature.signer_info["signed_attrs"]}
    return (
        signature.sig_object.get("/SubFilter") == SigSeedSubFilter.PADES.value
        and "/M" in signature.sig_object
        and {"content_type", "message_digest", "signing_certificate_v2"} <= attributes
        and "signing_time" not in attributes
    )
