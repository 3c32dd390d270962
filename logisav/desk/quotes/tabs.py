"""The tabs above the list of quotes: where they stand."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from logisav.desk.tabs import Tab, tabs
from notifications.staff import member
from quotes.models import Quote, Turn

TABS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("Tous", "", {}),
    ("À nous", "tour=nous", {"turn__lte": Turn.OURS}),
    ("Chez le client", "tour=client", {"turn": Turn.THEIRS}),
    ("Acceptés", "state__exact=accepted", {"state": Quote.State.ACCEPTED}),
    ("Terminés", "state__exact=done", {"state": Quote.State.DONE}),
    ("Refusés", "state__exact=refused", {"state": Quote.State.REFUSED}),
)


def of(request: HttpRequest) -> list[Tab]:
    seen = Quote.objects.visible_to(member(request))
    parts = [(words, query, seen.filter(**only)) for words, query, only in TABS]
    return tabs(request, parts, at=reverse("admin:quotes_quote_changelist"))
