"""The staff's journal, for every application to write in. Who keeps it stands above them all and registers here.

`note(request, "exported", target="Devis", rows=120)` in the transaction of what it tells. A quote's own facts go to
the quote's journal, not here.
"""

from __future__ import annotations

from typing import Any, Protocol, cast

from django.db.models import Model
from django.http import HttpRequest
from django.utils.module_loading import import_string


class Keeper(Protocol):
    def __call__(self, request: HttpRequest, what: str, *, target: str, facts: dict[str, Any]) -> None: ...


_keeper: dict[str, str] = {}


def kept_by(path: str) -> None:
    """Called once, by the application that keeps the journal, from AppConfig.ready()."""
    _keeper["path"] = path


def note(request: HttpRequest, what: str, *, target: str = "", **facts: Any) -> None:
    """`what` is a kind of logisav.models.StaffAction; `target` says in French upon what."""
    keep = cast(Keeper, import_string(_keeper["path"]))
    keep(request, what, target=target, facts=facts)


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
    kind = str(obj._meta.verbose_name)
    return f"{kind[:1].upper()}{kind[1:]} : {obj}"


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
