"""Customers as other programs export them: an address in several columns, a mobile number, a SIRET; made into ours."""

from __future__ import annotations

from dataclasses import replace

from django.core.exceptions import ValidationError

from lib.folding import folded
from logisav.desk.files.spreadsheet import SheetRow, Table
from quotes.models.company import validate_siren

STREET = ("adresse", "adresse de facturation", "adresse 1", "adresse1", "adresse ligne 1", "rue", "voie")
STREET_TOO = ("adresse 2", "adresse2", "adresse ligne 2", "complement", "complement d'adresse")
CODE, TOWN, COUNTRY = ("cp", "code postal"), ("ville", "commune"), ("pays",)
PHONE, MOBILE = (
    ("telephone", "tel", "tel."),
    ("portable", "mobile", "telephone portable", "tel. portable", "gsm"),
)
SIREN, SIRET = ("siren",), ("siret", "n° siret", "numero siret")
AT_HOME = ("", "france", "fr")


class _Cells:
    """The cells of a row, by what their titles mean; `taken` are those that went into one of ours."""

    def __init__(self, places: dict[str, int], row: SheetRow) -> None:
        self.places, self.row = places, row

    def __getitem__(self, names: tuple[str, ...]) -> str:
        place = next((self.places[name] for name in names if name in self.places), None)
        return self.row.cells[place].strip() if place is not None and place < len(self.row.cells) else ""


def as_ours(table: Table) -> Table:
    """The same table where nothing of it stands in columns that only others have."""
    places = {folded(title): place for place, title in reversed(list(enumerate(table.titles)))}
    made = (
        ("Adresse", (STREET, STREET_TOO, CODE, TOWN, COUNTRY), _address),
        ("Téléphone", (PHONE, MOBILE), lambda cells: cells[PHONE] or cells[MOBILE]),
        ("SIREN", (SIREN, SIRET), lambda cells: cells[SIREN] or _siren(cells[SIRET])),
    )
    titles, rows = list(table.titles), list(table.rows)
    for title, sources, cell in made:
        there = [places[name] for names in sources for name in names if name in places]
        if not set(places) & {name for names in sources[1:] for name in names}:
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
    for line in (cells[STREET_TOO], f"{cells[CODE]} {cells[TOWN]}".strip(), country):
        if line and folded(line) not in folded("\n".join(lines)):
            lines.append(line)
    return "\n".join(filter(None, lines))
