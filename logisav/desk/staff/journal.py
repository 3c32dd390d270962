"""« Journal du personnel »: read, by person and kind, a page at a time and never counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.http import urlencode

from lib.fields import whole
from logisav.desk.base import DeskAdmin
from logisav.desk.reading import ReadOnly
from logisav.staff.journal import known_as
from logisav.staff.models import StaffAction

LINES_A_PAGE = 50
BESIDE = {"document"}
"""Kept word for word, for who checks it: a permit of a purge. Its SHA-256 is shown."""

LABELS = {
    "permit": "permis",
    "fields": "champs",
    "role": "rôle",
    "before": "avant",
    "after": "après",
    "left": "codes restants",
    "rows": "lignes",
    "made": "ajoutés",
    "changed": "modifiés",
    "step": "étape",
    "again": "renvoyée",
}


@dataclass(frozen=True)
class JournalFilter:
    """What the reader asked for, as far as it makes sense."""

    person: int | None
    kind: str
    before: int | None

    @classmethod
    def of(cls, request: HttpRequest) -> JournalFilter:
        kind = request.GET.get("nature", "")
        return cls(
            person=whole(request.GET.get("personne", "")),
            kind=kind if kind in StaffAction.Kind.values else "",
            before=whole(request.GET.get("avant", "")),
        )


@admin.register(StaffAction)
class StaffActionAdmin(ReadOnly, DeskAdmin):
    """A page of its own: the table grows for ever, and an older page is reached by where the newer one ended."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.changelist_view)
        return [path("", view, name="logisav_staffaction_changelist")]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        wanted = JournalFilter.of(request)
        lines = page_of(wanted)
        older = lines[LINES_A_PAGE - 1].pk if len(lines) > LINES_A_PAGE else None
        context = admin.site.each_context(request) | {
            "title": "Journal du personnel",
            "opts": StaffAction._meta,
            "lines": [(line, in_words(line.facts)) for line in lines[:LINES_A_PAGE]],
            "wanted": wanted,
            "people": people(),
            "kinds": StaffAction.Kind.choices,
            "older": _address(wanted, older) if older else "",
        }
        return TemplateResponse(request, "desk/staff/journal.html", context)


def page_of(wanted: JournalFilter) -> list[StaffAction]:
    """One line more than is shown, to know whether there is an older page."""
    lines = StaffAction.objects.order_by("-pk")
    if wanted.person is not None:
        lines = lines.filter(who=wanted.person)
    if wanted.kind:
        lines = lines.filter(what=wanted.kind)
    if wanted.before is not None:
        lines = lines.filter(pk__lt=wanted.before)
    return list(lines[: LINES_A_PAGE + 1])


def people() -> list[tuple[int, str]]:
    users = User.objects.filter(is_staff=True).order_by("last_name", "first_name", "username")
    return [(user.pk, known_as(user)) for user in users]


def _address(wanted: JournalFilter, before: int) -> str:
    asked = {"personne": wanted.person or "", "nature": wanted.kind, "avant": before}
    return "?" + urlencode({name: value for name, value in asked.items() if value})


def in_words(facts: dict[str, Any]) -> str:
    """« avant : Comptable, après : Gestionnaire », in the order of LABELS: PostgreSQL keeps none."""
    order = list(LABELS)
    told = facts.keys() - BESIDE
    names = sorted(told, key=lambda name: (order.index(name) if name in order else len(order), name))
    return ", ".join(f"{LABELS.get(name, name)}\u00a0: {_word(facts[name])}" for name in names if facts[name])


def _word(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return "oui" if value is True else str(value)
