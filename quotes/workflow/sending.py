"""From the working copy to the customer's mailbox: create, freeze, render (elsewhere), send."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from lib.day import today_in_paris
from notifications import outbox
from quotes import emails, journal, links, list_columns, rules
from quotes.journal import Actor
from quotes.models import Aid, Company, Customer, NumberCounter, Quote, QuoteLine, QuoteVersion
from quotes.models.terms import QuoteTerms
from quotes.rules import Reason, Verb
from quotes.versions import comparison, freezing
from quotes.workflow.choosing import abandon_choice, complete_choice, start_from_choice
from quotes.workflow.enclosing import copy_enclosures
from quotes.workflow.locking import locked
from quotes.workflow.reminding import plan_reminder


@transaction.atomic
def create_quote(*, customer: Customer, owner: User, actor: Actor, **fields: Any) -> Quote:
    """A new draft: it takes its number now and keeps it for ever."""
    today = today_in_paris()
    company = Company.current()
    fields.setdefault("issued_on", today)
    fields.setdefault("valid_until", today + dt.timedelta(days=company.default_validity_days))
    if customer.is_individual and not fields.get("worksite"):
        fields["worksite"] = customer.address  # at home, unless it is said otherwise
    if "deposit_kind" not in fields:
        kind = Quote.DepositKind.PERCENT if company.default_deposit_percent else Quote.DepositKind.NONE
        fields |= {"deposit_kind": kind, "deposit_value": company.default_deposit_percent or 0}
    quote = Quote.objects.create(
        number=NumberCounter.take(today.year), customer=customer, owner=owner, **fields
    )
    journal.open_journal(quote)
    journal.append(quote, "created", actor=actor)
    return quote


# A template keeps what a quote says of itself; a copy also what it says of this customer.
COPIED = (*QuoteTerms.names(), "worksite", "internal_note")


@transaction.atomic
def duplicate(quote_id: int, *, actor: Actor) -> Quote:
    """A new draft with the same words, lines, aids and enclosures, its own number and today's dates."""
    model = locked(quote_id)
    copy = create_quote(
        customer=model.customer,
        owner=model.owner,
        actor=actor,
        **{field: getattr(model, field) for field in COPIED},
    )
    lines = list(model.lines.all())
    copies = QuoteLine.objects.bulk_create(QuoteLine(quote=copy, **line.copied) for line in lines)
    same = {line.identity: twin.identity for line, twin in zip(lines, copies, strict=True)}
    Aid.objects.bulk_create(
        Aid(quote=copy, **aid.copied | {"lines": [same.get(one, one) for one in aid.lines]})
        for aid in model.aids.all()
    )
    copy_enclosures(model, copy, same=same)
    list_columns.refresh(copy)
    return copy


@transaction.atomic
def revise(quote_id: int, *, actor: Actor) -> Quote:
    """Open the working copy for the next version, with the customer's choice; the version in force stays in force."""
    quote = locked(quote_id)
    quote.require(Verb.REVISE)
    start_from_choice(quote)
    quote.revising = True
    quote.save(update_fields=["revising"])
    journal.append(quote, "revision_started", actor=actor)
    return quote


@transaction.atomic
def send(quote_id: int, *, actor: Actor, words: str = "") -> QuoteVersion:
    """Freeze the next version and queue its rendering. Raises NotSendable or IllegalMove.

    `words` is what its mail says after the greeting, the usual sentence when empty.

    From now on the version in force, if there was one, can no longer be signed.
    """
    locked(quote_id)
    # In one statement once the lock is held: nobody changes the quote or its versions any more.
    quote = Quote.objects.to_freeze().get(pk=quote_id)
    quote.holding(getattr(quote, "version_in_force", None)).require(Verb.SEND)
    version = freezing.freeze(quote, number=quote.last_number + 1, mail_words=words)
    quote.move_to(Quote.State.SENDING)
    journal.append(
        quote,
        "version_frozen",
        actor=actor,
        version=version.number,
        content_sha256=version.content_sha256,
    )
    transaction.on_commit(lambda: outbox.nudge("quotes.render", version.pk), robust=True)
    return version


@transaction.atomic
def complete_sending(version_id: int, *, pdf: str, pdf_sha256: str) -> Quote:
    """The PDF is stored: the version comes into force and the mail with its link is queued.

    One that the customer chose takes its place without a mail (choosing.py). No mail where it would lead to
    nothing: the owner has blocked the access meanwhile, or the address has changed.
    """
    version = QuoteVersion.objects.get(pk=version_id)
    quote = locked(version.quote_id)
    version.refresh_from_db()
    if version.done_at is not None or version.failed_at is not None:
        return quote  # done before, or given up while a worker was still at it
    if version.chosen_on is not None:
        complete_choice(quote, version, pdf=pdf, pdf_sha256=pdf_sha256)
        return quote
    before = version.previous()
    version.come_into_force(pdf=pdf, pdf_sha256=pdf_sha256)
    why_no_mail = rules.why_not(Verb.MAIL_VERSION, quote.circumstances(version))
    quote.revising, quote.refused_at = False, None
    quote.choice, quote.choice_state = None, Quote.ChoiceState.NONE
    quote.save(update_fields=["revising", "refused_at", "choice", "choice_state"])
    quote.move_to(Quote.State.SENT)
    plan_reminder(quote, version, after=timezone.now())
    if why_no_mail is None:
        _mail_the_link(quote, version, before=before)
    else:
        _keep_back(quote, version, why_no_mail)
    return quote


def _mail_the_link(quote: Quote, version: QuoteVersion, *, before: QuoteVersion | None) -> None:
    link, address = links.make_link(quote)
    if before is None:
        emails.sent(quote, version, link, address)
    else:
        changes = comparison.changes(before.reading, version.reading)
        emails.new_version(quote, version, link, address, changes=changes)
    journal.append(
        quote,
        "sent",
        actor=Actor.system(),
        **version.named,
        link=link.pk,
        to=link.email,
    )


def _keep_back(quote: Quote, version: QuoteVersion, why: Reason) -> None:
    """In force, but nobody was written to."""
    journal.append(
        quote,
        "version_kept_back",
        actor=Actor.system(),
        **version.named,
        reason=quote.words_for(why),
    )


class DraftHasChanged(Exception):
    """The working copy is no longer what was frozen: it is sent anew, not that version once more."""


@transaction.atomic
def resume_sending(version_id: int, *, actor: Actor) -> None:
    """« Réessayer »: the version whose PDF could not be made goes back to its queue.

    Raises NotSendable, IllegalMove or DraftHasChanged.
    """
    version = QuoteVersion.objects.get(pk=version_id)
    locked(version.quote_id)
    quote = Quote.objects.to_freeze().get(pk=version.quote_id)
    quote.holding(getattr(quote, "version_in_force", None)).require(Verb.SEND)
    if version.number != quote.last_number or not freezing.still_says(quote, version):
        raise DraftHasChanged
    if not QuoteVersion.objects.all().revive(version_id):
        return
    quote.move_to(Quote.State.SENDING)
    journal.append(quote, "sending_resumed", actor=actor, version=version.number)
    transaction.on_commit(lambda: outbox.nudge("quotes.render", version_id), robust=True)


@transaction.atomic
def abandon_sending(version_id: int, *, reason: str) -> None:
    """The PDF cannot be made: the quote is a draft again and its owner is told."""
    version = QuoteVersion.objects.get(pk=version_id)
    quote = locked(version.quote_id)
    updated = QuoteVersion.objects.filter(pk=version_id, done_at=None, failed_at=None).update(
        failed_at=timezone.now(), claimed_until=None, error=reason[:2000]
    )
    if not updated:
        return
    if version.chosen_on is not None:
        abandon_choice(quote, version, reason=reason)
        return
    quote.move_to(Quote.State.DRAFT)
    emails.sending_failed(quote, reason=reason)
    journal.append(quote, "sending_failed", actor=Actor.system(), version=version.number, reason=reason[:500])
