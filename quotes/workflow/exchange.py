"""Between customer and owner once a quote is out: links, questions, answers, yes and no."""

from __future__ import annotations

import datetime as dt
import enum

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from lib import limiter
from quotes import emails, journal, links
from quotes.journal import Actor
from quotes.models import AccessLink, Answer, IllegalMove, Question, Quote, QuoteVersion
from quotes.rules import Reason, Verb
from quotes.workflow.locking import locked


class Asking(enum.Enum):
    DONE = enum.auto()
    TOO_MANY = enum.auto()


@transaction.atomic
def note_opened(link: AccessLink) -> None:
    """At most one event a link, and no more than a hint: mail scanners open links too."""
    quote = locked(link.quote_id)
    if AccessLink.objects.filter(pk=link.pk, opened_at=None).update(opened_at=timezone.now()):
        journal.append(quote, "link_opened", actor=Actor("customer"), link=link.pk)


@transaction.atomic
def request_link(quote_id: int, *, actor: Actor) -> None:
    """Mail a fresh link to the customer's own address, at most three an hour, nine a day; else do nothing, silently."""
    quote = locked(quote_id)
    if not quote.may(Verb.REQUEST_LINK):
        return
    hour, day = limiter.LINK.of(quote=quote.pk), limiter.LINKS_OF_A_DAY.of(quote=quote.pk)
    if limiter.take(hour, day).wait is not None:
        return
    link, address = links.make_link(quote, requested=True)
    emails.new_link(quote, link, address)
    journal.append(quote, "link_requested", actor=actor, link=link.pk, to=link.email)


@transaction.atomic
def resend_link(quote_id: int, *, actor: Actor) -> AccessLink:
    """The owner's « Renvoyer un lien »: a fresh link to the customer."""
    quote = locked(quote_id)
    quote.require(Verb.RESEND_LINK)
    link, address = links.make_link(quote)
    emails.new_link(quote, link, address)
    journal.append(quote, "link_sent", actor=actor, link=link.pk, to=link.email)
    return link


@transaction.atomic
def ask(quote_id: int, *, text: str, phone: str, actor: Actor) -> Asking:
    """The owner gets mail and notification, the customer an acknowledgement; five an hour at most."""
    quote = locked(quote_id)
    version = quote.version_for(Verb.ASK)
    if limiter.take(limiter.QUESTION.of(quote=quote.pk)).wait is not None:
        return Asking.TOO_MANY
    question = Question.objects.create(quote=quote, version=version, text=text, phone=phone)
    emails.question_asked(question)
    journal.append(quote, "asked", actor=actor, question=question.pk, text=text, phone=phone)
    return Asking.DONE


@transaction.atomic
def answer(question_id: int, *, text: str, author: User, actor: Actor) -> Answer:
    """The owner's answer, mailed with a fresh link; question and answer stand on the quote's page."""
    question = Question.objects.get(pk=question_id)
    quote = locked(question.quote_id)
    if Answer.objects.filter(question=question).exists():
        raise IllegalMove(quote, Reason.ANSWERED)
    quote.require(Verb.ANSWER)
    written = Answer.objects.create(question=question, author=author, text=text)
    link, address = links.make_link(quote)
    emails.answered(written, link, address)
    journal.append(
        quote, "answered", actor=actor, question=question.pk, text=text, link=link.pk, to=link.email
    )
    return written


@transaction.atomic
def refuse(quote_id: int, *, reason: str, actor: Actor) -> None:
    """The customer says no: the owner is told, the customer gets an acknowledgement."""
    quote = locked(quote_id)
    quote.require(Verb.REFUSE)
    quote.move_to(Quote.State.REFUSED)
    quote.refused_at = timezone.now()
    quote.save(update_fields=["refused_at"])
    emails.refused(quote, reason=reason)
    journal.append(quote, "refused", actor=actor, reason=reason)


def mark_accepted(
    quote: Quote, version: QuoteVersion, *, early_start: bool = False, at: dt.datetime | None = None
) -> None:
    """Part of the acceptance, whose transaction already holds the quote: it binds both sides from `at`, or now, on.

    `early_start`: the customer asked, in the words of the law, that work begins within the period to withdraw.
    """
    quote.move_to(Quote.State.ACCEPTED)
    quote.accepted_at, quote.revising, quote.early_start = at or timezone.now(), False, early_start
    quote.signed_notice = version.reading.facts().notice or ""
    quote.save(update_fields=["accepted_at", "revising", "early_start", "signed_notice"])
