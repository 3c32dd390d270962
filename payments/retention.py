"""What Stripe told us, once it is applied: the event stays, by which the same one is known again, its contents go."""

from __future__ import annotations

import datetime as dt

from lib.retention import Rows, Rule
from payments.models import StripeEvent

PAYLOADS_KEPT = dt.timedelta(days=180)
"""A card payment may be disputed for 120 days, and a dispute takes its weeks; amounts stand in our own rows anyway."""

Status = StripeEvent.Status


def _payloads(before: dt.datetime) -> Rows:
    """What was set aside waits for somebody to look at it."""
    over = StripeEvent.objects.filter(status__in=(Status.APPLIED, Status.IGNORED), received_at__lte=before)
    return over.exclude(payload={})


RULES = (
    Rule(
        "contenu des événements Stripe",
        PAYLOADS_KEPT,
        "received_at",
        _payloads,
        lambda rows: rows.update(payload={}),
    ),
)
