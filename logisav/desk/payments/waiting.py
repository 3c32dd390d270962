"""What the deposits ask of the owner: money to send back, transfers to look for, payments to look into."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models.functions import Coalesce, TruncDate
from django.urls import reverse
from django.utils import timezone

from lib import french
from lib.day import today_in_paris
from logisav.desk.paging import Figure
from payments import rules
from payments.models import BalanceStatus, Deposit, DepositQuerySet, Payment, StripeEvent
from payments.stripe_gateway import expects_live, read_event
from quotes.models import Quote
from quotes.models.company import sees_all

SHOWN_FOR, MOST = dt.timedelta(days=30), 50
COUNTED = (
    (BalanceStatus.DUE, "à recevoir", "à recevoir"),
    (BalanceStatus.PARTIAL, "reçu en partie", "reçus en partie"),
    (BalanceStatus.REFUND_DUE, "à rembourser", "à rembourser"),
)


@dataclass(frozen=True)
class RefundDue:
    """`by` is the law's last day, None where it sets none."""

    deposit: Deposit
    by: dt.date | None

    @property
    def is_late(self) -> bool:
        return self.by is not None and self.by < today_in_paris()


def _of(user: User) -> DepositQuerySet:
    return Deposit.objects.visible_to(user).with_quote().with_payments()


def figures(user: User) -> list[Figure]:
    """Of each status that asks for something: how many, and the list that shows them."""
    deposits, address = Deposit.objects.visible_to(user), reverse("admin:payments_deposit_changelist")
    return [
        Figure.of(deposits.filter(standing=status), one, many, f"{address}?situation={status.value}")
        for status, one, many in COUNTED
    ]


def refunds_due(user: User) -> list[RefundDue]:
    """The most urgent first."""
    due = _of(user).filter(standing=BalanceStatus.REFUND_DUE)
    known = Coalesce("quote__withdrawal_known_on", TruncDate("quote__withdrawn_at", tzinfo=french.PARIS))
    urgent = due.order_by(known.asc(nulls_last=True), "pk")[:MOST]
    return [RefundDue(deposit, rules.refund_by(deposit.quote)) for deposit in urgent]


def transfers_announced(user: User) -> list[Deposit]:
    """Customers say that they are on their way."""
    announced = _of(user).announced().filter(quote__state=Quote.State.ACCEPTED)
    return list(announced.order_by("transfer_announced_at")[:MOST])


def to_look_into(user: User) -> list[Deposit]:
    """What Stripe shows is not what was asked for: few payments, from which their deposits are found."""
    aside = Payment.objects.filter(state=Payment.State.SET_ASIDE).values_list("deposit", flat=True)
    return list(_of(user).filter(pk__in=set(aside)).order_by("created_at")[:MOST])


def unknown_events(user: User) -> list[StripeEvent]:
    """For whoever sees all quotes: what Stripe said lately with our mark on it, and no payment of ours."""
    if not sees_all(user):
        return []
    lately = timezone.now() - SHOWN_FOR
    events = StripeEvent.objects.set_aside().filter(payment=None, received_at__gte=lately)[:MOST]
    return [
        event
        for event in events
        if event.livemode != expects_live() or bool(read_event(event.payload).payment)
    ]
