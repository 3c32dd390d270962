"""From the working copy to the customer's mailbox: create, freeze, render (elsewhere), send."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from notifications import outbox
from quotes import emails, glance, journal, links, versions
from quotes.journal import Actor
from quotes.models import Company, Customer, IllegalMove, NumberCounter, Quote, QuoteLine, QuoteVersion
from quotes.models.quote import today_in_paris
from quotes.models.version import version_hash
from quotes.workflow.locking import locked
from quotes.workflow.reminding import plan_reminder


@transaction.atomic
def create_quote(*, customer: Customer, owner: User, actor: Actor, **fields: Any) -> Quote:
    """A new draft: it takes its number now and keeps it for ever."""
    today = today_in_paris()
    company = Company.current()
    fields.setdefault("issued_on", today)
    fields.setdefault("valid_until", today + dt.timedelta(days=company.default_validity_days))
    if "deposit_kind" not in fields:
        fields |= _default_deposit(company)
    quote = Quote.objects.create(
        number=NumberCounter.take(today.year), customer=customer, owner=owner, **fields
    )
    journal.open_journal(quote)
    journal.append(quote, "created", actor=actor)
    return quote


def _default_deposit(company: Company) -> dict[str, Any]:
    if not company.default_deposit_percent:
        return {"deposit_kind": Quote.DepositKind.NONE, "deposit_value": 0}
    return {"deposit_kind": Quote.DepositKind.PERCENT, "deposit_value": company.default_deposit_percent}


COPIED = (
    "title",
    "worksite",
    "contract",
    "withdrawal_exception",
    "withdrawal_reason",
    "intro",
    "outro",
    "conditions",
    "deposit_kind",
    "deposit_value",
    "payment_methods",
    "start",
    "duration",
    "internal_note",
    "tags",
)


@transaction.atomic
def duplicate(quote_id: int, *, actor: Actor) -> Quote:
    """A new draft with the same words and lines, its own number and today's dates."""
    model = locked(quote_id)
    copy = create_quote(
        customer=model.customer,
        owner=model.owner,
        actor=actor,
        **{field: getattr(model, field) for field in COPIED},
    )
    QuoteLine.objects.bulk_create(QuoteLine(quote=copy, **line.copied) for line in model.lines.all())
    glance.refresh(copy)
    return copy


@transaction.atomic
def revise(quote_id: int, *, actor: Actor) -> Quote:
    """Open the working copy for the next version; the version in force stays in force."""
    quote = locked(quote_id)
    if quote.state not in Quote.REVISABLE:
        raise IllegalMove(f"{quote.number}: no new version while {quote.state}")
    if not quote.revising:
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
    quote = locked(quote_id)
    if not quote.is_editable:
        raise IllegalMove(f"{quote.number}: nothing new to send while {quote.state}")
    version = versions.freeze(quote, mail_words=words)
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
    """The PDF is stored: the version comes into force and the mail with its link is queued."""
    version = QuoteVersion.objects.get(pk=version_id)
    quote = locked(version.quote_id)
    version.refresh_from_db()
    if version.done_at is not None:
        return quote
    before = quote.current_version
    quote.versions.filter(is_current=True).update(is_current=False)
    _come_into_force(version, pdf=pdf, pdf_sha256=pdf_sha256)
    quote.revising, quote.refused_at = False, None
    quote.save(update_fields=["revising", "refused_at"])
    quote.move_to(Quote.State.SENT)
    plan_reminder(quote, version, after=timezone.now())
    _mail_the_link(quote, version, before=before)
    return quote


def _come_into_force(version: QuoteVersion, *, pdf: str, pdf_sha256: str) -> None:
    version.pdf.name = pdf
    version.pdf_sha256 = pdf_sha256
    version.version_hash = version_hash(content_sha256=version.content_sha256, pdf_sha256=pdf_sha256)
    version.is_current, version.done_at, version.claimed_until = True, timezone.now(), None
    version.save()


def _mail_the_link(quote: Quote, version: QuoteVersion, *, before: QuoteVersion | None) -> None:
    link, address = links.make_link(quote)
    if before is None:
        emails.sent(quote, version, link, address)
    else:
        changes = versions.changes(before.reading, version.reading)
        emails.new_version(quote, version, link, address, changes=changes)
    journal.append(
        quote,
        "sent",
        actor=Actor.system(),
        version=version.number,
        version_hash=version.version_hash,
        pdf_sha256=version.pdf_sha256,
        link=link.pk,
        to=link.email,
    )


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
    quote.move_to(Quote.State.DRAFT)
    emails.sending_failed(quote, reason=reason)
    journal.append(quote, "sending_failed", actor=Actor.system(), version=version.number, reason=reason[:500])
