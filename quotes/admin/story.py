"""What has happened to a quote, for its page: questions, journal, mails."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User

from notifications.models import OutgoingEmail
from quotes import timeline
from quotes.models import Question, Quote

MAX_MAILS = 40
MAIL_TONES = {
    OutgoingEmail.State.SENT: "ok",
    OutgoingEmail.State.FAILED: "bad",
    OutgoingEmail.State.ATTENTION: "bad",
    OutgoingEmail.State.OUTDATED: "warn",
}


@dataclass(frozen=True)
class Mail:
    """A mail about the quote; `can_repeat` when the same words may leave once more."""

    email: OutgoingEmail
    tone: str
    can_repeat: bool


def story(quote: Quote) -> dict[str, Any]:
    questions = list(quote.questions.select_related("answer__author").order_by("-asked_at", "-pk"))
    return {
        "questions": questions,
        "has_open_question": any(not is_answered(question) for question in questions),
        "entries": entries(quote),
        "mails": mails(quote),
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
