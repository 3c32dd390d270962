"""A PDF, opened: one of ours, or a stranger's."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import cast

from pyhanko.pdf_utils.decode_limits import DecodePurpose
from pyhanko.pdf_utils.generic import (
    IndirectObject,
    NumberObject,
    PdfObject,
    Reference,
    StreamObject,
    read_object,
)
from pyhanko.pdf_utils.misc import PdfError, read_non_whitespace
from pyhanko.pdf_utils.reader import PdfFileReader

END, WITHIN = b"%%EOF", 1024


class NoEnd(ValueError):
    """No mark of a PDF's end where readers look for it."""


@dataclass
class Shelf:
    """An object stream (ISO 32000-1, 7.5.7), unpacked, and where in it each object lies: its index and its offset."""

    data: io.BytesIO
    places: dict[int, tuple[int, int]]


class Reader(PdfFileReader):
    """pyHanko's own, which reads the head of an object stream anew for each object in it: for a whole quote 300,000
    numbers, a second. This one reads it once. Whatever is odd is left to pyHanko, which judges it."""

    def __init__(self, pdf: bytes) -> None:
        self.shelves: dict[int, Shelf] = {}
        super().__init__(io.BytesIO(pdf))

    def _get_object_from_stream(self, idnum: int, stmnum: int, idx: int) -> PdfObject:
        if (found := self._taken(idnum, stmnum, idx)) is not None:
            return found
        return cast(PdfObject, super()._get_object_from_stream(idnum, stmnum, idx))  # type: ignore[no-untyped-call]

    def _taken(self, idnum: int, stmnum: int, idx: int) -> PdfObject | None:
        if stmnum not in self.shelves:
            self.shelves[stmnum] = self._shelf(stmnum)
        shelf = self.shelves[stmnum]
        place, offset = shelf.places.get(idnum, (-1, 0))
        if place != idx:
            return None
        shelf.data.seek(offset)
        try:
            found: PdfObject = read_object(shelf.data, Reference(idnum, 0, self))
            read_non_whitespace(shelf.data, seek_back=True, allow_eof=True)
        except PdfError:
            return None
        return None if isinstance(found, StreamObject | IndirectObject) else found

    def _shelf(self, stmnum: int) -> Shelf:
        stream = Reference(stmnum, 0, self).get_object()
        if not isinstance(stream, StreamObject) or stream["/Type"] != "/ObjStm":
            return Shelf(io.BytesIO(), {})
        data = io.BytesIO(stream.read_data(DecodePurpose.OBJECT_STREAM))
        places: dict[int, tuple[int, int]] = {}
        try:
            for place in range(stream["/N"]):
                number, offset = _number(data), _number(data)
                read_non_whitespace(data, seek_back=True)
                places.setdefault(number, (place, stream["/First"] + offset))
        except (ValueError, PdfError):
            return Shelf(data, {})
        return Shelf(data, places)


def _number(data: io.BytesIO) -> int:
    read_non_whitespace(data, seek_back=True)
    return int(NumberObject.read_from_stream(data))


def opened(pdf: bytes) -> PdfFileReader:
    """A stranger's.

    Raises NoEnd unless the last 1,024 bytes hold the end mark (PDF Reference 1.7, implementation note 18).
    Without this a file that was padded is walked back byte by byte, for seconds.
    """
    if END not in pdf[-WITHIN:]:
        raise NoEnd(f"no {END.decode()} in the last {WITHIN} bytes")
    return Reader(pdf)
