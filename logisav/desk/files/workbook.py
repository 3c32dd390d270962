"""An Excel workbook as the text of a CSV: what its cells show, and nothing that could act.

A formula counts by the result that was stored with it and is never computed; links to other workbooks, macros and
pictures are not read. What would swell beyond bounds is refused before a parser sees it.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
import zlib
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from openpyxl import load_workbook

from logisav.desk.files.spreadsheet import (
    MAX_BYTES,
    MAX_COLUMNS,
    MAX_ROWS,
    SOFT_BREAK,
    UnreadableSheet,
    too_many_rows,
    written,
)

ZIPPED = b"PK\x03\x04"
OLD_EXCEL = b"\xd0\xcf\x11\xe0"
MAX_UNPACKED = 40 * 1024 * 1024
MAX_PARTS = 1000
MAX_TEXT = 4 * MAX_BYTES  # characters of the cells together: one text may stand in many
MAX_GAP = 20 * MAX_ROWS  # empty rows in a row
SIGNIFICANT = ".15g"  # digits that a spreadsheet keeps; what lies behind them is noise of binary fractions
DAMAGED = "Ce classeur ne s'ouvre pas. Enregistrez-le à nouveau dans votre tableur, en .xlsx ou en CSV."
# The parser's own words for a damaged file, whatever it stumbles over.
STUMBLES = (
    zipfile.BadZipFile,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    SyntaxError,  # of XML, whichever parser there is
    ArithmeticError,
    RuntimeError,
    EOFError,
    OSError,
    zlib.error,
)
TOO_LARGE = (
    "Ce classeur est démesuré une fois décompressé. Ne gardez que la feuille à importer, "
    "ou enregistrez-la en CSV."
)


def as_text(document: bytes) -> str:
    """The first sheet that holds anything. Raises UnreadableSheet."""
    if document.startswith(OLD_EXCEL):
        raise UnreadableSheet(
            "Ce fichier vient d'un ancien Excel (.xls), ou il est protégé par un mot de passe. "
            "Enregistrez-le sous « Classeur Excel (.xlsx) », sans mot de passe."
        )
    try:
        _check(document)
        rows = _rows(document)
    except UnreadableSheet:
        raise
    except STUMBLES as error:
        raise UnreadableSheet(DAMAGED) from error
    text = io.StringIO()
    csv.writer(text, delimiter=";").writerows(rows)
    return text.getvalue()


def _check(document: bytes) -> None:
    """Sizes as the archive tells them, and as they turn out to be; no part brings entities of its own."""
    with zipfile.ZipFile(io.BytesIO(document)) as archive:
        parts = archive.infolist()
        if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
            raise UnreadableSheet(TOO_LARGE)
        for part in parts:
            with archive.open(part) as opened:
                held = opened.read(part.file_size + 1)
            in_utf_16 = held.startswith((b"\xff\xfe", b"\xfe\xff")) or (
                b"<" in held[:8] and b"\0" in held[:8]
            )
            if in_utf_16 or b"<!DOCTYPE" in held:
                raise UnreadableSheet(DAMAGED)


def _rows(document: bytes) -> list[list[str]]:
    book = load_workbook(io.BytesIO(document), read_only=True, data_only=True, keep_links=False)
    try:
        for sheet in book.worksheets:
            if sheet.sheet_state == "visible" and (rows := list(_filled(sheet))):
                return rows
    finally:
        book.close()
    raise UnreadableSheet("Ce classeur est vide.")


def _filled(sheet: Any) -> Iterator[list[str]]:
    """Each row up to the last that holds anything, the empty ones between them too."""
    sheet.reset_dimensions()  # some programs write a wrong one
    empty, filled, size = 0, 0, 0
    for row in sheet.iter_rows(max_col=MAX_COLUMNS):
        cells = [_shown(cell) for cell in row] if any(cell.value is not None for cell in row) else []
        if not any(cells):
            if (empty := empty + 1) > MAX_GAP:
                raise too_many_rows()
            continue
        if (filled := filled + 1) > MAX_ROWS + 1 or empty > MAX_ROWS:
            raise too_many_rows()
        if (size := size + sum(map(len, cells))) > MAX_TEXT:
            raise UnreadableSheet(TOO_LARGE)
        yield from ([] for _ in range(empty))
        empty = 0
        while not cells[-1]:
            cells.pop()
        yield cells


def _shown(cell: Any) -> str:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return written(value)
    if isinstance(value, int | float):
        number = Decimal(format(value, SIGNIFICANT))
        if "%" in str(cell.number_format):
            return f"{_plain(number * 100)} %"
        return _plain(number)
    if isinstance(value, dt.date):
        return f"{value:%d/%m/%Y}"
    lines = str(value).replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    return lines.replace("\n", SOFT_BREAK)


def _plain(number: Decimal) -> str:
    return written(number.normalize())
