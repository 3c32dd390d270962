"""A stranger's PDF, opened."""

from __future__ import annotations

import io

from pyhanko.pdf_utils.reader import PdfFileReader

END, WITHIN = b"%%EOF", 1024


class NoEnd(ValueError):
    """No mark of a PDF's end where readers look for it."""


def opened(pdf: bytes) -> PdfFileReader:
    """Raises NoEnd unless the last 1,024 bytes hold the end mark (PDF Reference 1.7, implementation note 18).

    Without this a file that was padded is walked back byte by byte, for seconds.
    """
    if END not in pdf[-WITHIN:]:
        raise NoEnd(f"no {END.decode()} in the last {WITHIN} bytes")
    return PdfFileReader(io.BytesIO(pdf))
