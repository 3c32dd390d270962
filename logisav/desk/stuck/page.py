"""« À reprendre »: whatever has stopped and does not go on by itself, and the button that has it tried again."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST, require_safe

from logisav.desk import access
from logisav.desk.base import DeskAdmin
from logisav.desk.stuck.kinds import KINDS, Kind, worth_a_look
from logisav.staff import journal
from logisav.staff.journal import By
from notifications.events import find_mail
from notifications.models import OutgoingEmail
from notifications.queue import QueueEntry
from notifications.staff import member
from quotes import workflow
from quotes.journal import Actor
from quotes.models import IllegalMove, Quote, QuoteVersion
from quotes.versions.freezing import NotSendable

LISTED = 100  # of each kind
COUNTED_FOR = 60  # seconds
HAS_CHANGED = "Ce devis a changé depuis : envoyez-le de nouveau depuis sa page."


@dataclass(frozen=True)
class Line:
    """One row that has stopped, as the page tells it."""

    kind: Kind
    pk: int
    what: str
    quote: Quote | None
    since: dt.datetime
    tries: int
    failure: str
    to_do: str

    @property
    def can_retry(self) -> bool:
        return not self.to_do


def lines(user: User) -> list[Line]:
    """The latest first."""
    found = [(kind, row) for kind in KINDS for row in kind.stuck(user)[:LISTED]]
    quotes = Quote.objects.with_parties().in_bulk({row.quote_key for _, row in found if row.quote_key})
    told = [_line(kind, row, quotes.get(row.quote_key)) for kind, row in found]
    return sorted(told, key=lambda line: line.since, reverse=True)


def _line(kind: Kind, row: Any, quote: Quote | None) -> Line:
    stopped = getattr(row, "failed_at", None) or row.told_at
    return Line(
        kind=kind,
        pk=row.pk,
        what=_what(kind, row),
        quote=quote,
        since=stopped or getattr(row, "next_try_at", None) or row.next_check_at,
        tries=row.attempts,
        failure=row.error or "Aucune raison n'est notée.",
        to_do=_to_do(row),
    )


def _what(kind: Kind, row: Any) -> str:
    if isinstance(row, OutgoingEmail):
        return f"Mail à {row.to} : {find_mail(row.message).name}"
    if isinstance(row, QuoteVersion):
        return f"Envoi de la version {row.number}"
    return kind.what


def _to_do(row: Any) -> str:
    """Why the row itself is not tried again; empty: it may be."""
    if not isinstance(row, OutgoingEmail):
        return ""
    if row.carries_secret and row.is_settled:
        return "Ce mail portait un lien ou un code : demandez-en un nouveau depuis le devis."
    return find_mail(row.message).why_held(row)


def count(request: HttpRequest) -> str:
    """The badge of the menu, empty when nothing has stopped: asked for once a minute, by everybody for themselves."""
    user = member(request)
    number = cache.get_or_set(_counted_for(user), lambda: _counted(user), COUNTED_FOR)
    return str(number) if number else ""


def _counted_for(user: User) -> str:
    return f"stuck-rows-{user.pk}"


def _counted(user: User) -> int:
    first, *others = (kind.stuck(user).order_by().values_list("pk") for kind in worth_a_look())
    return first.union(*others, all=True).count()


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    if not (access.may_act(request) or request.user.has_perm("quotes.view_quote")):
        raise PermissionDenied
    context = {
        "title": "À reprendre",
        "opts": QueueEntry._meta,
        "lines": lines(member(request)),
        "may_act": access.may_act(request),
    }
    return access.page(request, "desk/stuck/list.html", context)


@require_POST
def retry(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """« Réessayer »: the row goes back to its queue; the quote's journal says who asked, else the staff's."""
    if not access.may_act(request):
        raise PermissionDenied
    user = member(request)
    cache.delete(_counted_for(user))
    kind = next((kind for kind in KINDS if kind.slug == slug), None)
    row = kind and kind.stuck(user).filter(pk=pk).first()
    if kind is None or row is None:
        raise Http404
    try:
        if words := _to_do(row):
            messages.error(request, words)
        elif _revive(kind, row, By.of(request)):
            messages.success(
                request, f"{_what(kind, row)} : c'est reparti, le résultat suit dans un instant."
            )
        else:
            messages.warning(request, "Un essai est déjà en cours.")
    except workflow.DraftHasChanged:
        messages.error(request, HAS_CHANGED)
    except (IllegalMove, NotSendable) as refusal:
        messages.error(request, f"« Réessayer » n'est pas possible : {getattr(refusal, 'words', refusal)}")
    return redirect("admin:notifications_queueentry_changelist")


def _revive(kind: Kind, row: Any, by: By) -> bool:
    actor = Actor.staff(by.user) if by.user else Actor.system()
    if isinstance(row, QuoteVersion) and row.failed_at is not None:
        workflow.resume_sending(row.pk, actor=actor)
        return True
    if row.quote_key is None:
        return _revive_of_no_quote(kind, row, by)
    with transaction.atomic():
        # A mail's row comes before its quote's, every other one after it.
        first = kind.revive(row.pk) if isinstance(row, OutgoingEmail) else None
        return first is not False and workflow.retry(
            row.quote_key,
            what=_what(kind, row),
            revive=lambda: first or kind.revive(row.pk),
            actor=actor,
        )


@transaction.atomic
def _revive_of_no_quote(kind: Kind, row: Any, by: By) -> bool:
    if not kind.revive(row.pk):
        return False
    journal.append("changed", by=by, target=_what(kind, row), step="Réessayer")
    return True


@admin.register(QueueEntry)
class QueueEntryAdmin(DeskAdmin):
    """One page for the rows of every queue; there is no form for any."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("", view(page), name="notifications_queueentry_changelist"),
            path("<slug:slug>/<int:pk>/", view(retry), name="notifications_queueentry_retry"),
        ]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return False
