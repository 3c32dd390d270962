"""What the owner decides about a quote that is out."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from quotes import journal
from quotes.journal import Actor
from quotes.models import AccessLink, Customer, IllegalMove, Quote
from quotes.workflow.locking import locked
from quotes.workflow.reminding import plan_reminder


@transaction.atomic
def block(quote_id: int, *, reason: str, actor: Actor) -> None:
    """The customer's pages say that access is suspended; it must have some to suspend."""
    quote = locked(quote_id)
    if quote.blocked_at is not None or quote.state in Quote.CONCLUDED or quote.current_version is None:
        raise IllegalMove(f"{quote.number}: nothing to block while {quote.state}")
    quote.blocked_at, quote.blocked_reason = timezone.now(), reason
    quote.save(update_fields=["blocked_at", "blocked_reason"])
    journal.append(quote, "blocked", actor=actor, reason=reason)


@transaction.atomic
def unblock(quote_id: int, *, actor: Actor) -> None:
    """The customer's pages come back, and with them the reminders that are still to come."""
    quote = locked(quote_id)
    version = quote.current_version
    if not quote.is_blocked or version is None:
        raise IllegalMove(f"{quote.number}: nothing to unblock while {quote.state}")
    quote.blocked_at, quote.blocked_reason = None, ""
    quote.save(update_fields=["blocked_at", "blocked_reason"])
    if quote.state in Quote.SIGNABLE:
        plan_reminder(quote, version, after=timezone.now())
    journal.append(quote, "unblocked", actor=actor)


@transaction.atomic
def cancel(quote_id: int, *, actor: Actor) -> None:
    _move(quote_id, Quote.State.CANCELLED, "cancelled", actor)


@transaction.atomic
def mark_refused(quote_id: int, *, reason: str, actor: Actor) -> None:
    """The customer said no by other ways; nobody is written to."""
    quote = _move(quote_id, Quote.State.REFUSED, "marked_refused", actor, reason=reason)
    quote.refused_at = timezone.now()
    quote.save(update_fields=["refused_at"])


@transaction.atomic
def mark_done(quote_id: int, *, actor: Actor) -> None:
    _move(quote_id, Quote.State.DONE, "done", actor)


def _move(quote_id: int, state: Quote.State, kind: str, actor: Actor, **facts: str) -> Quote:
    quote = locked(quote_id)
    quote.move_to(state)
    if quote.revising and state not in Quote.REVISABLE:
        quote.revising = False
        quote.save(update_fields=["revising"])
    journal.append(quote, kind, actor=actor, **facts)
    return quote


@transaction.atomic
def change_email(customer_id: int, *, email: str, actor: Actor) -> None:
    """The customer's new address; every link to the old one is revoked, and with it every open code."""
    quotes = [locked(pk) for pk in _quotes_of(customer_id)]
    customer = Customer.objects.get(pk=customer_id)
    if customer.email == email:
        return
    customer.email = email
    customer.save(update_fields=["email"])
    AccessLink.objects.filter(quote__in=quotes, revoked_at=None).update(revoked_at=timezone.now())
    for quote in quotes:
        journal.append(quote, "email_changed", actor=actor, to=email)


def _quotes_of(customer_id: int) -> list[int]:
    return list(Quote.objects.filter(customer=customer_id).order_by("pk").values_list("pk", flat=True))
