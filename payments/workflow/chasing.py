"""Whatever happens by itself with time: deposits asked for, opened, recalled, looked up again, closed."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from payments import emails, rules, standings, stripe_gateway
from payments.models import SESSION_LIFE, Deposit, Payment
from payments.stripe_gateway import GatewayRefused, GatewayUnavailable
from payments.workflow import card
from payments.workflow.events import sweep_events
from payments.workflow.opening import ensure_deposit, locked_deposit
from payments.workflow.refunds import sweep_refunds
from payments.workflow.settling import settle
from quotes import journal
from quotes.journal import Actor
from quotes.models import Company, Quote
from quotes.workflow.locking import locked

State = Payment.State
BATCH = 20
GIVEN_UP_AFTER = dt.timedelta(days=2)  # a page of which Stripe knows nothing, long after its end
LONGEST_PAUSE = dt.timedelta(minutes=30)
PAID_IS_CHECKED_FOR = dt.timedelta(days=120)  # as long as a card holder may dispute
log = logging.getLogger(__name__)


def sweep() -> int:
    """One pass; a part that fails keeps no other from running."""
    parts: tuple[Callable[[], int], ...] = (
        ensure_deposits,
        lambda: sweep_events(limit=BATCH),
        lambda: sweep_refunds(limit=BATCH),
        close_unwanted,
        reconcile,
        open_deposits,
        standings.sweep,
        remind,
    )
    return sum(_run(part) for part in parts)


def _run(part: Callable[[], int]) -> int:
    try:
        return part()
    except Exception:
        log.exception("a part of the payments' sweep failed")
        return 0


def ensure_deposits() -> int:
    asked = Quote.objects.filter(
        state=Quote.State.ACCEPTED,
        deposit=None,
        versions__is_current=True,
        versions__deposit__gt=0,
    )
    return sum(ensure_deposit(pk) is not None for pk in list(asked.values_list("pk", flat=True)[:BATCH]))


# With Stripe


def close_unwanted() -> int:
    """Pages that nobody may pay on any more: the quote is withdrawn, or the money came by another way."""
    open_pages = Payment.objects.filter(state__in=(State.STARTED, State.OPEN)).select_related(
        "deposit__quote"
    )
    fallen = open_pages.exclude(deposit__quote__state=Quote.State.ACCEPTED)
    doubled = open_pages.filter(
        deposit__payments__state=State.PAID, deposit__quote__state=Quote.State.ACCEPTED
    ).distinct()
    unwanted = [*fallen[:BATCH], *(pay for pay in doubled[:BATCH] if pay.amount != pay.deposit.remaining)]
    return _with_stripe(card.close, [payment.pk for payment in unwanted])


def reconcile() -> int:
    """Ask Stripe about every payment whose time has come: what no webhook told is found here."""
    due = Payment.objects.to_check().filter(method=Payment.Method.CARD)[:BATCH]
    return _with_stripe(look_up, [payment.pk for payment in due])


def look_up(payment_id: int) -> None:
    """One payment, by one worker at a time; the pause before the next look grows."""
    payment = Payment.objects.get(pk=payment_id)
    taken = Payment.objects.to_check().filter(pk=payment_id)
    if not taken.update(next_check_at=_next_check(payment), checks=F("checks") + 1):
        return
    if payment.session_id is None:
        _find_session(payment)
        return
    try:
        settle(payment_id, stripe_gateway.fetch_session(payment.session_id))
    except GatewayRefused as refusal:
        if payment.is_paid or timezone.now() < payment.created_at + GIVEN_UP_AFTER:
            raise
        card.give_up(payment_id, str(refusal))


def _next_check(payment: Payment) -> dt.datetime | None:
    now = timezone.now()
    if payment.is_paid:
        ended = now - (payment.paid_at or now) > PAID_IS_CHECKED_FOR
        return None if ended else now + dt.timedelta(days=1)
    return now + min(dt.timedelta(minutes=2 << min(payment.checks, 8)), LONGEST_PAUSE)


def _find_session(payment: Payment) -> None:
    """The answer was lost. Until its end the same call finds the page; after it nobody can have paid there."""
    if payment.created_at + SESSION_LIFE > timezone.now():
        card.start(payment.pk)
    else:
        card.close(payment.pk)


def _with_stripe(verb: Callable[[int], None], payments: list[int]) -> int:
    """Each by itself; when Stripe does not answer the others wait for the next sweep."""
    for done, pk in enumerate(payments):
        try:
            verb(pk)
        except GatewayUnavailable as trouble:
            log.warning("payment %s: Stripe does not answer: %s", pk, trouble)
            return done
        except (GatewayRefused, stripe_gateway.TooEarly) as trouble:
            log.error("payment %s: %s", pk, trouble)
    return len(payments)


# With the customer


def open_deposits() -> int:
    """« Votre acompte peut être réglé »: the day has come that the law wants to be waited for."""
    waiting = Deposit.objects.filter(
        opens_on__isnull=False, opening_told_at=None, quote__state=Quote.State.ACCEPTED
    )
    ready = [deposit.quote_id for deposit in waiting.with_quote()[: 10 * BATCH] if rules.is_open(deposit)]
    return sum(_tell_opening(pk) for pk in ready[:BATCH])


@transaction.atomic
def _tell_opening(quote_id: int) -> bool:
    deposit = locked_deposit(locked(quote_id))
    if deposit is None or deposit.opening_told_at is not None or not rules.is_open(deposit):
        return False
    deposit.opening_told_at = timezone.now()
    deposit.save(update_fields=["opening_told_at"])
    if not rules.may_be_paid(deposit):
        return False
    emails.open_now(deposit)
    journal.append(deposit.quote, "deposit_opened", actor=Actor.system(), amount=str(deposit.remaining))
    return True


def reminder_days() -> tuple[int, ...]:
    """The company's setting: so many days after the signature, or after the opening."""
    company = Company.objects.first()
    return tuple(sorted(company.deposit_reminder_days)) if company else ()


def remind() -> int:
    """Ends by itself once paid, announced, refused, withdrawn or cancelled."""
    days = reminder_days()
    if not days:
        return 0
    earliest = timezone.now() - dt.timedelta(days=days[0])
    candidates = Deposit.objects.filter(
        Q(quote__accepted_at__lte=earliest),
        quote__state=Quote.State.ACCEPTED,
        reminders__lt=len(days),
        transfer_announced_at=None,
    ).exclude(payments__state__in=(State.PAID, State.PENDING, State.SET_ASIDE))
    due = [deposit.quote_id for deposit in candidates.with_quote() if _reminders_due(deposit, days)]
    return sum(_remind(pk, days) for pk in due[:BATCH])


def _reminders_due(deposit: Deposit, days: tuple[int, ...]) -> int:
    """How many should have gone out by now; 0 when none is missing."""
    start = rules.opening(deposit.opens_on) if deposit.opens_on else deposit.quote.accepted_at
    if start is None:
        return 0
    passed = sum(timezone.now() >= start + dt.timedelta(days=after) for after in days)
    return passed if passed > deposit.reminders else 0


@transaction.atomic
def _remind(quote_id: int, days: tuple[int, ...]) -> bool:
    """One mail, even when the machine was off on the day of the one before."""
    deposit = locked_deposit(locked(quote_id))
    version = deposit and deposit.quote.current_version
    if deposit is None or not version or not (passed := _reminders_due(deposit, days)):
        return False
    payable = rules.may_be_paid(deposit) and not deposit.transfer_announced_at
    if not payable or not rules.methods(deposit, version.reading):
        return False
    deposit.reminders = passed
    deposit.save(update_fields=["reminders"])
    emails.reminder(deposit)
    journal.append(deposit.quote, "deposit_reminded", actor=Actor.system(), amount=str(deposit.remaining))
    return True
