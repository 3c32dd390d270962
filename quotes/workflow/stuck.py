"""What goes by itself and does not: its owner is told, once, by mail and notification."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction

from quotes import emails, journal
from quotes.journal import Actor
from quotes.workflow.locking import locked


@transaction.atomic
def tell_stuck(quote_id: int, *, what: str, effect: str, to_do: str, reason: str) -> None:
    """In sentences: what does not go on, what that means for the customer, what can be done; the queue tries again."""
    quote = locked(quote_id)
    emails.stuck(quote, what=what, effect=effect, to_do=to_do, reason=reason)
    journal.append(quote, "step_failed", actor=Actor.system(), what=what, reason=reason[:500])


@transaction.atomic
def retry(quote_id: int, *, what: str, revive: Callable[[], bool], actor: Actor) -> bool:
    """« Réessayer »: `revive` puts the row of a queue back. False, and nothing is written, when it does not."""
    quote = locked(quote_id)
    if not revive():
        return False
    journal.append(quote, "retried", actor=actor, what=what)
    return True
