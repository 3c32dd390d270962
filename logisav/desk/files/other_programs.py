"""Customers as other programs export them: an address in several columns, a mobile number, a SIRET; made into ours."""

from __future__ import annotations

from dataclasses import replace

from django.core.exceptions import ValidationError

from lib.folding import folded
from logisav.desk.files.spreadsheet import SheetRow, Table
from quotes.models.company import validate_siren

STREET, PHONE, SIREN = "Adresse", "Téléphone", "SIREN"
STREET_TOO, CODE, TOWN, COUNTRY = "Complément d'adresse", "Code postal", "Ville", "Pays"
MOBILE, SIRET = "Portable", "SIRET"
# Columns that only others have, by their other titles.
FOREIGN: dict[str, tuple[str, ...]] = {
    STREET_TOO: ("Adresse 2", "Adresse2", "Adresse ligne 2", "Adresse (suite)", "Complément"),
    CODE: ("CP", "Code post."),
    TOWN: ("Commune", "Localité"),
    COUNTRY: (),
    MOBILE: (
        "Mobile",
        "Téléphone portable",
        "Téléphone mobile",
        "Tél. portable",
        "Tél. mobile",
        "GSM",
        "Port.",
    ),
    SIRET: ("N° SIRET", "Numéro SIRET"),
}
AT_HOME = ("", "france", "fr")


class _Cells:
    """The cells of a row, by the titles above them."""

    def __init__(self, places: dict[str, int], row: SheetRow) -> None:
        self.places, self.row = places, row

    def __getitem__(self, title: str) -> str:
        place = self.places.get(title)
        return self.row.cells[place].strip() if place is not None and place < len(self.row.cells) else ""


def as_ours(table: Table) -> Table:
    """The same table where nothing of it stands in columns that only others have."""
    places = {title: place for place, title in reversed(list(enumerate(table.titles))) if title}
    made = (
        (STREET, (STREET, STREET_TOO, CODE, TOWN, COUNTRY), _address),
        (PHONE, (PHONE, MOBILE), lambda cells: cells[PHONE] or cells[MOBILE]),
        (SIREN, (SIREN, SIRET), lambda cells: cells[SIREN] or _siren(cells[SIRET])),
    )
    titles, rows = list(table.titles), list(table.rows)
    for title, sources, cell in made:
        there = [places[name] for name in sources if name in places]
        if not places.keys() & set(sources[1:]):
            continue
        for place in there:
            titles[place] = ""
        titles[there[0]] = title
        rows = [
            _with(row, there[0], cell(_Cells(places, old))) for row, old in zip(rows, table.rows, strict=True)
        ]
    return replace(table, titles=tuple(titles), rows=tuple(rows))


def _siren(siret: str) -> str:
    """The firm's part of a SIRET; nothing of what is none, since the column was not asked for."""
    siren = "".join(siret.split())[:9]
    try:
        validate_siren(siren)
    except ValidationError:
        return ""
    return siren


def _with(row: SheetRow, place: int, cell: str) -> SheetRow:
    cells = list(row.cells) + [""] * (place + 1 - len(row.cells))
    cells[place] = cell
    return replace(row, cells=tuple(cells))


def _address(cells: _Cells) -> str:
    """Street, what completes it, code and town, a country that is not ours; no line twice."""
    lines = [cells[STREET]]
    country = "" if folded(cells[COUNTRY]) in AT_HOME else cells[COUNTRY]
    code = cells[CODE]
    if code.isdecimal() and len(code) == 4 and not country:
        code = f"0{code}"  # a spreadsheet took it for a number
    for line in (cells[STREET_TOO], f"{code} {cells[TOWN]}".strip(), country):
        if line and folded(line) not in folded("\n".join(lines)):
            lines.append(line)
    return "\n".join(filter(None, lines))
