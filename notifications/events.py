"""What the applications above declare: their mails, and what staff may be told of.

Each has an `events.py`, imported once all models are there (`NotificationsConfig.ready`); it hands its objects to
`declare`, and whoever reads them, here or above, asks this module.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from notifications.models import OutgoingEmail

Handler = Callable[[OutgoingEmail], None]


class Undeclared(Exception):
    """No `events.py` knows of it."""


@dataclass(frozen=True)
class Notice:
    """A kind of thing that staff are told of; an important one reaches everyone by one way at least."""

    name: str
    label: str
    is_important: bool = False


@dataclass(frozen=True)
class Mail:
    """`message` names its templates, `name` is what it is called in a sentence: « la relance ».

    `notice` is by what staff choose whether they get it; a mail to anybody else has none.

    `settled` is called once a mail is sent, failed, outdated or given up, in the transaction that writes it down,
    and again by the sweep until it has not raised; `stuck` when it cannot be written and waits for an operator;
    `held` says why it may not be repeated now; `about_account` marks what staff get without a choice.
    """

    message: str
    name: str
    notice: Notice | None = None
    settled: Handler | None = None
    stuck: Handler | None = None
    held: Callable[[OutgoingEmail], str] | None = None
    about_account: bool = False

    @property
    def is_for_staff(self) -> bool:
        """Our own people, whose address was right before: a server's no is asked for again."""
        return self.notice is not None or self.about_account

    def why_held(self, email: OutgoingEmail) -> str:
        """Why this mail is not repeated now; empty: it may be."""
        if email.is_forgotten:
            return "Ce mail est trop ancien pour repartir : ce qu'il disait n'est plus gardé."
        return self.held(email) if self.held else ""


_mails: dict[str, Mail] = {}
_notices: dict[str, Notice] = {}


def declare(*declared: Mail | Notice) -> None:
    """A mail brings its notice along; the same thing may be declared twice, two things by one name may not."""
    for one in declared:
        if isinstance(one, Notice):
            known: Mail | Notice = _notices.setdefault(one.name, one)
        else:
            known = _mails.setdefault(one.message, one)
        if known != one:
            raise ValueError(f"declared twice: {known} and {one}")
        if isinstance(one, Mail) and one.notice is not None:
            declare(one.notice)


def mails() -> list[Mail]:
    return list(_mails.values())


def mail_of(message: str) -> Mail:
    try:
        return _mails[message]
    except KeyError:
        raise Undeclared(message) from None


def find_mail(message: str) -> Mail:
    """For reading: what is not declared, yet or any more, is shown by its own name."""
    return _mails.get(message) or Mail(message, message)


def notice_of(message: str) -> Notice:
    """What staff are told by this mail."""
    notice = mail_of(message).notice
    if notice is None:
        raise Undeclared(f"{message} tells staff nothing")
    return notice


def notices() -> list[Notice]:
    """The important ones first."""
    return sorted(_notices.values(), key=lambda notice: (not notice.is_important, notice.label))


def find_notice(name: str) -> Notice | None:
    return _notices.get(name)
