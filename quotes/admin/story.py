"""What has happened to a quote, for its page: questions, journal, mails."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User

from notifications.models import OutgoingEmail
from quotes import timeline
from quotes.admin import moves
from quotes.models import Question, Quote

MAX_MAILS = 40
MAIL_TONES = {
    OutgoingEmail.State.SENT: "ok",
    OutgoingEmail.State.FAILED: "bad",
    OutgoingEmail.State.ATTENTION: "bad",
    OutgoingEmail.State.OUTDATED: "warn",
}


LONG = 8  # facts: a longer story shows what matters, the rest at a click
RESEND_LINK = "renvoyer-un-lien"


@dataclass(frozen=True)
class Mail:
    """A mail about the quote; `can_repeat` when the same words may leave once more."""

    email: OutgoingEmail
    tone: str
    can_repeat: bool

    @property
    def is_lost(self) -> bool:
        return self.email.state in OutgoingEmail.UNSENT


@dataclass(frozen=True)
class Told:
    """A line of the story, with its mail where it tells of one."""

    entry: timeline.Entry
    mail: Mail | None


def story(quote: Quote) -> dict[str, Any]:
    questions = list(quote.questions.select_related("answer__author").order_by("-asked_at", "-pk"))
    found = mails(quote)
    by_id = {mail.email.message_id: mail for mail in found}
    told = [Told(entry, by_id.get(entry.mail)) for entry in entries(quote)]
    return {
        "questions": questions,
        "has_open_question": any(not is_answered(question) for question in questions),
        "story": told,
        "details": sum(line.entry.tone == "quiet" for line in told) if len(told) > LONG else 0,
        "mails": found,
        "may_resend_link": moves.is_offered(RESEND_LINK, quote),
    }


def is_answered(question: Question) -> bool:
    return hasattr(question, "answer")


def entries(quote: Quote) -> list[timeline.Entry]:
    """Newest first, with the names of the people behind the user names."""
    events = list(quote.events.order_by("-seq"))
    users = User.objects.filter(username__in={event.actor.get("name", "") for event in events})
    names = {user.get_username(): user.get_full_name() or user.get_username() for user in users}
    return [timeline.entry(event, names=names) for event in events]


def mails(quote: Quote) -> list[Mail]:
    about = OutgoingEmail.objects.filter(about=quote.number).defer("html", "context", "sealed_secrets")
    return [
        Mail(
            email=email,
            tone=MAIL_TONES.get(OutgoingEmail.State(email.state), "quiet"),
            can_repeat=email.is_settled and not email.carries_secret,
        )
        for email in about[:MAX_MAILS]
    ]
