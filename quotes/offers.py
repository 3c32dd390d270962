"""What a move of the desk is: when it is offered, in which words, and what the customer will see of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from quotes.journal import Actor
from quotes.models import Quote, QuoteVersion

Offered = Callable[[Quote, QuoteVersion | None], bool]
Run = Callable[[Quote, Actor, str], Quote | None]  # the last is what the form asked for: words or a reason


@dataclass(frozen=True)
class Move:
    """`effects` and `done` may name {email}, {number}, {customer}.

    `reason` labels a field that asks why; a move that `mails` shows its mail, whose words may be changed;
    `why_not` is said instead of the quote's state where that would explain nothing.
    """

    path: str
    label: str
    effects: tuple[str, ...]
    done: str
    offered: Offered
    run: Run
    reason: str = ""
    grave: bool = False
    mails: bool = False
    why_not: str = ""
