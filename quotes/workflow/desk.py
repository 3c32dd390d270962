"""What the owner decides about a quote that is out."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone

from notifications import outbox
from quotes import emails, journal, rules
from quotes.journal import Actor
from quotes.models import AccessLink, Customer, Declaration, IllegalMove, Quote
from quotes.rules import Reason, Verb
from quotes.workflow.locking import locked
from quotes.workflow.reminding import plan_reminder


@transaction.atomic
def block(quote_id: int, *, reason: str, actor: Actor) -> None:
    """The customer's pages say that access is suspended, and no mail that waits leads to them any more."""
    quote = locked(quote_id)
    quote.require(Verb.BLOCK)
    quote.blocked_at, quote.blocked_reason = timezone.now(), reason
    quote.save(update_fields=["blocked_at", "blocked_reason"])
    outbox.take_back(quote.number)
    journal.append(quote, "blocked", actor=actor, reason=reason)


@transaction.atomic
def unblock(quote_id: int, *, actor: Actor) -> None:
    """The customer's pages come back, and with them the reminders that are still to come."""
    quote = locked(quote_id)
    version = quote.version_for(Verb.UNBLOCK)
    quote.blocked_at, quote.blocked_reason = None, ""
    quote.save(update_fields=["blocked_at", "blocked_reason"])
    if quote.may(Verb.REMIND):
        plan_reminder(quote, version, after=timezone.now())
    journal.append(quote, "unblocked", actor=actor)


@transaction.atomic
def cancel(quote_id: int, *, actor: Actor) -> None:
    _move(quote_id, Verb.CANCEL, "cancelled", actor)


@transaction.atomic
def mark_refused(quote_id: int, *, reason: str, actor: Actor) -> None:
    """The customer said no by other ways; nobody is written to."""
    quote = _move(quote_id, Verb.MARK_REFUSED, "marked_refused", actor, reason=reason)
    quote.refused_at = timezone.now()
    quote.save(update_fields=["refused_at"])


@transaction.atomic
def mark_done(
    quote_id: int,
    *,
    actor: Actor,
    performed_on: dt.date | None = None,
    delivered_on: dt.date | None = None,
) -> None:
    """Filed: of a contract the customer keeps the page, the deposit to pay and the right to withdraw.

    `performed_on` is the end of the works; `delivered_on` where goods came and nobody had said so yet.
    """
    told = {"performed_on": performed_on.isoformat()} if performed_on else {}
    quote = _move(quote_id, Verb.MARK_DONE, "done", actor, **told)
    quote.performed_on = performed_on
    quote.save(update_fields=["performed_on"])
    if delivered_on is not None and quote.may(Verb.MARK_DELIVERED):
        _deliver(quote, delivered_on, actor=actor)


@transaction.atomic
def mark_delivered(quote_id: int, *, delivered_on: dt.date, actor: Actor) -> None:
    """« Matériel livré », the last parcel: from here on the right to withdraw has an end, which is mailed."""
    quote = locked(quote_id)
    quote.require(Verb.MARK_DELIVERED)
    _deliver(quote, delivered_on, actor=actor)


def _deliver(quote: Quote, delivered_on: dt.date, *, actor: Actor) -> None:
    quote.delivered_on = delivered_on
    quote.save(update_fields=["delivered_on"])
    last_day = quote.withdrawal_last_day()
    if last_day is None:
        raise IllegalMove(quote, Reason.NO_DELIVERY)
    emails.delivered_goods(quote, last_day=last_day)
    journal.append(
        quote,
        "goods_delivered",
        actor=actor,
        delivered_on=delivered_on.isoformat(),
        last_day=last_day.isoformat(),
    )


@transaction.atomic
def say_nature(quote_id: int, *, nature: Quote.Nature, actor: Actor) -> None:
    """« Fourniture ou main-d'œuvre ? », of a contract that was signed before it was asked."""
    quote = locked(quote_id)
    quote.require(Verb.SAY_NATURE)
    quote.nature = nature
    quote.save(update_fields=["nature"])
    journal.append(quote, "nature_said", actor=actor, nature=str(nature.label))


def _move(quote_id: int, verb: Verb, kind: str, actor: Actor, **facts: str) -> Quote:
    quote = locked(quote_id)
    quote.require(verb)
    quote.move_to(Quote.State(rules.LEADS_TO[verb].value))
    if quote.revising and quote.state not in Quote.REVISABLE:
        quote.revising = False
        quote.save(update_fields=["revising"])
    journal.append(quote, kind, actor=actor, **facts)
    return quote


@transaction.atomic
def change_email(customer_id: int, *, email: str, actor: Actor) -> None:
    """The customer's new address; every link to the old one is revoked, and with it every open code.

    Whoever reads the old one, and the colleagues who have quotes for this customer, hear of it.
    Versions were made for the old one: what is open needs a new version before it can be read or signed again.
    """
    customer = Customer.objects.select_for_update(no_key=True).get(pk=customer_id)
    theirs = Quote.objects.filter(customer=customer_id).order_by("pk").values_list("pk", flat=True)
    quotes = [locked(pk) for pk in list(theirs)]
    if customer.email == email:
        return
    old = customer.email
    was_written_to = AccessLink.objects.filter(quote__in=quotes, email__iexact=old).exists()
    customer.email = email
    customer.save(update_fields=["email"])
    AccessLink.objects.filter(quote__in=quotes, revoked_at=None).update(revoked_at=timezone.now())
    # Who is asked whether they withdraw is the contract's mailbox, so the new one: the sweep writes to it.
    Declaration.objects.standing().filter(quote__in=quotes).update(
        asked_at=None, token_sha256=None, nonce="", code_expires_at=None
    )
    for quote in quotes:
        outbox.take_back(quote.number)
        journal.append(quote, "email_changed", actor=actor, to=email)
    if was_written_to:
        emails.address_changed(customer, old=old)
    emails.address_changed_by(actor, quotes, old=old, new=email)
