"""Price list and customers from a file: kept as it was read, then imported whole or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from logisav.desk.files import importing
from logisav.desk.files.importing import Plan
from quotes.models import Company, StagedImport


class ImportOutcome(Enum):
    DONE = "done"
    STALE = "stale"  # rows changed since the preview: look again
    WRONG = "wrong"  # the file has errors
    GONE = "gone"  # imported already, given up, or older than a day


@dataclass(frozen=True)
class Imported:
    outcome: ImportOutcome
    made: int = 0
    changed: int = 0


def stage_import(kind: str, *, text: str, file_name: str, by: User) -> StagedImport:
    """Keep a readable file until its import is confirmed. Raises UnreadableSheet."""
    importing.plan(kind, text, rows=importing.rows_of(kind, by))
    return StagedImport.objects.create(kind=kind, text=text, file_name=file_name[:100], by=by)


def confirm_import(staged_id: int, *, fingerprint: str, by: User) -> Imported:
    """Do what the plan of this fingerprint says, all of it or nothing."""
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
    plan = importing.plan(staged.kind, staged.text, rows=rows)
    if plan.wrong:
        return Imported(ImportOutcome.WRONG)
    if plan.fingerprint != fingerprint:
        return Imported(ImportOutcome.STALE)
    _write(plan, by=by)
    staged.delete()
    return Imported(ImportOutcome.DONE, made=len(plan.new), changed=len(plan.changed))


def _write(plan: Plan, *, by: User) -> None:
    rows = plan.sheet.model._default_manager
    made = {plan.sheet.maker: by} if plan.sheet.maker else {}
    rows.bulk_create((plan.sheet.model(**entry.values, **made) for entry in plan.new), batch_size=500)
    for entry in plan.changed:
        rows.filter(pk=entry.pk).update(**entry.values)
