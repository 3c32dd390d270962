"""Excel workbooks: what their cells show is read, and nothing in them acts, links out or swells."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook

from logisav.desk.files import spreadsheet, workbook
from logisav.desk.files.spreadsheet import MAX_ROWS, UnreadableSheet
from logisav.desk.tests.desk import at_desk, manager
from quotes.models import CatalogueItem, Customer

CATALOGUE, CUSTOMERS = "/admin/quotes/catalogueitem/", "/admin/quotes/customer/"


SHARED = (
    b'<Override PartName="/xl/sharedStrings.xml" '
    b'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/>'
)
STRINGS = b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>%s</t></si></sst>'


def made(*rows: list[Any], change: Callable[[Any], None] | None = None) -> bytes:
    book = Workbook()
    sheet: Any = book.active
    for row in rows:
        sheet.append(row)
    if change:
        change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def read(document: bytes) -> list[tuple[int, tuple[str, ...]]]:
    table = spreadsheet.read(workbook.as_text(document))
    return [(row.line, row.cells) for row in table.rows]


def swapped(document: bytes, part: str, content: bytes) -> bytes:
    """The same archive with another part."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(document)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, content if name == part else old.read(name))
        if part not in old.namelist():
            new.writestr(part, content)
    return out.getvalue()


def part_of(document: bytes, part: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(document)) as archive:
        return archive.read(part)


@pytest.mark.sqlite
def test_cells_read_as_they_are_shown() -> None:
    def percent(book: Any) -> None:
        book.active["B2"].number_format = "0%"

    row = ["Chauffe-eau ; à 5 €", 0.2, 1234.5, 0.1 + 0.2, 1000, True, dt.date(2026, 3, 1), "deux\nlignes"]
    ((line, cells),) = read(made([f"T{n}" for n in range(8)], row, change=percent))
    assert line == 2
    assert cells == (
        "Chauffe-eau ; à 5 €",
        "20 %",
        "1234,5",
        "0,3",
        "1000",
        "oui",
        "01/03/2026",
        "deux\u2028lignes",
    )


@pytest.mark.sqlite
def test_lines_are_rows_of_the_sheet_and_empty_ones_count() -> None:
    document = made(["A", "B"], ["deux\nlignes", "x"], [], [None, None], ["y", "z"])
    assert [line for line, _ in read(document)] == [2, 5]


@pytest.mark.sqlite
def test_the_first_visible_sheet_that_holds_anything_is_read() -> None:
    def others(book: Any) -> None:
        hidden, last = book.create_sheet("Caché"), book.create_sheet("Clients")
        hidden.sheet_state = "hidden"
        hidden.append(["Secret"])
        last.append(["Nom", "Mail"])
        last.append(["A", "a@exemple.fr"])

    assert read(made(change=others)) == [(2, ("A", "a@exemple.fr"))]


@pytest.mark.sqlite
def test_a_formula_counts_by_its_stored_result_and_is_never_computed() -> None:
    document = made(["Nom", "Prix"], ["A", 0])
    sheet = part_of(document, "xl/worksheets/sheet1.xml")
    formula = b'<c r="B2"><f>WEBSERVICE("http://127.0.0.1:9/")</f><v>12.5</v></c>'
    start = sheet.index(b'<c r="B2"')
    end = sheet.index(b"</c>", start) + 4
    changed = swapped(document, "xl/worksheets/sheet1.xml", sheet[:start] + formula + sheet[end:])
    assert read(changed) == [(2, ("A", "12,5"))]


@pytest.mark.sqlite
def test_a_bomb_is_refused_before_it_swells() -> None:
    bomb = swapped(
        made(["Nom"]), "xl/sharedStrings.xml", b"<sst>" + b" " * (workbook.MAX_UNPACKED + 1) + b"</sst>"
    )
    assert len(bomb) < 200_000
    with pytest.raises(UnreadableSheet, match="démesuré"):
        workbook.as_text(bomb)


@pytest.mark.sqlite
def test_a_bomb_that_lies_about_its_size_is_refused() -> None:
    bomb = swapped(made(["Nom"]), "xl/sharedStrings.xml", b"<sst>" + b" " * 5_000_000 + b"</sst>")
    lie = bomb.replace((5_000_011).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    assert lie != bomb
    with pytest.raises(UnreadableSheet):
        workbook.as_text(lie)


@pytest.mark.sqlite
@pytest.mark.parametrize(
    "head", [b'<!DOCTYPE x [<!ENTITY a "b">]>', b'<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">']
)
def test_entities_and_outside_documents_are_refused(head: bytes) -> None:
    document = made(["Nom"])
    sheet = part_of(document, "xl/worksheets/sheet1.xml")
    with pytest.raises(UnreadableSheet, match="ne s'ouvre pas"):
        workbook.as_text(swapped(document, "xl/worksheets/sheet1.xml", head + sheet))


@pytest.mark.sqlite
def test_cells_that_are_far_apart_are_too_many_lines() -> None:
    def far(book: Any) -> None:
        book.active["XFD1"] = book.active["XFD3"] = book.active["A1048576"] = "x"

    with pytest.raises(UnreadableSheet, match="lignes"):
        workbook.as_text(made(["Nom"], ["A"], change=far))


@pytest.mark.sqlite
def test_one_text_that_stands_in_many_cells_is_counted_as_often() -> None:
    """A few bytes each in the file, and gigabytes as a table."""
    written = made(["Nom"])
    cells = b'<c t="s"><v>0</v></c>' * 100
    rows = b"".join(b'<row r="%d">%s</row>' % (number, cells) for number in range(1, 5))
    sheet = part_of(written, "xl/worksheets/sheet1.xml")
    start, end = sheet.index(b"<sheetData>") + 11, sheet.index(b"</sheetData>")
    types = part_of(written, "[Content_Types].xml").replace(b"</Types>", SHARED + b"</Types>")
    document = swapped(written, "xl/worksheets/sheet1.xml", sheet[:start] + rows + sheet[end:])
    held = io.BytesIO(swapped(document, "[Content_Types].xml", types))
    with zipfile.ZipFile(held, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sharedStrings.xml", STRINGS % (b"x" * 32_000))
    assert len(held.getvalue()) < 10_000
    with pytest.raises(UnreadableSheet, match="démesuré"):
        workbook.as_text(held.getvalue())


@pytest.mark.sqlite
def test_a_row_that_calls_itself_the_two_thousand_millionth_is_not_waited_for() -> None:
    sheet = part_of(made(["Nom"]), "xl/worksheets/sheet1.xml")
    far = sheet.replace(
        b"</sheetData>", b'<row r="2000000000"><c r="A2000000000"><v>1</v></c></row></sheetData>'
    )
    with pytest.raises(UnreadableSheet, match="lignes"):
        workbook.as_text(swapped(made(["Nom"]), "xl/worksheets/sheet1.xml", far))


@pytest.mark.sqlite
@pytest.mark.parametrize("cell", [b"<v>" + b"9" * 400 + b"</v>", b"<v>1</w>"])
def test_what_no_spreadsheet_writes_is_a_damaged_workbook(cell: bytes) -> None:
    sheet = part_of(made(["Nom"]), "xl/worksheets/sheet1.xml")
    odd = sheet.replace(b"</sheetData>", b'<row r="2"><c r="A2">' + cell + b"</c></row></sheetData>")
    with pytest.raises(UnreadableSheet, match="ne s'ouvre pas"):
        workbook.as_text(swapped(made(["Nom"]), "xl/worksheets/sheet1.xml", odd))


@pytest.mark.sqlite
@pytest.mark.parametrize("document", [b"PK\x03\x04", b"PK\x03\x04" + b"x" * 500, made(["A"])[:-200]])
def test_a_damaged_one_is_told(document: bytes) -> None:
    with pytest.raises(UnreadableSheet, match="ne s'ouvre pas"):
        workbook.as_text(document)


@pytest.mark.sqlite
def test_other_archives_are_told() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("photo.jpg", b"x")
    with pytest.raises(UnreadableSheet, match="ne s'ouvre pas"):
        workbook.as_text(out.getvalue())


@pytest.mark.sqlite
def test_too_many_rows_are_told() -> None:
    with pytest.raises(UnreadableSheet, match="lignes"):
        workbook.as_text(made(["Nom"], *(["A"] for _ in range(MAX_ROWS + 1))))


@pytest.mark.sqlite
def test_no_link_to_another_workbook_is_kept() -> None:
    document = made(["Nom"], ["A"])
    office = b"http://schemas.openxmlformats.org"
    links = (
        b'<Relationships xmlns="%b/package/2006/relationships"><Relationship Id="r1" Target="file:///etc/passwd" '
        b'Type="%b/officeDocument/2006/relationships/externalLinkPath" TargetMode="External"/></Relationships>'
    ) % (office, office)
    changed = swapped(document, "xl/externalLinks/_rels/externalLink1.xml.rels", links)
    assert read(changed) == [(2, ("A",))]


@pytest.mark.django_db
def test_eight_hundred_customers_of_another_program_come_over_in_seconds() -> None:
    desk = at_desk(manager())
    rows = [
        [
            "Monsieur" if n % 2 else "Mlle",
            f"Client {n}",
            f"client{n}@exemple.fr",
            f"{n} rue du Port",
            1000 + n,
            "Lyon",
            612340000 + n,
        ]
        for n in range(800)
    ]
    rows[17][2] = "sans arobase"
    document = made(
        ["Export du 12/11/2026"], ["Civilité", "Nom", "E-mail", "Adresse", "CP", "Ville", "Portable"], *rows
    )
    file = SimpleUploadedFile("clients.xlsx", document)
    preview: Any = desk.post(f"{CUSTOMERS}importer/", {"file": file}, follow=True)
    plan = preview.context["plan"]
    desk.post(preview.redirect_chain[-1][0], {"fingerprint": plan.fingerprint})
    assert Customer.objects.count() == 799
    assert [entry.line for entry in plan.wrong] == [20]
    first = Customer.objects.get(email="client0@exemple.fr")
    assert (first.civility, first.address, first.phone) == ("Mme", "0 rue du Port\n01000 Lyon", "0612340000")


@pytest.mark.django_db
def test_a_price_list_with_its_percentages_comes_over() -> None:
    def percent(book: Any) -> None:
        book.active["D2"].number_format = "0.0%"

    document = made(
        ["Code article", "Libellé", "P.U. HT", "TVA"], ["PAC-8", "Pompe", 6890.1, 0.055], change=percent
    )
    desk = at_desk(manager())
    file = SimpleUploadedFile("tarif.xlsx", document)
    preview: Any = desk.post(f"{CATALOGUE}importer/", {"file": file}, follow=True)
    desk.post(preview.redirect_chain[-1][0], {"fingerprint": preview.context["plan"].fingerprint})
    item = CatalogueItem.objects.get()
    assert (item.label, str(item.unit_price), str(item.vat_rate)) == ("Pompe", "6890.1000", "5.50")
