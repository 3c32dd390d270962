"""CSV as French spreadsheets write and read it, in both directions. Pure: texts in, texts out.

What leaves: UTF-8 with a mark, `;`, decimals with a comma, and no cell that a spreadsheet would run as a formula.
What comes: UTF-8 or Windows-1252, with `;`, `,` or tabs, bounded in size and rows.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from lib import french

MAX_BYTES = 2 * 1024 * 1024
MAX_ROWS = 5_000
DELIMITERS = ";,\t"
MARK = "\ufeff"

# What a spreadsheet takes for the beginning of a formula, after spaces and our own apostrophes too.
FORMULA = re.compile(r"'*\s*[=+\-@\t\r\n＝＋－＠]")
NUMBER = re.compile(r"-?[0-9]+([.,][0-9]+)?")


class UnreadableSheet(Exception):
    """The file as a whole cannot be used; the message tells the person why."""


# Out


def written(value: object) -> str:
    """A cell: `1234,50`, `24/11/2026`, `oui`, or a text that no spreadsheet runs."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, Decimal):
        return f"{value:f}".replace(".", ",")
    if isinstance(value, dt.datetime):
        return f"{french.in_paris(value):%d/%m/%Y %H:%M}"
    if isinstance(value, dt.date):
        return f"{value:%d/%m/%Y}"
    return defused(str(value))


def defused(text: str) -> str:
    """With an apostrophe before what would be run. A negative number stays a number."""
    if FORMULA.match(text) and not NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def armed(text: str) -> str:
    """What `defused` was given: read back, an export says what was written."""
    return text[1:] if text.startswith("'") and FORMULA.match(text[1:]) else text


class _Echo:
    """Hands back each line as it is written, so that a long file is sent while it is made."""

    def write(self, line: str) -> str:
        return line


def lines(rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The file, line by line; the first row holds the titles."""
    writer = csv.writer(_Echo(), delimiter=";")
    yield MARK
    for row in rows:
        yield writer.writerow([written(value) for value in row])


# In


@dataclass(frozen=True)
class SheetRow:
    """`line` is where it begins in the file, counted as an editor counts."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    titles: tuple[str, ...]
    rows: tuple[SheetRow, ...]


def decoded(document: bytes) -> str:
    """The text of an uploaded file. Raises UnreadableSheet."""
    if len(document) > MAX_BYTES:
        raise UnreadableSheet(
            "Ce fichier dépasse 2 Mo. Partagez-le en plusieurs, puis importez-les l'un après l'autre."
        )
    try:
        text = document.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = document.decode("cp1252", errors="replace")
    if "\x00" in text or "\ufffd" in text:
        raise UnreadableSheet(
            "Ce fichier n'est pas un CSV. Dans votre tableur, choisissez « Enregistrer sous », puis « CSV UTF-8 »."
        )
    return text


def read(text: str) -> Table:
    """Titles and rows; empty lines are skipped. Raises UnreadableSheet."""
    found = _rows(text, _delimiter(text))
    titles = next(found, None)
    if titles is None:
        raise UnreadableSheet("Ce fichier est vide.")
    rows = []
    for row in found:
        rows.append(row)
        if len(rows) > MAX_ROWS:
            raise UnreadableSheet(
                f"Ce fichier a plus de {french.number(str(MAX_ROWS))} lignes. Partagez-le en plusieurs, "
                "puis importez-les l'un après l'autre."
            )
    return Table(tuple(title.strip() for title in titles.cells), tuple(rows))


def _delimiter(text: str) -> str:
    """The sign that parts the first line into the most cells."""
    first = text.lstrip("\r\n").partition("\n")[0]
    return max(DELIMITERS, key=first.count)


def _rows(text: str, delimiter: str) -> Iterator[SheetRow]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield SheetRow(line, tuple(armed(cell) for cell in cells))
            line = reader.line_num + 1
    except csv.Error as error:
        raise UnreadableSheet(
            f"Ligne {line} : un guillemet n'est pas fermé, ou une cellule est démesurée. "
            "Corrigez cette ligne, puis réessayez."
        ) from error
