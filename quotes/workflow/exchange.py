"""Between customer and owner once a quote is out: links, questions, answers, yes and no."""

from __future__ import annotations

import datetime as dt
import enum

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from quotes import emails, journal, links
from quotes.journal import Actor
from quotes.models import AccessLink, Answer, IllegalMove, Question, Quote, QuoteVersion
from quotes.workflow.locking import locked

MAX_LINKS_AN_HOUR = 3
MAX_QUESTIONS_AN_HOUR = 5


class Asked(enum.Enum):
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
    """Mail a fresh link to the customer's own address, at most three an hour; else do nothing, silently."""
    quote = locked(quote_id)
    recent = quote.links.filter(requested=True, created_at__gt=timezone.now() - dt.timedelta(hours=1))
    if quote.is_blocked or quote.current_version is None or recent.count() >= MAX_LINKS_AN_HOUR:
        return
    link, address = links.make_link(quote, requested=True)
    emails.new_link(quote, link, address)
    journal.append(quote, "link_requested", actor=actor, link=link.pk, to=link.email)


@transaction.atomic
def resend_link(quote_id: int, *, actor: Actor) -> AccessLink:
    """The owner's « Renvoyer un lien »: a fresh link to the customer."""
    quote = locked(quote_id)
    if quote.current_version is None or quote.is_blocked:
        raise IllegalMove(f"{quote.number}: no link to send")
    link, address = links.make_link(quote)
    emails.new_link(quote, link, address)
    journal.append(quote, "link_sent", actor=actor, link=link.pk, to=link.email)
    return link


def _version_in_force(quote: Quote) -> QuoteVersion:
    version = quote.current_version
    if version is None:
        raise IllegalMove(f"{quote.number}: never sent")
    return version


@transaction.atomic
def ask(quote_id: int, *, text: str, phone: str, actor: Actor) -> Asked:
    """The owner gets mail and notification, the customer an acknowledgement; five an hour at most."""
    quote = locked(quote_id)
    recent = quote.questions.filter(asked_at__gt=timezone.now() - dt.timedelta(hours=1))
    if recent.count() >= MAX_QUESTIONS_AN_HOUR:
        return Asked.TOO_MANY
    question = Question.objects.create(quote=quote, version=quote.current_version, text=text, phone=phone)
    emails.question_asked(question)
    journal.append(quote, "asked", actor=actor, question=question.pk, text=text, phone=phone)
    return Asked.DONE


@transaction.atomic
def answer(question_id: int, *, text: str, author: User, actor: Actor) -> Answer:
    """The owner's answer, mailed with a fresh link; question and answer stand on the quote's page."""
    question = Question.objects.get(pk=question_id)
    quote = locked(question.quote_id)
    if Answer.objects.filter(question=question).exists():
        raise IllegalMove(f"{quote.number}: this question has its answer")
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
    if quote.is_blocked or _version_in_force(quote).is_past_validity:
        raise IllegalMove(f"{quote.number}: not open to the customer")
    quote.move_to(Quote.State.REFUSED)
    quote.refused_at = timezone.now()
    quote.save(update_fields=["refused_at"])
    emails.refused(quote, reason=reason)
    journal.append(quote, "refused", actor=actor, reason=reason)


def mark_accepted(quote: Quote) -> None:
    """Part of the acceptance, whose transaction already holds the quote: it binds both sides from here on."""
    quote.move_to(Quote.State.ACCEPTED)
    quote.accepted_at, quote.revising = timezone.now(), False
    quote.save(update_fields=["accepted_at", "revising"])
