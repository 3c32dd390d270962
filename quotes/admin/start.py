"""The desk's first page: what waits for us, what waits for customers, each with the way there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q
from django.http import HttpRequest
from django.urls import reverse

from notifications.staff import member
from quotes.admin import listing
from quotes.admin.pages import may_act
from quotes.models import Company, Quote, Turn
from quotes.models.quote import today_in_paris

State = Quote.State
LATEST = 8


@dataclass(frozen=True)
class Figure:
    count: int
    words: str
    url: str


def start_page(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Called by Unfold for the index."""
    if not (may_act(request) or request.user.has_perm("quotes.view_quote")):
        return context
    quotes = Quote.objects.visible_to(member(request)).with_parties()
    counts = quotes.order_by().aggregate(
        questions=Count("pk", filter=Q(turn=Turn.QUESTION)),
        drafts=Count("pk", filter=Q(state=State.DRAFT) | Q(revising=True)),
        lapsed=Count("pk", filter=Q(state__in=Quote.SIGNABLE, in_force_until__lt=today_in_paris())),
        waiting=Count("pk", filter=Q(turn=Turn.THEIRS)),
        accepted=Count("pk", filter=Q(state=State.ACCEPTED)),
        refused=Count("pk", filter=Q(state=State.REFUSED)),
    )
    return context | {
        "title": "Accueil",
        "ours": _figures(counts, OURS),
        "theirs": _figures(counts, THEIRS),
        "first": quotes.filter(turn__lte=Turn.THEIRS).order_by(*listing.ORDER)[:LATEST],
        "needs_company": not Company.objects.exists(),
        "may_create": request.user.has_perm("quotes.add_quote"),
    }


OURS = {
    "questions": ("question à traiter", "questions à traiter", "tour=question"),
    "drafts": ("devis à finir ou à envoyer", "devis à finir ou à envoyer", "tour=nous"),
    "lapsed": ("validité passée", "validités passées", "tour=expire"),
}
THEIRS = {
    "waiting": ("chez le client", "chez les clients", "tour=client"),
    "accepted": ("accepté", "acceptés", "state__exact=accepted"),
    "refused": ("refusé", "refusés", "state__exact=refused"),
}


def _figures(counts: dict[str, int], kinds: dict[str, tuple[str, str, str]]) -> list[Figure]:
    quotes = reverse("admin:quotes_quote_changelist")
    return [
        Figure(counts[kind], many if counts[kind] > 1 else one, f"{quotes}?{query}")
        for kind, (one, many, query) in kinds.items()
    ]
