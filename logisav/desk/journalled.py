"""The staff's journal, as the desk's pages write in it.

`note(request, "exported", target="Devis", rows=120)` in the transaction of what it tells. A quote's own facts go to
the quote's journal, not here.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Model
from django.http import HttpRequest

from logisav.staff import journal
from logisav.staff.journal import By
from quotes.models import Customer


def note(request: HttpRequest, what: str, *, target: str = "", **facts: Any) -> None:
    """`what` is a kind of StaffAction; `target` says in French upon what."""
    journal.append(what, by=By.of(request), target=target, **facts)


class Journalled:
    """A ModelAdmin, named first among its bases, whose additions, changes and deletions are noted."""

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        note(request, "added", target=named(obj))
        return super().log_addition(request, obj, message)  # type: ignore[misc]

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        fields = changed_fields(message)
        if fields:
            note(request, "changed", target=named(obj), fields=fields)
        return super().log_change(request, obj, message)  # type: ignore[misc]

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        for obj in queryset:
            note(request, "deleted", target=named(obj))
        return super().log_deletions(request, queryset)  # type: ignore[misc]


def named(obj: Model) -> str:
    """A customer by the number of their row: this journal is never purged, and what is known of them is."""
    kind = str(obj._meta.verbose_name)
    name = f"fiche {obj.pk}" if isinstance(obj, Customer) else str(obj)
    return f"{kind[:1].upper()}{kind[1:]} : {name}"


def changed_fields(message: Any) -> list[str]:
    """The labels of what a form changed, from what Django's admin says of it."""
    if not isinstance(message, list):
        return []
    found: list[str] = []
    for part in message:
        for verb in ("changed", "added", "deleted"):
            if verb in part:
                found += part[verb].get("fields") or [str(part[verb].get("object", ""))]
    return found
