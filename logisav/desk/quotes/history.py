"""What has happened to a quote, for its page: questions, the journal in words, mails and what became of them."""

from __future__ import annotations

import datetime as dt
import string
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from django.contrib.auth.models import User

from lib import french
from logisav.desk.mails import tone_of
from notifications.events import find_mail
from notifications.models import OutgoingEmail
from quotes import facts, rules
from quotes.facts import Fact, Tone
from quotes.models import Question, Quote, QuoteEvent, QuoteVersion
from quotes.rules import Verb

MAX_MAILS = 40
LONG = 8  # lines: a longer history shows what matters, the rest at a click


@dataclass(frozen=True)
class HistoryMail:
    """A mail about the quote; `can_repeat` when the same words may leave once more."""

    email: OutgoingEmail
    tone: str
    can_repeat: bool

    @property
    def is_lost(self) -> bool:
        return self.email.state in OutgoingEmail.UNSENT


@dataclass(frozen=True)
class HistoryLine:
    """`who` is empty when the system did it; `quoted` is what somebody wrote; `mail` the one that it tells of."""

    at: dt.datetime
    words: str
    who: str = ""
    quoted: str = ""
    tone: Tone = Tone.PLAIN
    mail: HistoryMail | None = None


def history(quote: Quote, version: QuoteVersion | None, *, reader: User) -> dict[str, Any]:
    circumstances = quote.circumstances(version)
    questions = list(quote.questions.select_related("answer__author").order_by("-asked_at", "-pk"))
    found = mails(quote, may_repeat=rules.may(Verb.REPEAT_MAIL, circumstances))
    shown = lines(quote, {mail.email.message_id: mail for mail in found}, known=[reader, quote.owner])
    return {
        "questions": questions,
        "has_open_question": any(not is_answered(question) for question in questions),
        "history": shown,
        "details": sum(line.tone is Tone.QUIET for line in shown) if len(shown) > LONG else 0,
        "mails": found,
        "may_resend_link": rules.may(Verb.RESEND_LINK, circumstances),
    }


def is_answered(question: Question) -> bool:
    return hasattr(question, "answer")


def mails(quote: Quote, *, may_repeat: bool) -> list[HistoryMail]:
    about = OutgoingEmail.objects.filter(about=quote.number).defer("html", "context", "sealed_secrets")
    return [
        HistoryMail(
            email=email,
            tone=tone_of(email),
            can_repeat=may_repeat
            and email.is_settled
            and not email.carries_secret
            and not email.is_forgotten,
        )
        for email in about[:MAX_MAILS]
    ]


# The journal in words


def lines(quote: Quote, found: dict[str, HistoryMail], *, known: list[User]) -> list[HistoryLine]:
    """Newest first, with the names of the people behind the user names; those at hand are not asked for."""
    events = list(quote.events.order_by("-seq"))
    others = {event.actor.get("name", "") for event in events} - {user.username for user in known} - {""}
    users = [*known, *User.objects.filter(username__in=others)] if others else known
    names = {user.get_username(): user.get_full_name() or user.get_username() for user in users}
    return [line_of(event, names=names, mails=found) for event in events]


def line_of(event: QuoteEvent, *, names: dict[str, str], mails: dict[str, HistoryMail]) -> HistoryLine:
    """`names` turns user names of staff into people's names; `mails` are found by their Message-ID."""
    fact, said, actor = facts.find(event.kind), event.facts, event.actor
    name = actor.get("name", "")
    return HistoryLine(
        at=event.at,
        words=sentence(fact, said),
        who="Client" if actor["kind"] == "customer" else names.get(name, name),
        quoted=str(said.get("text") or said.get("reason") or ""),
        tone=fact.tone,
        mail=mails.get(said.get("message_id", "")),
    )


def sentence(fact: Fact, said: dict[str, Any]) -> str:
    """What lacks a field that its sentence names, or has it empty, is told by its headline."""
    if fact.sentence:
        known = {name: value for name, value in said.items() if value != "" or name == "first_name"}
        try:
            words = Written().vformat(fact.sentence, (), known)
            return " ".join(words.split(" ")).strip() if "first_name" in known else words
        except KeyError:
            pass
    return f"{fact.headline}."


class Written(string.Formatter):
    """Writes a field of a fact out as people read it: `{amount:money}`."""

    WAYS: ClassVar[dict[str, Callable[[Any], str]]] = {
        "money": lambda amount: french.money(Decimal(amount)),
        "day": lambda date: french.day(dt.date.fromisoformat(date)),
        "mail": lambda message: find_mail(message).name,
    }

    def format_field(self, value: Any, format_spec: str) -> Any:
        way = self.WAYS.get(format_spec)
        return way(value) if way else super().format_field(value, format_spec)
