"""While the customer has not answered: reminders, by hand or by themselves, and a word to the owner in time."""

from __future__ import annotations

import datetime as dt

from django.db import models, transaction
from django.utils import timezone

from lib.day import today_in_paris
from quotes import emails, journal, links, schedule
from quotes.journal import Actor
from quotes.models import Company, Quote, QuoteEvent, QuoteVersion
from quotes.rules import Verb
from quotes.workflow.locking import locked

BY_HAND, BY_ITSELF = "reminded", "reminded_automatically"


@transaction.atomic
def remind(quote_id: int, *, actor: Actor, words: str = "") -> None:
    """« Relancer »: a reminder with a fresh link; `words` instead of its usual sentence."""
    quote = locked(quote_id)
    version = quote.version_for(Verb.REMIND)
    _mail_reminder(quote, version, BY_HAND, actor=actor, words=words)
    plan_reminder(quote, version, after=timezone.now() + schedule.AFTER_ONE_BY_HAND)


def _mail_reminder(quote: Quote, version: QuoteVersion, kind: str, *, actor: Actor, words: str) -> None:
    if quote.state == Quote.State.SENT:
        quote.move_to(Quote.State.REMINDED)
    link, address = links.make_link(quote)
    emails.reminder(quote, version, link, address, words=words)
    journal.append(quote, kind, actor=actor, link=link.pk, to=link.email)


def plan_reminder(quote: Quote, version: QuoteVersion, *, after: dt.datetime) -> None:
    """Part of a verb that holds the quote: when the next automatic reminder of this version is due, if ever."""
    days = Company.current().quote_reminder_days
    _plan(quote, schedule.next_reminder(_sent_at(version), days, after=after))


def _sent_at(version: QuoteVersion) -> dt.datetime:
    return version.done_at or version.frozen_at


def _plan(quote: Quote, moment: dt.datetime | None) -> None:
    quote.next_reminder_at = moment
    quote.save(update_fields=["next_reminder_at"])


@transaction.atomic
def remind_automatically(quote_id: int) -> bool:
    """A due reminder leaves, waits, or falls away for good. False when another worker was faster."""
    quote, now = locked(quote_id), timezone.now()
    if quote.next_reminder_at is None or quote.next_reminder_at > now:
        return False
    version = quote.current_version()
    if version is None or not quote.may(Verb.REMIND) or _had_enough(quote, version):
        _plan(quote, None)
    elif not _is_due(quote, version, now):
        plan_reminder(quote, version, after=now)
    elif later := _not_before(quote, now):
        _plan(quote, later)
    else:
        _mail_reminder(quote, version, BY_ITSELF, actor=Actor.system(), words="")
        plan_reminder(quote, version, after=now)
    return True


def _had_enough(quote: Quote, version: QuoteVersion) -> bool:
    """Three a version, whatever was planned; none any more once the company has given up reminding."""
    too_many = _reminders(quote, version).count() >= schedule.MOST_REMINDERS
    return too_many or not Company.current().quote_reminder_days


def _reminders(quote: Quote, version: QuoteVersion) -> models.QuerySet[QuoteEvent]:
    return quote.events.filter(kind=BY_ITSELF, at__gte=_sent_at(version)).order_by("-seq")


def _is_due(quote: Quote, version: QuoteVersion, now: dt.datetime) -> bool:
    """By the company's days as they are now: they may have changed since this one was planned."""
    last = _reminders(quote, version).first()
    since = last.at if last else _sent_at(version)
    moments = schedule.reminders(_sent_at(version), Company.current().quote_reminder_days)
    return any(since < moment <= now for moment in moments)


def _not_before(quote: Quote, now: dt.datetime) -> dt.datetime | None:
    """Until when this reminder waits; None when nothing keeps it."""
    if quote.revising or _has_open_question(quote):
        return schedule.in_hours(now + schedule.ONE_DAY)
    # Whoever holds a link that still opens was written to within the day.
    link = quote.links.valid().order_by("-expires_at").first()
    waits_until = max(link.expires_at if link else now, schedule.in_hours(now))
    return schedule.in_hours(waits_until) if waits_until > now else None


@transaction.atomic
def tell_expiry(quote_id: int) -> bool:
    """The owner learns, once a date, that the customer's time is nearly over. False when there is nothing to tell."""
    quote = locked(quote_id)
    version = quote.current_version()
    if version is None or not quote.may(Verb.REMIND) or quote.revising or _has_open_question(quote):
        return False
    notice = dt.timedelta(days=Company.current().expiry_notice_days)
    if quote.expiry_told_for == version.valid_until or version.valid_until - today_in_paris() > notice:
        return False
    quote.expiry_told_for = version.valid_until
    quote.save(update_fields=["expiry_told_for"])
    emails.expiring(quote, version)
    journal.append(quote, "expiry_told", actor=Actor.system(), valid_until=version.valid_until.isoformat())
    return True


def _has_open_question(quote: Quote) -> bool:
    """The customer has asked and waits for us."""
    return quote.questions.filter(answer=None).exists()
