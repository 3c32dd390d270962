"""In the background: automatic reminders to customers, and notices to owners before a quote expires."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable

from django.db.models import F
from django.utils import timezone

from quotes import french, schedule, workflow
from quotes.models import Company, Quote, Turn
from quotes.models.quote import today_in_paris

BATCH = 20
log = logging.getLogger(__name__)


def sweep() -> int:
    """What is due by now; each quote by itself, so that one that fails keeps no other from its turn."""
    reminders = [(workflow.remind_automatically, pk) for pk in due_reminders()]
    notices = [(workflow.tell_expiry, pk) for pk in near_expiry()]
    return sum(_run(verb, pk) for verb, pk in (*reminders, *notices))


def _run(verb: Callable[[int], bool], quote_id: int) -> bool:
    try:
        return verb(quote_id)
    except Exception:
        log.exception("quote %s: %s failed", quote_id, verb.__name__)
        return False


def due_reminders() -> list[int]:
    due = Quote.objects.filter(next_reminder_at__lte=timezone.now()).order_by("next_reminder_at", "pk")
    return list(due.values_list("pk", flat=True)[:BATCH])


def near_expiry() -> list[int]:
    """Quotes in their last days that wait for their customer; from 8 h on, never on the day of the sending."""
    company, now = Company.objects.first(), french.in_paris(timezone.now())
    if company is None or not company.expiry_notice_days or now.time() < schedule.OPENS:
        return []
    today = today_in_paris()
    near = Quote.objects.awaiting_customer().filter(
        in_force_until__range=(today, today + dt.timedelta(days=company.expiry_notice_days)),
        in_force_since__lt=dt.datetime.combine(today, dt.time(), tzinfo=french.PARIS),
        revising=False,
        blocked_at=None,
    )
    waiting = near.exclude(expiry_told_for=F("in_force_until")).exclude(turn=Turn.QUESTION)
    return list(waiting.order_by("in_force_until", "pk").values_list("pk", flat=True)[:BATCH])
