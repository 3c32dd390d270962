"""Price list and customers from a file: kept as it was read; then all its good rows are imported, or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from logisav.desk.files import columns, importing, spreadsheet
from logisav.desk.files.importing import Plan
from quotes.models import Company, StagedImport


class ImportOutcome(Enum):
    DONE = "done"
    STALE = "stale"  # rows changed since the preview: look again
    WRONG = "wrong"  # not one row of the file is good
    GONE = "gone"  # imported already, given up, or older than a day


@dataclass(frozen=True)
class Imported:
    outcome: ImportOutcome
    made: int = 0
    changed: int = 0
    left: int = 0  # rows in error: they wait to be looked at


def stage_import(kind: str, *, text: str, file_name: str, by: User) -> StagedImport:
    """Keep a readable file until its import is confirmed. Raises UnreadableSheet."""
    staged = StagedImport(kind=kind, text=text, file_name=file_name[:100], by=by)
    importing.plan_of(staged, rows=importing.rows_of(kind, by))
    staged.save()
    return staged


@transaction.atomic
def match_columns(staged: StagedImport, *, said: Sequence[str], by: User) -> None:
    """Where each column of this file goes; the next file with these titles is read alike."""
    staged.columns = list(said)
    if not StagedImport.objects.filter(pk=staged.pk).update(columns=staged.columns):
        return  # confirmed in another tab
    plan = importing.plan_of(staged, rows=importing.rows_of(staged.kind, by).none())
    if not plan.missing:
        columns.remember(staged.kind, plan.sheet, plan.columns)


def confirm_import(staged_id: int, *, fingerprint: str, by: User) -> Imported:
    """Do what the plan of this fingerprint says of the good rows, all of it or nothing; keep the others."""
    try:
        return _confirm(staged_id, fingerprint=fingerprint, by=by)
    except IntegrityError:  # the same article was added by hand at this very moment
        return Imported(ImportOutcome.STALE)


@transaction.atomic
def _confirm(staged_id: int, *, fingerprint: str, by: User) -> Imported:
    # One import at a time: two files that hold the same new customer must not both find it missing.
    Company.objects.select_for_update(no_key=True).first()
    staged = StagedImport.objects.of(by.pk).select_for_update().filter(pk=staged_id).first()
    if staged is None:
        return Imported(ImportOutcome.GONE)
    rows = importing.rows_of(staged.kind, by).select_for_update(no_key=True, of=("self",))
    plan = importing.plan_of(staged, rows=rows)
    if plan.wrong and not plan.does_something:
        return Imported(ImportOutcome.WRONG)
    if plan.fingerprint != fingerprint:
        return Imported(ImportOutcome.STALE)
    _write(plan, by=by)
    _keep_what_is_left(staged, plan)
    return Imported(ImportOutcome.DONE, made=len(plan.new), changed=len(plan.changed), left=len(plan.wrong))


def _keep_what_is_left(staged: StagedImport, plan: Plan) -> None:
    """Only the rows in error: pressed again, nothing is imported twice."""
    if not plan.wrong:
        staged.delete()
        return
    staged.text = "".join(spreadsheet.lines(plan.left())).removeprefix(spreadsheet.MARK)
    staged.columns = [column.ours for column in plan.columns]
    staged.save(update_fields=["text", "columns"])


def _write(plan: Plan, *, by: User) -> None:
    rows = plan.sheet.model._default_manager
    made = {plan.sheet.maker: by} if plan.sheet.maker else {}
    rows.bulk_create((plan.sheet.model(**entry.values, **made) for entry in plan.new), batch_size=500)
    for entry in plan.changed:
        rows.filter(pk=entry.pk).update(**entry.values)
