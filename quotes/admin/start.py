"""The desk's first page: what waits for us, what waits for customers, each with the way there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse

from notifications.staff import member
from quotes.admin import listing
from quotes.admin.pages import may_act
from quotes.models import Company, Quote

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
    quotes: QuerySet[Any] = listing.with_facts(Quote.objects.visible_to(member(request)))
    counts = quotes.order_by().aggregate(
        questions=Count("pk", filter=Q(has_question=True)),
        drafts=Count("pk", filter=Q(state=State.DRAFT) | Q(revising=True)),
        lapsed=Count("pk", filter=Q(has_lapsed=True)),
        waiting=Count("pk", filter=Q(turn=listing.THEIRS)),
        accepted=Count("pk", filter=Q(state=State.ACCEPTED)),
        refused=Count("pk", filter=Q(state=State.REFUSED)),
    )
    return context | {
        "title": "Accueil",
        "ours": _figures(counts, OURS),
        "theirs": _figures(counts, THEIRS),
        "first": quotes.filter(turn__lte=listing.THEIRS).order_by("turn", "-last_at")[:LATEST],
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
