"""Sealing: one certification signature in a field that nobody sees, with or without an authority's time.

B-B: the seal alone. B-T: an authority's time stamp on it. B-LTA: certificates and revocation data too, and a time
stamp over everything, to be renewed before it ages; it takes a certificate that an authority issued.
The visible block is drawn in the HTML: a visible stamp made here would break PDF/A-3b.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Coroutine
from typing import Any

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.writer import BasePdfFileWriter
from pyhanko.sign import PdfSignatureMetadata, PdfSigner
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers.constants import ESIC_EXTENSION_1
from pyhanko.sign.signers.pdf_signer import PdfTimeStamper
from pyhanko.sign.validation.errors import ValidationInfoReadingError
from pyhanko_certvalidator.errors import PathBuildingError, ValidationError

from signing.seal.checking import check
from signing.seal.keys import Signer
from signing.seal.loop import run
from signing.seal.reading import Reader
from signing.seal.stamping import ROOM, Authorities, AuthorityUnavailable

FIELD = "Cachet"
REASON = "Devis accepté : document scellé, sans changement possible"
REFUSALS = (SigningError, ValidationError, PathBuildingError, ValidationInfoReadingError, OSError)


class Sealing(PdfSigner):
    """PDF/A-3 rests on PDF 1.7; for an elliptic curve's name pyHanko would raise the version to 2.0."""

    def register_extensions(self, pdf_out: BasePdfFileWriter, *, md_algorithm: str) -> None:
        pdf_out.register_extension(ESIC_EXTENSION_1)


def seal(pdf: bytes, signer: Signer) -> bytes:
    """`pdf`, then its seal: EN 319 142-1 level B-B, no change allowed (DocMDP 1, ISO 32000-1, 12.8.2.2)."""
    sealing = Sealing(_metadata(signer), signer=signer.pyhanko, new_field_spec=SigFieldSpec(FIELD))
    return _written(lambda: sealing.async_sign_pdf(_writer(pdf)))


def seal_with_time(pdf: bytes, signer: Signer, authorities: Authorities) -> bytes:
    """The same at level B-T; raises AuthorityUnavailable."""
    sealing = Sealing(
        _metadata(signer),
        signer=signer.pyhanko,
        timestamper=authorities.timestamper(),
        new_field_spec=SigFieldSpec(FIELD),
    )
    out = _asked(lambda: sealing.async_sign_pdf(_writer(pdf), bytes_reserved=ROOM))
    return _proved(out, signer, authorities, level="B-T")


def seal_for_long(pdf: bytes, signer: Signer, authorities: Authorities) -> bytes:
    """The same at level B-LTA, for a certificate that an authority issued; raises AuthorityUnavailable."""
    context = authorities.context(chain=signer.chain, fetching=True)
    metadata = _metadata(signer, embed_validation_info=True, use_pades_lta=True, validation_context=context)
    sealing = Sealing(
        metadata,
        signer=signer.pyhanko,
        timestamper=authorities.timestamper(),
        new_field_spec=SigFieldSpec(FIELD),
    )
    out = _asked(lambda: sealing.async_sign_pdf(_writer(pdf), bytes_reserved=ROOM))
    return _proved(_covered(out), signer, authorities, level="B-LTA")


def restamp(pdf: bytes, signer: Signer, authorities: Authorities) -> bytes:
    """A B-LTA document with a fresh time stamp over everything; raises AuthorityUnavailable."""
    context = authorities.context(chain=signer.chain, fetching=True)
    stamper = PdfTimeStamper(authorities.timestamper())
    reader = Reader(pdf)
    out = _asked(lambda: stamper.async_update_archival_timestamp_chain(reader, context, in_place=False))
    return _proved(_covered(out), signer, authorities, level="B-LTA")


def _covered(pdf: bytes) -> bytes:
    """As far as the last time stamp reaches: what pyHanko adds behind it is collected again by the next one."""
    _, _, restart, rest = Reader(pdf).embedded_timestamp_signatures[-1].byte_range
    return pdf[: int(restart) + int(rest)]


def _metadata(signer: Signer, **more: Any) -> PdfSignatureMetadata:
    return PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm="sha256",
        subfilter=SigSeedSubFilter.PADES,
        name=signer.name,
        reason=REASON,
        certify=True,
        docmdp_permissions=MDPPerm.NO_CHANGES,
        **more,
    )


def _writer(pdf: bytes) -> IncrementalPdfFileWriter:
    return IncrementalPdfFileWriter.from_reader(Reader(pdf))


def _written(start: Callable[[], Coroutine[Any, Any, Any]]) -> bytes:
    out: io.BytesIO = run(start)
    return out.getvalue()


def _asked(start: Callable[[], Coroutine[Any, Any, Any]]) -> bytes:
    """What takes an authority's answer; its refusal is one exception, whatever pyHanko calls it."""
    try:
        return _written(start)
    except REFUSALS as refusal:
        raise AuthorityUnavailable(f"{type(refusal).__name__}: {refusal}"[:500]) from refusal


def _proved(pdf: bytes, signer: Signer, authorities: Authorities, *, level: str) -> bytes:
    """An authority may answer with anything: what does not hold as wanted is not kept."""
    report = check(pdf, trusted=[signer.certificate], authorities=authorities)
    if not report.intact or report.level != level or (authorities.roots and not report.stamp_trusted):
        raise AuthorityUnavailable(
            f"l'horodatage obtenu n'est pas bon\u00a0: {', '.join(report.errors) or report.level}"
        )
    return pdf
