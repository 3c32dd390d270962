"""Which column of a file goes where: as its title says, as somebody said of that title before, or as one says now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from lib import french
from logisav.desk.files.sheets import ImportSheet
from logisav.desk.files.spreadsheet import Table, title_key
from quotes.models import KnownColumn

REASON = "Raison"  # above the first column of the file of errors
ASIDE = ""


@dataclass(frozen=True)
class FileColumn:
    """A column of the file, with some of what stands in it; `ours` is the title of ours that it fills."""

    place: int
    title: str
    ours: str
    samples: tuple[str, ...] = ()

    @property
    def is_ignored(self) -> bool:
        return bool(self.title) and not self.ours


def own(sheet: ImportSheet) -> dict[str, str]:
    """Our titles, by every title that means one of them."""
    ours = {column.title: column.also for column in sheet.columns} | dict(sheet.foreign)
    return {title_key(name): title for title, also in ours.items() for name in (title, *also)}


def without_reasons(table: Table) -> Table:
    """A file of errors that was put right begins with what was wrong."""
    if not table.titles or title_key(table.titles[0]) != title_key(REASON):
        return table
    rows = tuple(replace(row, cells=row.cells[1:]) for row in table.rows)
    return replace(table, titles=table.titles[1:], rows=rows)


def choices(sheet: ImportSheet) -> list[str]:
    return [*sheet.titles(), *sheet.foreign]


def remembered(kind: str) -> dict[str, str]:
    return dict(KnownColumn.objects.filter(kind=kind).values_list("title", "column"))


def of_file(
    sheet: ImportSheet, table: Table, *, said: Sequence[str] | None, known: Mapping[str, str]
) -> tuple[FileColumn, ...]:
    """`said` is what one has said of this file, place by place."""
    ours = {**own(sheet), **known}
    found = []
    for place, title in enumerate(table.titles):
        column = ours.get(title_key(title), ASIDE)
        if said is not None:
            column = said[place] if place < len(said) else ASIDE
        cells = (row.cells[place].strip() for row in table.rows if place < len(row.cells))
        samples = tuple(cell[:60] for cell in list(dict.fromkeys(filter(None, cells)))[:2])
        found.append(FileColumn(place, title, column, samples))
    return tuple(found)


def what_is_wrong(sheet: ImportSheet, columns: Sequence[FileColumn]) -> str:
    """Why nothing can be read yet; empty when every row can be looked at."""
    titles = [column.ours for column in columns if column.ours]
    if doubled := sorted({title for title in titles if titles.count(title) > 1}):
        return f"Cette colonne est là deux fois : {french.listed([french.quoted(one) for one in doubled])}."
    for alternatives in sheet.needed:
        if not set(alternatives) & set(titles):
            names = " ou ".join(french.quoted(one) for one in alternatives)
            return f"La colonne {names} manque."
    return ""


def titled(table: Table, columns: Sequence[FileColumn]) -> Table:
    """With our titles, and none above what is left aside."""
    return replace(table, titles=tuple(column.ours for column in columns))


def remember(kind: str, sheet: ImportSheet, columns: Sequence[FileColumn]) -> None:
    """Of each title only what it does not say by itself."""
    ours = own(sheet)
    for column in columns:
        key = title_key(column.title)[:100]
        if not key:
            continue
        if column.ours == ours.get(key, ASIDE):
            KnownColumn.objects.filter(kind=kind, title=key).delete()
        else:
            KnownColumn.objects.update_or_create(kind=kind, title=key, defaults={"column": column.ours})
