"""Sealing: one certification signature, PAdES B-B, in a field that nobody sees.

The visible block is drawn in the HTML: a visible stamp made here would break PDF/A-3b.
"""

from __future__ import annotations

import io

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.writer import BasePdfFileWriter
from pyhanko.sign import PdfSignatureMetadata, PdfSigner
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers.constants import ESIC_EXTENSION_1

from signing.seal.keys import Signer
from signing.seal.loop import run

FIELD = "Cachet"
REASON = "Devis accepté : document scellé, sans changement possible"


class Sealing(PdfSigner):
    """PDF/A-3 rests on PDF 1.7; for an elliptic curve's name pyHanko would raise the version to 2.0."""

    def register_extensions(self, pdf_out: BasePdfFileWriter, *, md_algorithm: str) -> None:
        pdf_out.register_extension(ESIC_EXTENSION_1)


def seal(pdf: bytes, signer: Signer) -> bytes:
    """`pdf`, then its seal: EN 319 142-1 level B-B, no change allowed (DocMDP 1, ISO 32000-1, 12.8.2.2)."""
    metadata = PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm="sha256",
        subfilter=SigSeedSubFilter.PADES,
        name=signer.name,
        reason=REASON,
        certify=True,
        docmdp_permissions=MDPPerm.NO_CHANGES,
    )
    sealing = Sealing(metadata, signer=signer.pyhanko, new_field_spec=SigFieldSpec(FIELD))
    out: io.BytesIO = run(lambda: sealing.async_sign_pdf(IncrementalPdfFileWriter(io.BytesIO(pdf))))
    return out.getvalue()
