"""Whatever happens by itself with time: deposits asked for, opened, recalled, looked up again, closed."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from lib.day import today_in_paris
from notifications import queue
from payments import emails, rules, statuses, stripe_gateway
from payments.models import SESSION_LIFE, Deposit, Payment
from payments.stripe_gateway import GatewayRefused
from payments.workflow import card
from payments.workflow.events import EVENTS
from payments.workflow.opening import ensure_deposit, locked_deposit
from payments.workflow.refunds import REFUNDS
from payments.workflow.settling import settle
from payments.workflow.stuck import EXPECTED, STRIPE, TELLS_AFTER, tell_deposit_stuck, tell_payment_stuck
from quotes import journal
from quotes import rules as quote_rules
from quotes.journal import Actor
from quotes.models import Company, Quote
from quotes.rules import Verb
from quotes.workflow.locking import locked

State = Payment.State
GIVEN_UP_AFTER = dt.timedelta(days=2)  # a page of which Stripe knows nothing, long after its end
LONGEST_PAUSE = dt.timedelta(minutes=30)
PAID_IS_CHECKED_FOR = dt.timedelta(days=120)  # as long as a card holder may dispute


def sweep() -> int:
    """One pass over all that is about money."""
    return queue.sweep(*WITH_STRIPE, *BY_ITSELF)


def reconcile() -> int:
    """Ask Stripe about every payment whose time has come: what no webhook told is found here."""
    return queue.sweep(LOOK_UPS)


def missing_deposits() -> list[int]:
    """Accepted quotes whose deposit has not been asked for yet."""
    asked = Quote.objects.filter(
        state__in=rules.PAYABLE,
        declared_at=None,
        accepted_at__isnull=False,  # a refusal that was filed is done too
        deposit=None,
        versions__is_current=True,
        versions__deposit__gt=0,
    )
    return list(asked.order_by("accepted_at", "pk").values_list("pk", flat=True))


# With Stripe


def unwanted_pages() -> list[int]:
    """Pages that nobody may pay on any more: a withdrawal, declared or effective, or the money came otherwise."""
    open_pages = Payment.objects.filter(state__in=(State.STARTED, State.OPEN)).select_related(
        "deposit__quote"
    )
    fallen = open_pages.exclude(deposit__quote__state__in=rules.PAYABLE, deposit__quote__declared_at=None)
    doubled = open_pages.filter(
        deposit__payments__state=State.PAID,
        deposit__quote__state__in=rules.PAYABLE,
        deposit__quote__declared_at=None,
    ).distinct()
    unwanted = [*fallen, *(pay for pay in doubled if pay.amount != pay.deposit.remaining)]
    return [payment.pk for payment in unwanted]


def look_up(payment: Payment) -> None:
    """What Stripe shows of it now; the pause before the next look grows."""
    running = Payment.objects.filter(pk=payment.pk, next_check_at__isnull=False)
    running.update(next_check_at=_next_check(payment), checks=F("checks") + 1)
    if payment.session_id is None:
        _find_session(payment)
        return
    try:
        settle(payment.pk, stripe_gateway.fetch_session(payment.session_id))
    except GatewayRefused as refusal:
        if payment.is_paid or timezone.now() < payment.created_at + GIVEN_UP_AFTER:
            raise
        card.give_up(payment.pk, str(refusal))


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


# With the customer


def opening_deposits() -> list[int]:
    """« Votre acompte peut être réglé »: the day has come that the law wants to be waited for."""
    waiting = Deposit.objects.filter(
        opens_on__lte=today_in_paris(),
        opening_told_at=None,
        quote__state__in=quote_rules.states(Verb.TELL_DEPOSIT_OPEN),
        quote__declared_at=None,
    )
    return [deposit.quote_id for deposit in waiting.with_quote() if rules.is_open(deposit)]


@transaction.atomic
def _tell_opening(quote_id: int) -> bool:
    deposit = locked_deposit(locked(quote_id))
    if deposit is None or deposit.opening_told_at is not None or not rules.is_open(deposit):
        return False
    if deposit.quote.declared_at is not None:  # told when the customer has disowned it
        return False
    deposit.opening_told_at = timezone.now()
    deposit.save(update_fields=["opening_told_at"])
    if not rules.may(Verb.TELL_DEPOSIT_OPEN, deposit):
        return False
    emails.open_now(deposit)
    journal.append(deposit.quote, "deposit_opened", actor=Actor.system(), amount=str(deposit.remaining))
    return True


def reminder_days() -> tuple[int, ...]:
    """The company's setting: so many days after the signature, or after the opening."""
    company = Company.objects.first()
    return tuple(sorted(company.deposit_reminder_days)) if company else ()


def due_reminders() -> list[int]:
    """Ends by itself once paid, announced, refused, withdrawn or cancelled."""
    days = reminder_days()
    if not days:
        return []
    earliest = timezone.now() - dt.timedelta(days=days[0])
    candidates = Deposit.objects.filter(
        Q(quote__accepted_at__lte=earliest),
        quote__state__in=quote_rules.states(Verb.REMIND_DEPOSIT),
        quote__declared_at=None,
        reminders__lt=len(days),
        transfer_announced_at=None,
    ).exclude(payments__state__in=(State.PAID, State.PENDING, State.SET_ASIDE))
    return [deposit.quote_id for deposit in candidates.with_quote() if _reminders_due(deposit, days)]


def _reminders_due(deposit: Deposit, days: tuple[int, ...]) -> int:
    """How many should have gone out by now; 0 when none is missing."""
    start = rules.opening(deposit.opens_on) if deposit.opens_on else deposit.quote.accepted_at
    if start is None:
        return 0
    passed = sum(timezone.now() >= start + dt.timedelta(days=after) for after in days)
    return passed if passed > deposit.reminders else 0


@transaction.atomic
def _remind(quote_id: int) -> bool:
    """One mail, even when the machine was off on the day of the one before."""
    days = reminder_days()
    deposit = locked_deposit(locked(quote_id))
    version = deposit and deposit.quote.current_version()
    if deposit is None or not version or not (passed := _reminders_due(deposit, days)):
        return False
    payable = rules.may(Verb.REMIND_DEPOSIT, deposit) and not deposit.transfer_announced_at
    if not payable or not rules.methods(deposit, version.reading, Company.current()):
        return False
    deposit.reminders = passed
    deposit.save(update_fields=["reminders"])
    emails.reminder(deposit)
    journal.append(deposit.quote, "deposit_reminded", actor=Actor.system(), amount=str(deposit.remaining))
    return True


# The queues


LOOK_UPS = queue.Queue(
    name="payments to look up",
    rows=Payment.objects.all,
    work=look_up,
    services=(STRIPE,),
    tells_after=TELLS_AFTER,
    tell=lambda payment, reason: tell_payment_stuck(payment.pk, reason),
    expected=EXPECTED,
)
WITH_STRIPE = (
    EVENTS,
    REFUNDS,
    queue.dated(
        "pages to close",
        find=unwanted_pages,
        work=card.close,
        services=(STRIPE,),
        tells_after=TELLS_AFTER,
        tell=tell_payment_stuck,
        expected=EXPECTED,
    ),
    LOOK_UPS,
)
BY_ITSELF = tuple(
    queue.dated(name, find=find, work=work, tells_after=8, tell=tell_deposit_stuck)
    for name, find, work in (
        ("deposits to ask for", missing_deposits, lambda pk: ensure_deposit(pk) is not None),
        ("deposits that open", opening_deposits, _tell_opening),
        ("standings of deposits", statuses.opening, statuses.refresh_locked),
        ("reminders of deposits", due_reminders, _remind),
    )
)
