"""What a fact of the journal is: declared once, by the application that writes it, in its `events.py`.

Journal, history, lists and certificate ask here; none of them has a list of kinds of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from notifications import events
from notifications.events import Mail, Notice, Undeclared

if TYPE_CHECKING:
    from quotes.models import Quote

FAILURE = Notice("failure", "Mail, PDF ou paiement en échec", is_important=True)


class Tone(StrEnum):
    """How the history shows it; what is quiet is a click away once the history is long."""

    PLAIN = ""
    GOOD = "ok"
    BAD = "bad"
    QUIET = "quiet"


@dataclass(frozen=True)
class Fact:
    """`headline` says it in a few words; `sentence` in one, naming the fact's own fields: "Réponse envoyée à {to}."

    A field may be written out: `{amount:money}`, `{valid_until:day}`, `{message:mail}`. `certificate` is its line on
    the certificate of a signature, which bears none for most. `mails` are those that it sends; `notice` is what staff
    are told without one.
    """

    kind: str
    headline: str
    sentence: str = ""
    tone: Tone = Tone.PLAIN
    moves_list: bool = True
    is_payment: bool = False
    certificate: str = ""
    mails: tuple[Mail, ...] = ()
    notice: Notice | None = None


@dataclass(frozen=True)
class QuoteMail(Mail):
    """`certificate`: the certificate's line for its delivery, naming the fields of `mail_sent`."""

    certificate: str = ""


_facts: dict[str, Fact] = {}
_followers: list[Callable[[Quote], None]] = []


def declare(*facts: Fact) -> None:
    """With the mails and the notice of each."""
    for fact in facts:
        if fact.kind in _facts:
            raise ValueError(f"declared twice: {fact.kind}")
        _facts[fact.kind] = fact
        events.declare(*fact.mails, *([fact.notice] if fact.notice else []))


def declared() -> list[Fact]:
    return list(_facts.values())


def quiet_kinds() -> list[str]:
    """Told in the quote's own history; a list would not change for them."""
    return [fact.kind for fact in declared() if not fact.moves_list]


def fact_of(kind: str) -> Fact:
    try:
        return _facts[kind]
    except KeyError:
        raise Undeclared(kind) from None


def find(kind: str) -> Fact:
    """For reading: what is not declared, yet or any more, is shown by its own name."""
    return _facts.get(kind) or Fact(kind, kind.replace("_", " ").capitalize())


def follow(effect: Callable[[Quote], None]) -> None:
    """Call it with the quote's row after each fact that moves the list, in its transaction, under the quote's lock."""
    _followers.append(effect)


def followers() -> list[Callable[[Quote], None]]:
    return _followers
