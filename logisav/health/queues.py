"""How much of each kind of work is undone, since when, and what was given up. From the rows alone, no worker asked.

The kinds are those of logisav/sweeping.py, which the web process may not load; a test holds the two together.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Min, Q, QuerySet
from django.utils import timezone

from logisav.health.facts import Fact, Level, duration, level_since, seconds_since
from notifications.models import OutgoingEmail
from notifications.queue import QueueEntry, QueueQuerySet
from payments.models import Payment, Refund, StripeEvent
from quotes.models import DraftPdf, QuoteVersion
from signing.models import Signature

RECENTLY = dt.timedelta(hours=24)
VERSIONS_LOOKED_AT = 1000  # the latest ones: no index knows which were given up

MAIL_SERVER = "Vérifiez le serveur de mail (EMAIL_URL) et que le worker de cette file tourne."
WORKER = "Vérifiez que le worker de cette file tourne ; son journal dit ce qui échoue."
SCHEDULE = (
    "Vérifiez que le passage périodique (manage.py sweep --loop) tourne ; son journal dit ce qui échoue."
)
STRIPE = "Vérifiez que le worker payments tourne et que Stripe répond."


@dataclass(frozen=True)
class Kind:
    """A queue's rows as they stand in their own table. `since` is the column that says from when on a row waits."""

    name: str
    queue: str
    lane: str
    subject: str
    rows: Callable[[], QuerySet[Any]]
    since: str
    to_do: str = WORKER


@dataclass(frozen=True)
class Depth:
    """How many rows are undone, and from when the oldest one waits."""

    name: str
    queue: str
    lane: str
    subject: str
    to_do: str
    count: int
    oldest: dt.datetime | None


def _mails(*, urgent: bool) -> Callable[[], QuerySet[Any]]:
    return lambda: OutgoingEmail.objects.waiting().filter(carries_secret=urgent)


KINDS = (
    Kind("urgent mails", "mails", "urgent", "Liens et codes", _mails(urgent=True), "created_at", MAIL_SERVER),
    Kind("mails", "mails", "logisav", "Autres mails", _mails(urgent=False), "created_at", MAIL_SERVER),
    Kind(
        "rendering",
        "rendering",
        "work",
        "Devis à mettre en page",
        lambda: QueueQuerySet(QuoteVersion).waiting(),
        "frozen_at",
    ),
    Kind(
        "drafts",
        "drafts",
        "work",
        "Brouillons en PDF",
        lambda: QueueQuerySet(DraftPdf).waiting(),
        "requested_at",
    ),
    Kind(
        "sealing",
        "sealing",
        "work",
        "Contrats à sceller",
        lambda: QueueQuerySet(Signature).waiting(),
        "signed_at",
        "Vérifiez le worker work, la clé du cachet (SEAL_PKCS12) et les autorités d'horodatage (TSA_URLS).",
    ),
    Kind(
        "events",
        "events",
        "payments",
        "Messages de Stripe",
        lambda: StripeEvent.objects.all().waiting(),
        "received_at",
        STRIPE,
    ),
    Kind(
        "refunds",
        "refunds",
        "payments",
        "Remboursements à demander",
        lambda: Refund.objects.all().waiting(),
        "created_at",
        STRIPE,
    ),
    Kind(
        "payments to look up",
        "payments to look up",
        "payments",
        "Paiements à revoir",
        lambda: Payment.objects.all().due(),
        "next_check_at",
        STRIPE,
    ),
)
# Those whose table only says the day: their tries stand in QueueEntry, from the moment when a pass found them.
DATED = {
    "declarations to take up": "Rétractations à prendre en compte",
    "declarations left unanswered": "Rétractations sans réponse en 72\u00a0h",
    "declarations to look at": "Rétractations à rapprocher",
    "what became of mails": "Suites des mails",
    "late sealings": "Retards à annoncer aux clients",
    "choices without a time stamp": "Horodatages à décider",
    "reminders": "Relances",
    "expiry notices": "Avis de fin de validité",
    "damaged versions": "Devis dont le PDF est à réparer",
    "damaged contracts": "Contrats dont le PDF est à réparer",
    "pages to close": "Pages de paiement à fermer",
    "deposits to ask for": "Acomptes à demander",
    "deposits that open": "Acomptes qui s'ouvrent",
    "standings of deposits": "Situations d'acompte à mettre à jour",
    "reminders of deposits": "Rappels d'acompte",
    "anchors": "Ancrages du jour",
}


def depths() -> list[Depth]:
    """A statement a kind, and one for all dated ones."""
    return [*(_depth(kind) for kind in KINDS), *_dated()]


def _depth(kind: Kind) -> Depth:
    found: dict[str, Any] = kind.rows().aggregate(count=Count("pk"), oldest=Min(kind.since))
    return Depth(kind.name, kind.queue, kind.lane, kind.subject, kind.to_do, found["count"], found["oldest"])


def _dated() -> Iterator[Depth]:
    undone = (
        QueueEntry.objects.all().undone().values("queue").annotate(count=Count("pk"), oldest=Min("since"))
    )
    found = {row["queue"]: row for row in undone.order_by()}
    for name, subject in DATED.items():
        row: Any = found.get(name, {"count": 0, "oldest": None})
        yield Depth(name, name, "sweep", subject, SCHEDULE, row["count"], row["oldest"])


def fact(depth: Depth) -> Fact:
    return Fact(
        name=f"queue {depth.name}",
        subject=depth.subject,
        level=level_since(depth.oldest),
        figure=_figure(depth),
        to_do=depth.to_do,
        since=depth.oldest,
        value=seconds_since(depth.oldest),
        unit="s",
    )


def _figure(depth: Depth) -> str:
    if depth.oldest is None:
        return "rien n'attend"
    if depth.count == 1:
        return f"1 en attente depuis {duration(depth.oldest)}"
    return f"{depth.count} en attente, la plus ancienne depuis {duration(depth.oldest)}"


# What was given up


@dataclass(frozen=True)
class GivenUp:
    """Rows of one kind that nobody tries again, of the last day."""

    name: str
    subject: str
    count: int
    first: dt.datetime | None


def given_up() -> list[GivenUp]:
    """A statement a kind. A mail that its server refused for good (5xx) is told to its quote's owner, not here."""
    start = timezone.now() - RECENTLY
    newest = QuoteVersion.objects.order_by("-pk").values("pk")[:VERSIONS_LOOKED_AT]
    rows: tuple[tuple[str, str, QuerySet[Any], str], ...] = (
        (
            "mails",
            "Mails abandonnés après un jour d'essais",
            OutgoingEmail.objects.filter(state=OutgoingEmail.State.ATTENTION, next_try_at__gte=start),
            "next_try_at",
        ),
        (
            "rendering",
            "Devis impossibles à mettre en page",
            QuoteVersion.objects.filter(pk__in=newest, failed_at__gte=start),
            "failed_at",
        ),
        (
            "events",
            "Messages de Stripe mis de côté",
            StripeEvent.objects.filter(Q(received_at__gte=start), status=StripeEvent.Status.SET_ASIDE),
            "received_at",
        ),
        (
            "refunds",
            "Remboursements refusés",
            Refund.objects.filter(state=Refund.State.FAILED, done_at__gte=start),
            "done_at",
        ),
    )
    return [
        GivenUp(name, subject, found["count"], found["first"])
        for name, subject, query, column in rows
        for found in [query.order_by().aggregate(count=Count("pk"), first=Min(column))]
    ]


def given_up_fact(given: GivenUp) -> Fact:
    return Fact(
        name=f"given up {given.name}",
        subject=given.subject,
        level=Level.LATE if given.count else Level.OK,
        figure=f"{given.count} en 24\u00a0h" if given.count else "aucun en 24\u00a0h",
        to_do="Personne n'y revient tout seul : regardez-les au bureau et décidez.",
        since=given.first,
        value=float(given.count),
        unit="rows",
    )
