"""In the background: automatic reminders to customers, and notices to owners before a quote expires."""

from __future__ import annotations

import datetime as dt

from django.db.models import F
from django.utils import timezone

from lib import french
from lib.day import today_in_paris
from notifications import queue
from quotes import schedule, workflow
from quotes.models import Company, Quote, Turn


def sweep() -> int:
    """What is due by now; each quote by itself, so that one that fails keeps no other from its turn."""
    return queue.sweep(REMINDERS, EXPIRY_NOTICES)


def due_reminders() -> list[int]:
    due = Quote.objects.filter(next_reminder_at__lte=timezone.now()).order_by("next_reminder_at", "pk")
    return list(due.values_list("pk", flat=True))


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
    return list(waiting.order_by("in_force_until", "pk").values_list("pk", flat=True))


def _tell_no_reminder(quote_id: int, reason: str) -> None:
    workflow.tell_stuck(
        quote_id,
        what="La relance automatique du client n'a pas pu partir.",
        effect="Le client n'a rien reçu. Logisav essaie encore, toutes les demi-heures au plus.",
        to_do="Relancez le client vous-même depuis la page du devis, ou appelez-le.",
        reason=reason,
    )


def _tell_no_notice(quote_id: int, reason: str) -> None:
    workflow.tell_stuck(
        quote_id,
        what="Ce devis expire bientôt, et l'avis habituel n'a pas pu être écrit.",
        effect="Le client peut encore signer jusqu'à la fin de la validité.",
        to_do="Regardez la date de fin de validité sur la page du devis, et relancez le client s'il le faut.",
        reason=reason,
    )


REMINDERS = queue.dated(
    "reminders",
    find=due_reminders,
    work=workflow.remind_automatically,
    tells_after=8,
    tell=_tell_no_reminder,
)
EXPIRY_NOTICES = queue.dated(
    "expiry notices", find=near_expiry, work=workflow.tell_expiry, tells_after=8, tell=_tell_no_notice
)
