"""Opening a restored house: first what would leave is shown, then the operator says so."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count, Min, Q
from django.utils import timezone

from lib import french
from logisav import sweeping
from logisav.backup import reconciling
from logisav.staff import journal
from logisav.staff.journal import By
from notifications import events, restoration
from notifications.models import OutgoingEmail, Restoration
from notifications.queue import DatedQueue, Queue
from payments import stripe_gateway
from payments import workflow as payments
from payments.models import Payment, Refund


@dataclass(frozen=True)
class Waiting:
    """Mails of one kind. `old` were asked for before the dump: they may have left already, after it."""

    name: str
    count: int
    old: int
    dead: int
    since: dt.datetime

    def __str__(self) -> str:
        parts = [
            f"{self.count} mail(s) : {self.name}, depuis le {french.in_paris(self.since):%d/%m/%Y à %H:%M}"
        ]
        if self.old:
            parts.append(f"dont {self.old} d'avant la sauvegarde, peut-être déjà parti(s)")
        if self.dead:
            parts.append(f"dont {self.dead} au lien ou au code mort, qui ne partira (partiront) pas")
        return ", ".join(parts)


def closed() -> Restoration | None:
    return restoration.closed()


def waiting_mails(dumped_at: dt.datetime) -> list[Waiting]:
    dead = Q(expires_at__lte=timezone.now())
    kinds = OutgoingEmail.objects.waiting().order_by().values("message").annotate(
        count=Count("pk"),
        old=Count("pk", filter=Q(created_at__lte=dumped_at) & ~dead),
        dead=Count("pk", filter=dead),
        since=Min("created_at"),
    )  # fmt: skip
    return [
        Waiting(
            events.find_mail(kind["message"]).name, kind["count"], kind["old"], kind["dead"], kind["since"]
        )
        for kind in kinds.order_by("message")
    ]


def waiting_work() -> Iterator[str]:
    """The other queues that stand still, as far as something is due in them."""
    for part in (part for lane in sweeping.LANES.values() for part in lane):
        if not isinstance(part, Queue) or part.while_closed or part.name == "mails":
            continue
        due = len(list(part.find())) if isinstance(part, DatedQueue) else part.rows().due().count()
        if due:
            yield f"{due} × {part.name}"


def ask_stripe_again(closed: Restoration) -> list[str]:
    """What happened there until now. Raises GatewayUnavailable."""
    return reconciling.at_stripe(closed.dumped_at).lines


def open_house(*, drop_waiting: bool, by: str) -> int:
    """From now on everything leaves again. Returns how many mails were dropped; raises GatewayUnavailable."""
    _book_refunds_made_meanwhile()
    return _open(drop_waiting=drop_waiting, by=by)


def _book_refunds_made_meanwhile() -> None:
    """A refund that waits here may have been sent after the dump, longer ago than Stripe remembers its key."""
    asked = Refund.objects.filter(state=Refund.State.REQUESTED, provider_id=None)
    for payment in Payment.objects.filter(refunds__in=asked).exclude(session_id=None).distinct():
        payments.settle(payment.pk, stripe_gateway.fetch_session(payment.session_id or ""))


@transaction.atomic
def _open(*, drop_waiting: bool, by: str) -> int:
    now, dropped = timezone.now(), 0
    opened = Restoration.objects.filter(opened_at=None).latest("pk")
    if drop_waiting:
        alive = OutgoingEmail.objects.waiting().exclude(expires_at__lte=now)
        dropped = alive.filter(created_at__lte=opened.dumped_at).update(expires_at=now, next_try_at=now)
    Restoration.objects.filter(opened_at=None).update(opened_at=now)
    journal.append(
        "changed", by=By(None), target="Réouverture après une restauration", par=by, mails_abandonnés=dropped
    )
    return dropped
