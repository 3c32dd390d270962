"""A signature beside what it signs (CMS, RFC 5652): `openssl cms -verify` reads it too."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from asn1crypto import cms, x509
from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes
from pyhanko.sign.validation import async_validate_detached_cms
from pyhanko_certvalidator import ValidationContext

from signing.seal.keys import Signer
from signing.seal.loop import run
from signing.seal.stamping import Authorities


@dataclass(frozen=True)
class DetachedReport:
    """`intact` only if the signature is good and its signer one of ours; `stamped_at` is an authority's time."""

    intact: bool
    signed_at: dt.datetime | None = None
    stamped_at: dt.datetime | None = None


def sign_detached(data: bytes, signer: Signer, authorities: Authorities | None = None) -> bytes:
    """The signature over `data`, in DER; raises AuthorityUnavailable."""
    moment = PdfCMSSignedAttributes(signing_time=dt.datetime.now(dt.UTC))
    signed: cms.ContentInfo = run(
        lambda: signer.pyhanko.async_sign_general_data(
            data,
            "sha256",
            timestamper=authorities.timestamper() if authorities else None,
            signed_attr_settings=moment,
        )
    )
    return bytes(signed.dump())


def check_detached(data: bytes, signature: bytes, *, trusted: Sequence[bytes]) -> DetachedReport:
    """Never raises: whatever cannot be read is not intact."""
    try:
        return _judged(data, signature, trusted)
    except Exception:  # noqa: BLE001 (an altered file makes a parser raise anything)
        return DetachedReport(intact=False)


def _judged(data: bytes, signature: bytes, trusted: Sequence[bytes]) -> DetachedReport:
    signed = cms.ContentInfo.load(signature, strict=True)["content"]
    roots = [x509.Certificate.load(each) for each in trusted]
    attributes = {
        each["type"].native: each["values"].native for each in signed["signer_infos"][0]["signed_attrs"]
    }
    moment: dt.datetime = attributes["signing_time"][0]
    context = ValidationContext(trust_roots=roots, moment=moment, allow_fetching=False)
    status = run(
        lambda: async_validate_detached_cms(data, signed, context, ValidationContext(trust_roots=[]))
    )
    stamp = status.timestamp_validity
    known = status.signing_cert.dump() in trusted
    sound = bool(
        status.intact and status.valid and known and (stamp is None or (stamp.intact and stamp.valid))
    )
    return DetachedReport(sound, moment, stamp.timestamp if stamp else None)
