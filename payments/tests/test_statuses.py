"""Where a deposit stands is stored for the lists, and is at every moment what the rule says."""

from __future__ import annotations

import datetime as dt
import importlib
from types import SimpleNamespace

import pytest
import time_machine
from django.apps import apps
from django.core.management import call_command
from django.db import connection

from demo.stripe_standin.standin import StandIn
from logisav.desk.payments import waiting
from logisav.desk.tests.desk import at_desk, manager, owner, text
from payments import rules, statuses, workflow
from payments.models import BalanceStatus, Deposit
from payments.tests.factories import (
    CUSTOMER,
    deposit_of,
    make_accepted_quote,
    open_page,
    pay,
    session_of,
    withdraw,
)
from payments.tests.stripe_side import REFUSED, WAITING, deliver_all
from payments.tests.test_transfer import confirm
from quotes import list_columns
from quotes import workflow as quotes
from quotes.journal import Actor
from quotes.models import Quote

pytestmark = pytest.mark.django_db
OWNER = Actor("staff", name="julien")
LIST = "/admin/payments/deposit/"


def stands(quote: Quote, status: BalanceStatus) -> None:
    assert BalanceStatus(deposit_of(quote).standing) is status
    assert list(statuses.differing()) == []
    assert list(list_columns.differing()) == []


@pytest.fixture
def quote() -> Quote:
    quote = make_accepted_quote()
    workflow.ensure_deposit(quote.pk)
    return quote


def test_a_transfer_in_parts_too_much_and_back(quote: Quote) -> None:
    stands(quote, BalanceStatus.DUE)
    workflow.announce_transfer(quote.pk, actor=CUSTOMER)
    stands(quote, BalanceStatus.DUE)
    confirm(quote, "1000")
    stands(quote, BalanceStatus.PARTIAL)
    paid = confirm(quote, "1681.81")
    stands(quote, BalanceStatus.PAID)
    confirm(quote, "10")
    stands(quote, BalanceStatus.OVERPAID)
    withdraw(quote)
    stands(quote, BalanceStatus.REFUND_DUE)
    workflow.request_refund(paid.pk, amount=paid.amount, reason="", actor=OWNER)
    stands(quote, BalanceStatus.REFUND_DUE)
    for payment in deposit_of(quote).payments.exclude(pk=paid.pk):
        workflow.request_refund(payment.pk, amount=payment.amount, reason="", actor=OWNER)
    stands(quote, BalanceStatus.REFUNDED)


def test_a_card_from_page_to_refund(stripe: StandIn, quote: Quote) -> None:
    stripe.pay_with(session_of(open_page(quote)), number=REFUSED, name="Claire Morel")
    deliver_all(stripe)
    stands(quote, BalanceStatus.DUE)
    payment = pay(stripe, quote)
    stands(quote, BalanceStatus.PAID)
    withdraw(quote)
    stands(quote, BalanceStatus.REFUND_DUE)
    refund = workflow.request_refund(payment.pk, amount=payment.amount, reason="", actor=OWNER)
    stands(quote, BalanceStatus.REFUND_DUE)
    workflow.send_refund(refund.pk)
    deliver_all(stripe)
    stands(quote, BalanceStatus.REFUNDED)


def test_a_payment_that_is_waited_for(stripe: StandIn, quote: Quote) -> None:
    pay(stripe, quote, number=WAITING)
    stands(quote, BalanceStatus.PENDING)


@pytest.mark.parametrize("done", [False, True])
def test_a_deposit_opens_with_its_day_whatever_the_quote_has_become(done: bool) -> None:
    quote = make_accepted_quote(contract=Quote.Contract.OFF_PREMISES, duration="3 jours")
    workflow.ensure_deposit(quote.pk)
    stands(quote, BalanceStatus.NOT_YET)
    if done:
        quotes.mark_done(quote.pk, actor=OWNER)
    deposit = deposit_of(quote)
    assert deposit.opens_on is not None
    with time_machine.travel(rules.opening(deposit.opens_on) + dt.timedelta(minutes=1), tick=False):
        workflow.sweep()
        stands(quote, BalanceStatus.DUE)


def test_the_list_is_filtered_by_it_and_seen_by_whom_it_concerns() -> None:
    mine, other = owner(), owner()
    quote = make_accepted_quote(owner=mine)
    confirm(quote, "100")
    assert quote.number in text(at_desk(mine).get(f"{LIST}?situation=partial"))
    assert quote.number not in text(at_desk(mine).get(f"{LIST}?situation=due"))
    assert quote.number not in text(at_desk(other).get(f"{LIST}?situation=partial"))


def test_the_first_page_counts_them_with_the_way_to_their_list(quote: Quote) -> None:
    user = manager()
    figures = {figure.url: figure.count for figure in waiting.figures(user)}
    assert figures[f"{LIST}?situation=due"] == 1
    confirm(quote, "100")
    browser = at_desk(user)
    page = text(browser.get("/admin/"))
    for figure in waiting.figures(user):
        assert figure.url in page
        assert len(browser.get(figure.url).context["cl"].result_list) == figure.count
    assert [figure.count for figure in waiting.figures(owner())] == [0, 0, 0]


def test_rows_from_before_are_filled_by_the_migration() -> None:
    paid, partial, back = make_accepted_quote(), make_accepted_quote(), make_accepted_quote()
    for quote, amount in ((paid, "2681.81"), (partial, "5"), (back, "2681.81")):
        confirm(quote, amount)
    withdraw(back)
    workflow.ensure_deposit(make_accepted_quote().pk)
    Deposit.objects.update(standing=BalanceStatus.NONE)
    migration = importlib.import_module("payments.migrations.0003_fill_standing")
    migration.fill(apps, SimpleNamespace(connection=connection))
    assert list(statuses.differing()) == []


def test_what_somebody_changed_by_hand_is_mended_and_told(
    quote: Quote, capsys: pytest.CaptureFixture[str]
) -> None:
    Quote.objects.filter(pk=quote.pk).update(turn=0)
    Deposit.objects.update(standing=BalanceStatus.PAID)
    call_command("refresh_lists")
    assert f"{quote.number} : standing, turn\n1 différence" in capsys.readouterr().out
    stands(quote, BalanceStatus.DUE)
