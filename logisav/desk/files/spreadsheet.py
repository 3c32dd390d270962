"""CSV as French spreadsheets write and read it, in both directions. Pure: texts in, texts out.

What leaves: UTF-8 with a mark, `;`, decimals with a comma, and no cell that a spreadsheet would run as a formula.
What comes: UTF-8, UTF-16, Windows-1252, or what an old Mac or DOS wrote, with `;`, `,` or tabs, bounded in size and
rows; what stands above the titles is passed over.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from lib import french
from lib.folding import folded

MAX_BYTES = 2 * 1024 * 1024
MAX_ROWS = 5_000
MAX_COLUMNS = 100
DELIMITERS = ";,\t"
MARK = "\ufeff"
SOFT_BREAK = "\u2028"  # in the text of a workbook, so that each line of it is a row of the sheet
HEAD = 15  # rows among which the titles are looked for
SEPARATOR = re.compile(r'\ufeff?"?sep=([;,\t])"?[;,\t]*\r?\n', re.IGNORECASE)
# Of programs that know no Unicode: the one that makes French of the bytes is it, the first if several do.
OLD_ENCODINGS = ("cp1252", "mac_roman", "cp850")
FRENCH = frozenset("àâäçéèêëîïôöùûüÿœæÀÂÄÇÉÈÊËÎÏÔÖÙÛÜŸŒÆ«»€’‘“”–—…°²³\u00a0")

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
    text = _text(document)
    if "\x00" in text or "\ufffd" in text:
        raise UnreadableSheet(
            "Ce fichier n'est pas un CSV. Dans votre tableur, choisissez « Enregistrer sous », puis « CSV UTF-8 »."
        )
    return text


def _text(document: bytes) -> str:
    wide = document.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        return document.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError:
        windows, *others = (document.decode(one, errors="replace") for one in OLD_ENCODINGS)
        likely = max(others, key=_likelihood)
        return likely if _likelihood(likely) > max(_likelihood(windows), 0) else windows


def _likelihood(text: str) -> int:
    """How much more of it is French than is not."""
    return sum(1 if c in FRENCH else -1 for c in text if not c.isascii())


def title_key(title: str) -> str:
    """By what a title is known: « Tél. », « tel » and « TÉL » are one."""
    return " ".join(re.findall(r"[a-z0-9]+", folded(title)))


def read(text: str, known: Collection[str] = ()) -> Table:
    """Titles and rows; empty lines are skipped, and so is what stands above the titles, of which some are `known`.

    Raises UnreadableSheet.
    """
    rows: list[SheetRow] = []
    for row in _rows(text, known):
        rows.append(row)
        if len(rows) > MAX_ROWS + HEAD:
            raise too_many_rows()
    if not rows:
        raise UnreadableSheet("Ce fichier est vide.")
    titles = _titles_at(rows[:HEAD], known)
    if len(rows) - titles - 1 > MAX_ROWS:
        raise too_many_rows()
    if len(rows[titles].cells) > MAX_COLUMNS:
        raise UnreadableSheet(
            f"Ce fichier a plus de {MAX_COLUMNS} colonnes. Ne gardez que celles à importer."
        )
    return Table(tuple(title.strip() for title in rows[titles].cells), tuple(rows[titles + 1 :]))


def _titles_at(rows: Sequence[SheetRow], known: Collection[str]) -> int:
    """The row with the most titles that are known; of none that is, the first with more than one cell."""
    best = max(range(len(rows)), key=lambda place: _known(rows[place].cells, known))
    if _known(rows[best].cells, known):
        return best
    wide = (place for place, row in enumerate(rows) if len([c for c in row.cells if c.strip()]) > 1)
    return next(wide, 0)


def too_many_rows() -> UnreadableSheet:
    return UnreadableSheet(
        f"Ce fichier a plus de {french.number(str(MAX_ROWS))} lignes. Partagez-le en plusieurs, "
        "puis importez-les l'un après l'autre."
    )


def _known(cells: Iterable[str], known: Collection[str]) -> int:
    return len({title_key(cell) for cell in cells} & set(known))


def _delimiter(text: str, known: Collection[str]) -> str:
    """The sign that parts one of the first lines into the most titles that are known, or into the most cells."""
    head = [line for line in text[:20_000].splitlines()[: 2 * HEAD] if line.strip()][:HEAD]

    def parts(sign: str) -> tuple[int, int]:
        return max(_known(line.split(sign), known) for line in head), head[0].count(sign)

    return max(DELIMITERS, key=parts) if head else ";"


def _rows(text: str, known: Collection[str]) -> Iterator[SheetRow]:
    said = SEPARATOR.match(text)
    delimiter = said[1] if said else _delimiter(text, known)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells) and not (said and line == 1):
                yield SheetRow(line, tuple(armed(cell) for cell in cells))
            line = reader.line_num + 1
    except csv.Error as error:
        raise UnreadableSheet(
            f"Ligne {line} : un guillemet n'est pas fermé, ou une cellule est démesurée. "
            "Corrigez cette ligne, puis réessayez."
        ) from error
