"""What happens by itself with time: the days of the law, reminders, and payments that no webhook told of."""

from __future__ import annotations

import datetime as dt
import html
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.utils import timezone

from demo.stripe_standin.faults import FaultKind, PlannedFault
from demo.stripe_standin.standin import StandIn
from payments import rules, workflow
from payments.models import BalanceStatus, Deposit, Payment, Refund
from payments.rules import balance_status_of
from payments.tests.factories import (
    CUSTOMER,
    deposit_of,
    kinds,
    make_accepted_quote,
    open_page,
    pay,
    session_of,
    withdraw,
)
from payments.tests.stripe_side import intent_of
from payments.tests.test_transfer import confirm
from payments.workflow import Announced, Paying
from quotes.models import Quote
from quotes.tests.factories import mails, make_business, visitor

pytestmark = pytest.mark.django_db
PARIS = ZoneInfo("Europe/Paris")
SIGNED = dt.datetime(2026, 11, 24, 14, 41, tzinfo=PARIS)


def page(quote: Quote) -> str:
    return html.unescape(visitor(quote).get(quote.get_absolute_url()).content.decode())


def at(moment: dt.datetime) -> Any:
    return time_machine.travel(moment, tick=False)


# Art. L221-10: nothing from a consumer off premises before seven days have passed


def signed_off_premises(moment: dt.datetime = SIGNED, **fields: Any) -> Quote:
    with at(moment):
        return make_accepted_quote(
            contract=Quote.Contract.OFF_PREMISES, start="3 semaines après la signature", **fields
        )


@pytest.mark.parametrize(
    ("signed", "opens"),
    [
        (SIGNED, dt.datetime(2026, 12, 2, tzinfo=PARIS)),
        # Across both changes of the clocks, and in the last and first second of a day in Paris.
        (dt.datetime(2026, 10, 20, 23, 59, 59, tzinfo=PARIS), dt.datetime(2026, 10, 28, tzinfo=PARIS)),
        (dt.datetime(2026, 10, 21, 0, 0, 0, tzinfo=PARIS), dt.datetime(2026, 10, 29, tzinfo=PARIS)),
        (dt.datetime(2026, 3, 23, 12, tzinfo=PARIS), dt.datetime(2026, 3, 31, tzinfo=PARIS)),
        (dt.datetime(2026, 12, 31, 23, 30, tzinfo=PARIS), dt.datetime(2027, 1, 8, tzinfo=PARIS)),
    ],
)
def test_the_deposit_opens_at_midnight_in_paris_of_day_eight(
    stripe: StandIn, signed: dt.datetime, opens: dt.datetime
) -> None:
    quote = signed_off_premises(signed)
    with at(opens - dt.timedelta(seconds=1)):
        assert balance_status_of(quote) is BalanceStatus.NOT_YET
        assert workflow.pay_by_card(quote.pk, actor=CUSTOMER) == (Paying.TOO_EARLY, "")
        assert workflow.announce_transfer(quote.pk, actor=CUSTOMER) is Announced.NOT_OPEN
    with at(opens):
        assert balance_status_of(quote) is BalanceStatus.DUE
        assert workflow.announce_transfer(quote.pk, actor=CUSTOMER) is Announced.DONE
        assert workflow.pay_by_card(quote.pk, actor=CUSTOMER)[0] is Paying.REDIRECT


def test_before_it_opens_the_page_shows_the_date_and_no_way_to_pay(stripe: StandIn) -> None:
    quote = signed_off_premises()
    with at(SIGNED + dt.timedelta(days=3)):
        shown = page(quote)
    assert "2\u00a0décembre\u00a02026" in shown
    for absent in ("Régler mon acompte", "J'ai fait le virement", "FR76", "QR code"):
        assert absent not in shown


def test_a_mail_goes_out_once_when_it_opens() -> None:
    quote = signed_off_premises()
    for moment, count in ((dt.timedelta(days=7), 0), (dt.timedelta(days=8), 1), (dt.timedelta(days=9), 1)):
        with at(SIGNED + moment):
            workflow.sweep()
        assert mails("payments/open_now", quote).count() == count
    assert kinds(quote).count("deposit_opened") == 1


@pytest.mark.parametrize("state", ["withdrawn", "paid"])
def test_no_mail_when_there_is_nothing_to_pay_any_more(state: str) -> None:
    quote = signed_off_premises()
    with at(SIGNED + dt.timedelta(days=2)):
        if state == "withdrawn":
            withdraw(quote)
        else:
            confirm(quote, "2681.81")
    with at(SIGNED + dt.timedelta(days=9)):
        workflow.sweep()
    assert not mails("payments/open_now", quote).exists()


@pytest.mark.parametrize(
    "fields",
    [
        {"contract": Quote.Contract.DISTANCE},
        {"contract": Quote.Contract.ON_PREMISES},
    ],
)
def test_other_contracts_open_at_once(fields: dict[str, Any]) -> None:
    with at(SIGNED):
        assert balance_status_of(make_accepted_quote(**fields)) is BalanceStatus.DUE


def test_a_professional_may_pay_at_once() -> None:
    with at(SIGNED):
        quote = make_accepted_quote(
            contract=Quote.Contract.OFF_PREMISES, customer=make_business(), small_business=False
        )
        assert balance_status_of(quote) is BalanceStatus.DUE


# Reminders


def reminded(quote: Quote, days: float) -> int:
    with at(SIGNED + dt.timedelta(days=days)):
        workflow.sweep()
    return int(mails("payments/reminder", quote).count())


def test_reminders_after_three_and_seven_days() -> None:
    with at(SIGNED):
        quote = make_accepted_quote()
    days = (0, 2.9, 3, 3.1, 6.9, 7, 8, 30)
    assert [reminded(quote, day) for day in days] == [0, 0, 1, 1, 1, 2, 2, 2]
    assert mails("payments/reminder", quote).first().context["quote_url"].endswith(quote.get_absolute_url())


def test_a_machine_that_was_off_reminds_once() -> None:
    with at(SIGNED):
        quote = make_accepted_quote()
    assert [reminded(quote, day) for day in (10, 11)] == [1, 1]


@pytest.mark.parametrize("days", [[], [5]])
def test_the_company_chooses_the_days(days: list[int]) -> None:
    with at(SIGNED):
        quote = make_accepted_quote({"deposit_reminder_days": days})
    assert [reminded(quote, day) for day in (4, 5, 8)] == ([0, 0, 0] if not days else [0, 1, 1])


@pytest.mark.parametrize("why", ["paid", "withdrawn", "refused", "cancelled", "announced"])
def test_reminders_stop(why: str) -> None:
    with at(SIGNED):
        quote = make_accepted_quote()
        if why == "paid":
            confirm(quote, "2681.81")
        elif why == "withdrawn":
            withdraw(quote)
        elif why == "announced":
            workflow.announce_transfer(quote.pk, actor=CUSTOMER)
        else:
            Quote.objects.filter(pk=quote.pk).update(state=why)
    assert reminded(quote, 8) == 0


def test_after_the_days_of_the_law_reminders_count_from_the_opening() -> None:
    quote = signed_off_premises()
    assert [reminded(quote, day) for day in (8, 10.3, 10.4, 14.5)] == [0, 0, 1, 2]


def test_a_deposit_is_asked_for_without_anybody_looking() -> None:
    quote = make_accepted_quote()
    none = make_accepted_quote(deposit_kind="none", deposit_value=0)
    workflow.sweep()
    assert deposit_of(quote).amount == rules.deposit_of(quote).amount  # type: ignore[union-attr]
    assert not Deposit.objects.filter(quote=none).exists()
    assert kinds(quote).count("deposit_requested") == 1


# Payments that no webhook told of


def test_a_payment_whose_webhook_never_came_is_found_within_two_hours(stripe: StandIn) -> None:
    quote = make_accepted_quote()
    now = timezone.now()
    payment = open_page(quote)
    stripe.pay_with(session_of(payment))
    for minutes in range(1, 120, 1):
        with time_machine.travel(now + dt.timedelta(minutes=minutes)):
            workflow.sweep()
            if balance_status_of(quote) is BalanceStatus.PAID:
                break
    else:
        raise AssertionError("not found")
    assert minutes <= 5
    assert mails("payments/receipt", quote).count() == 1


@pytest.mark.parametrize("paid_after", [1, 29, 59, 179, 600])
def test_however_late_it_was_paid(stripe: StandIn, paid_after: int) -> None:
    """The pause between two looks grows, never beyond half an hour."""
    quote = make_accepted_quote()
    now = timezone.now()
    payment = open_page(quote)
    found = None
    for minutes in range(1, paid_after + 121):
        if minutes == paid_after:
            stripe.pay_with(session_of(payment))
        with time_machine.travel(now + dt.timedelta(minutes=minutes)):
            workflow.reconcile()
        payment.refresh_from_db()
        if payment.is_paid:
            found = minutes
            break
    assert found is not None
    assert found - paid_after <= 31


def test_an_abandoned_page_is_seen_to_have_ended(stripe: StandIn) -> None:
    quote = make_accepted_quote()
    payment = open_page(quote)
    stripe.bank.expire(session_of(payment))
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=3)):
        workflow.sweep()
    payment.refresh_from_db()
    assert payment.state == Payment.State.EXPIRED
    assert payment.next_check_at is None


def test_a_refund_whose_webhook_never_came_is_found_the_next_day(stripe: StandIn) -> None:
    quote = make_accepted_quote()
    payment = pay(stripe, quote)
    stripe.afterwards.refund(intent=intent_of(stripe, session_of(payment)), amount=1000)
    with time_machine.travel(timezone.now() + dt.timedelta(days=1, minutes=1)):
        workflow.reconcile()
    assert Refund.objects.get().state == Refund.State.SUCCEEDED


def test_while_stripe_is_away_the_sweep_asks_once_and_goes_on(stripe: StandIn) -> None:
    quotes = [make_accepted_quote() for _ in range(3)]
    for quote in quotes:
        open_page(quote)
    stripe.faults.plan(PlannedFault(FaultKind.ERROR, times=1000))
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=3)):
        workflow.sweep()
    assert Payment.objects.filter(checks=1).count() == 1


def test_a_page_that_stripe_does_not_know_any_more_is_given_up_and_told(stripe: StandIn) -> None:
    """The company has changed its Stripe account meanwhile."""
    quote = make_accepted_quote()
    payment = open_page(quote)
    stripe.store.empty()
    for days, state in ((1, Payment.State.OPEN), (2, Payment.State.FAILED)):
        with time_machine.travel(timezone.now() + dt.timedelta(days=days, minutes=1)):
            workflow.reconcile()
        payment.refresh_from_db()
        assert payment.state == state
    assert mails("payments/card_refused_owner", quote).count() == 1
    assert workflow.pay_by_card(quote.pk, actor=CUSTOMER)[0] is Paying.REDIRECT
