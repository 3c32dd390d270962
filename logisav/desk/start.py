"""The first page: what waits for us, what waits for customers, how the year goes; each figure leads to its list."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from logisav.desk import health
from logisav.desk.access import may_act
from logisav.desk.paging import Figure
from logisav.desk.payments import waiting as deposits
from logisav.desk.quotes import figures, listing, rights
from notifications.models import OutgoingEmail
from notifications.staff import member
from quotes.models import Company, Quote, Turn

LATEST = 8


def start_page(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Called by Unfold for the index."""
    if not (may_act(request) or request.user.has_perm("quotes.view_quote")):
        return context
    user = member(request)
    quotes = Quote.objects.visible_to(user)
    waiting = quotes.with_parties().filter(turn__lte=Turn.THEIRS)
    ours = [*_ours(quotes), *rights.figures(quotes), *_mails(user)]
    return context | {
        "title": "Accueil",
        "unwell": health.something_is_wrong(request),
        "ours": ours,
        "nothing_ours": not any(figure.count for figure in ours),
        "theirs": _theirs(quotes),
        "deposit_figures": deposits.figures(user) if user.has_perm("payments.view_deposit") else [],
        "refunds": deposits.refunds_due(user),
        "transfers": deposits.transfers_announced(user),
        "to_look_into": deposits.to_look_into(user),
        "unknown": deposits.unknown_events(user),
        "first": waiting.order_by(*listing.ORDER)[:LATEST],
        "charts": figures.charts(user),
        "needs_company": not Company.objects.exists(),
        "may_create": request.user.has_perm("quotes.add_quote"),
    }


def _ours(quotes: QuerySet[Quote]) -> list[Figure]:
    to_finish = ("devis à finir, envoyer ou renouveler",) * 2
    return [
        Figure.of(
            quotes.filter(turn=Turn.QUESTION), "question à traiter", "questions à traiter", _list("question")
        ),
        Figure.of(quotes.filter(turn=Turn.OURS), *to_finish, _list("faire")),
        Figure.of(listing.lapsed(quotes), "validité passée", "validités passées", _list("expire")),
    ]


def _theirs(quotes: QuerySet[Quote]) -> list[Figure]:
    accepted = quotes.filter(state=Quote.State.ACCEPTED)
    by_state = reverse("admin:quotes_quote_changelist") + "?state__exact="
    return [
        Figure.of(quotes.filter(turn=Turn.THEIRS), "chez le client", "chez les clients", _list("client")),
        Figure.of(listing.expiring(quotes), "expire bientôt", "expirent bientôt", _list("bientot")),
        Figure.of(accepted, "accepté", "acceptés", by_state + "accepted"),
        Figure.of(quotes.filter(state=Quote.State.REFUSED), "refusé", "refusés", by_state + "refused"),
    ]


def _mails(user: User) -> list[Figure]:
    """For those who may see mails, of everybody."""
    if not user.has_perm("notifications.view_outgoingemail"):
        return []
    url = reverse("admin:notifications_outgoingemail_changelist") + "?suite=non-partis"
    unsent = OutgoingEmail.objects.unsent_lately()
    return [Figure.of(unsent, "mail qui n'est pas parti", "mails qui ne sont pas partis", url)]


def _list(turn: str) -> str:
    return f"{reverse('admin:quotes_quote_changelist')}?tour={turn}"
