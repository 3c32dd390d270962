"""What an imported file would change, row by row, before anything is changed.

Columns and texts are those of the export, so that a file that was exported changes nothing. A column that is not
there leaves its field alone. What identifies a row is never changed by an import: the reference of an article, and
of a customer the mail with the name, because a new address is a verb of its own that ends every link to the old one.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet

from lib import french
from logisav.desk.files import columns as matching
from logisav.desk.files import spreadsheet
from logisav.desk.files.columns import FileColumn
from logisav.desk.files.sheets import (
    SHEETS,
    CellValues,
    Column,
    ImportSheet,
    NaturalKey,
    RemarkingField,
    of_the_company,
)
from logisav.desk.files.spreadsheet import SheetRow
from quotes.content import canonical
from quotes.models import StagedImport

# What would change


class EntryStatus(Enum):
    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    WRONG = "wrong"


@dataclass(frozen=True)
class CellChange:
    """One field of one row, as the export writes it."""

    title: str
    field: str
    old: str
    new: str


@dataclass(frozen=True)
class Entry:
    """One row of the file. `pk` names the row that it changes; `values` is all that it sets."""

    line: int
    name: str
    status: EntryStatus
    values: CellValues
    changes: tuple[CellChange, ...] = ()
    errors: tuple[str, ...] = ()
    pk: int | None = None
    summary: str = ""  # the cells of what is new, in one line
    remarks: tuple[str, ...] = ()  # what is taken otherwise than it is written


@dataclass(frozen=True)
class Plan:
    """`missing` says why no row could be looked at: a column has to be named first."""

    sheet: ImportSheet
    columns: tuple[FileColumn, ...]
    missing: str = ""
    entries: tuple[Entry, ...] = ()
    rows: Mapping[int, tuple[str, ...]] = field(
        default_factory=dict
    )  # as they stand in the file, by their line

    @property
    def ignored(self) -> list[str]:
        return [column.title for column in self.columns if column.is_ignored]

    def having(self, status: EntryStatus) -> list[Entry]:
        return [entry for entry in self.entries if entry.status is status]

    @cached_property
    def new(self) -> list[Entry]:
        return self.having(EntryStatus.NEW)

    @cached_property
    def changed(self) -> list[Entry]:
        return self.having(EntryStatus.CHANGED)

    @cached_property
    def same(self) -> list[Entry]:
        return self.having(EntryStatus.SAME)

    @cached_property
    def wrong(self) -> list[Entry]:
        return self.having(EntryStatus.WRONG)

    @property
    def does_something(self) -> bool:
        return bool(self.new or self.changed)

    @property
    def count(self) -> int:
        return len(self.new) + len(self.changed)

    def left(self) -> Iterator[list[str]]:
        """The rows in error as a file: what is wrong with each beside it."""
        yield [matching.REASON, *(column.title for column in self.columns)]
        for entry in self.wrong:
            cells = (cell.replace(spreadsheet.SOFT_BREAK, "\n") for cell in self.rows[entry.line])
            yield [" ".join(entry.errors), *cells]

    @cached_property
    def fingerprint(self) -> str:
        """The same for the same effects on the same rows, and for nothing else."""
        effects = [
            [entry.status.value, entry.pk, sorted((name, str(value)) for name, value in entry.values.items())]
            + [[change.field, change.old, change.new] for change in entry.changes]
            for entry in self.entries
        ]
        return hashlib.sha256(canonical(effects).encode()).hexdigest()


def rows_of(kind: str, user: User) -> QuerySet[Any]:
    """What a file of this kind may change when this person hands it in."""
    return SHEETS[StagedImport.Kind(kind)].rows(user)


def plan(
    kind: str,
    text: str,
    *,
    rows: QuerySet[Any],
    said: Sequence[str] | None = None,
    known: Mapping[str, str] | None = None,
) -> Plan:
    """What the file would change of these rows. `said` of its columns goes before what is `known` of their titles.

    Raises UnreadableSheet.
    """
    sheet = of_the_company(SHEETS[StagedImport.Kind(kind)])
    titles = matching.own(sheet).keys() | (known or {}).keys()
    found = matching.without_reasons(spreadsheet.read(text, titles))
    columns = matching.of_file(sheet, found, said=said, known=known or {})
    if missing := matching.what_is_wrong(sheet, columns):
        return Plan(sheet, columns, missing)
    table = sheet.read(matching.titled(found, columns))
    by_title = {column.title: column for column in sheet.columns}
    places = {place: by_title[title] for place, title in enumerate(table.titles) if title}
    read = [_Reading(sheet, places, row, len(table.titles)) for row in table.rows]
    stock = _Stock(sheet, rows, [r.key for r in read])
    entries = tuple(stock.entry(one) for one in read)
    return Plan(sheet, columns, entries=entries, rows={row.line: row.cells for row in found.rows})


def plan_of(staged: StagedImport, *, rows: QuerySet[Any]) -> Plan:
    known = matching.remembered(staged.kind)
    return plan(staged.kind, staged.text, rows=rows, said=staged.columns, known=known)


class _Reading:
    """One row as its cells say it, before it meets what is there."""

    def __init__(self, sheet: ImportSheet, columns: dict[int, Column], row: SheetRow, width: int) -> None:
        self.sheet, self.line = sheet, row.line
        self.errors: list[str] = []
        self.cells: dict[str, str] = {}
        self.columns: list[Column] = []
        cells = _of_width(row.cells, width)
        if len(cells) != width:
            self.errors.append(f"cette ligne a {len(cells)} cellules, la première en a {width}.")
            return
        for place, column in columns.items():
            is_left_out = place >= len(row.cells)
            if is_left_out and column.cleaned.required and column.field not in sheet.for_new:
                continue  # nothing was said of it
            self.columns.append(column)
            self.cells[column.field] = cells[place]

    @property
    def remarks(self) -> tuple[str, ...]:
        told = [
            f"{column.title} : {remark}"
            for column in self.columns
            if isinstance(column.cleaned, RemarkingField)
            and (remark := column.cleaned.remark(self.cells[column.field]))
        ]
        return tuple(told)

    @cached_property
    def derived(self) -> CellValues:
        return self.sheet.derived(self.cells)

    @cached_property
    def key(self) -> NaturalKey:
        return self.sheet.key(self.cells | self.derived)

    def values(self, there: Model | None) -> CellValues:
        """Cleaned cells; what is wrong is added to `errors`. A cell that says what is there is taken as it is."""
        values: CellValues = {}
        for column in self.columns:
            cell = self.cells[column.field]
            try:
                values[column.field] = self._value(column, cell, there)
            except ValidationError as error:
                self.errors += [f"{column.title} : {_lowered(message)}" for message in error.messages]
        return values | {name: value for name, value in self.derived.items() if values.get(name, "") is None}

    def _value(self, column: Column, cell: str, there: Model | None) -> Any:
        if there is None:
            return column.clean(cell)
        old = getattr(there, column.field)
        if _same(cell, column.write(old)):
            return old
        value = column.clean(cell)
        return old if _same(column.write(value), column.write(old)) else value


def _of_width(cells: tuple[str, ...], width: int) -> tuple[str, ...]:
    """Spreadsheets leave out the empty cells at the end of a row, or write some that no title stands above."""
    if any(cell.strip() for cell in cells[width:]):
        return cells
    return cells[:width] + ("",) * (width - len(cells))


def _same(one: str, other: str) -> bool:
    """But for the ends of lines, which spreadsheets and browsers write as they like, and spaces around."""
    return _lines(one) == _lines(other)


def _lines(cell: str) -> str:
    return re.sub(f"\r\n|{spreadsheet.SOFT_BREAK}", "\n", cell).strip()


def _lowered(message: str) -> str:
    return message[:1].lower() + message[1:]


class _Stock:
    """What is there, by key; each row is met once."""

    def __init__(self, sheet: ImportSheet, rows: QuerySet[Any], keys: Sequence[NaturalKey]) -> None:
        self.sheet = sheet
        self.there: dict[NaturalKey, list[Any]] = defaultdict(list)
        self.met: dict[NaturalKey, int] = {}
        for row in sheet.among(rows, keys):
            self.there[sheet.key(vars(row))].append(row)

    def entry(self, reading: _Reading) -> Entry:
        there = self._claim(reading)
        values = reading.values(there)
        if there is None:
            values = self._complete(reading, values)
        changes = self._changes(reading, values, there)
        if not reading.errors:
            reading.errors += self._row_errors(there, values)
        status = _status(reading.errors, there, changes)
        if there is not None:
            values = {change.field: values[change.field] for change in changes}
        return Entry(
            line=reading.line,
            name=self._name(reading),
            status=status,
            values=values,
            changes=tuple(changes),
            errors=tuple(reading.errors),
            pk=there.pk if there is not None else None,
            summary=" · ".join(filter(None, map(_on_one_line, reading.cells.values()))),
            remarks=reading.remarks if status is EntryStatus.NEW else (),
        )

    def _claim(self, reading: _Reading) -> Any:
        """The row that this line is about; None for a new one."""
        if reading.errors or not any(reading.key):
            return None
        waiting = self.there[reading.key]
        if not waiting and reading.key in self.met:
            reading.errors.append(f"déjà décrit à la ligne {self.met[reading.key]}.")
            return None
        self.met.setdefault(reading.key, reading.line)
        if len(waiting) < 2:
            return waiting.pop() if waiting else None
        return self._claim_among(reading, waiting)

    def _claim_among(self, reading: _Reading, waiting: list[Any]) -> Any:
        """Of several that bear one mail and name, the one that the line describes exactly."""
        for row in waiting:
            if all(_same(reading.cells[c.field], c.write(getattr(row, c.field))) for c in reading.columns):
                waiting.remove(row)
                return row
        reading.errors.append("plusieurs fiches ont ce nom et ce mail. Corrigez-les d'abord dans Logisav.")
        return None

    def _complete(self, reading: _Reading, values: CellValues) -> CellValues:
        """What is new needs all that it cannot do without."""
        if reading.errors:
            return values
        for column in self.sheet.columns:
            if column.field in self.sheet.for_new and column.field not in values:
                reading.errors.append(
                    f"pour une nouvelle fiche, la colonne {french.quoted(column.title)} manque."
                )
        return reading.derived | values

    def _changes(self, reading: _Reading, values: CellValues, there: Any) -> list[CellChange]:
        if there is None:
            return []
        found = []
        for column in reading.columns:
            old, new = getattr(there, column.field), values.get(column.field)
            if column.field in values and column.field not in self.sheet.fixed and old != new:
                found.append(CellChange(column.title, column.field, column.write(old), column.write(new)))
        return found

    def _row_errors(self, there: Any, values: CellValues) -> list[str]:
        """The rules that a row has as a whole."""
        kept = {column.field: getattr(there, column.field) for column in self.sheet.columns} if there else {}
        row = self.sheet.model(**kept | values)
        try:
            row.clean()
        except ValidationError as error:
            return [_lowered(message) for message in error.messages]
        return []

    def _name(self, reading: _Reading) -> str:
        return self.sheet.name(
            defaultdict(str, {field: _on_one_line(cell) for field, cell in reading.cells.items()})
        )


def _status(errors: list[str], there: Any, changes: list[CellChange]) -> EntryStatus:
    if errors:
        return EntryStatus.WRONG
    if there is None:
        return EntryStatus.NEW
    return EntryStatus.CHANGED if changes else EntryStatus.SAME


def _on_one_line(cell: str) -> str:
    return " ".join(cell.split())
