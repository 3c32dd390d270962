"""Two things at the same moment: one page, one state, no deadlock."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from demo.stripe_standin.standin import StandIn
from logisav.tests import crowd
from logisav.tests.figures import sample
from payments import workflow
from payments.models import Payment
from payments.stripe_gateway import GatewayUnavailable
from payments.tests.factories import (
    CUSTOMER,
    deposit_of,
    kinds,
    make_accepted_quote,
    open_page,
    session_of,
    withdraw,
)
from payments.tests.stripe_side import deliver
from payments.tests.test_replay import check_ledger
from payments.workflow import Paying
from quotes import journal
from quotes.models import Quote

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
PRESSES = 6
FULL = Decimal("2681.81")


def press(quote: Quote) -> Any:
    return workflow.pay_by_card(quote.pk, actor=CUSTOMER)


def transfer(quote: Quote) -> Any:
    return workflow.confirm_transfer(
        quote.pk, amount=FULL, received_on=dt.date(2026, 11, 24), actor=CUSTOMER, key=f"form-{quote.pk}"
    )


def test_pressing_many_times_at_once_opens_one_page(
    stripe: StandIn, figure: Callable[[str, str], None]
) -> None:
    runs, answers = sample(4, 200), Counter[str]()
    for _ in range(runs):
        quote = make_accepted_quote()
        results = crowd.at_once(*[lambda quote=quote: press(quote) for _ in range(PRESSES)])
        answers += Counter(name_of(result) for result in results)
        assert Payment.objects.filter(deposit__quote=quote).count() == 1
        assert len(pages_of(stripe, quote)) == 1
        assert len({result[1] for result in results if isinstance(result, tuple)}) == 1
        assert kinds(quote).count("deposit_requested") == 1
        assert journal.first_bad_row(quote) is None
    assert answers["REDIRECT"] >= runs
    figure(
        "same moment", f"{PRESSES} presses on the payment button: {runs} runs, {dict(answers)}, one page each"
    )


def name_of(result: object) -> str:
    """An answer that says « try again » is one; anything else that was raised is not."""
    if isinstance(result, GatewayUnavailable):
        return "UNAVAILABLE"
    assert isinstance(result, tuple), repr(result)
    return str(result[0].name)


def pages_of(stripe: StandIn, quote: Quote) -> list[dict[str, Any]]:
    pages = stripe.store.all_now("checkout.session")
    return [page for page in pages if page["metadata"]["quote"] == quote.number]


def test_paid_while_withdrawn_while_transferred(stripe: StandIn, figure: Callable[[str, str], None]) -> None:
    """Whoever comes first, all money that came is written down."""
    runs, ends = sample(4, 200), Counter[str]()
    for _ in range(runs):
        quote = make_accepted_quote()
        payment = open_page(quote)
        stripe.pay_with(session_of(payment))
        event = stripe.events("checkout.session.completed")[-1]["id"]
        calls = [
            lambda event=event: deliver(stripe, event),
            lambda quote=quote: withdraw(Quote.objects.get(pk=quote.pk)),
            lambda quote=quote: transfer(quote),
            lambda payment=payment: workflow.close(payment.pk),
            lambda quote=quote: press(quote),
        ]
        results = crowd.at_once(*calls)
        assert not [result for result in results if isinstance(result, Exception)], results
        quote.refresh_from_db()
        check_ledger(stripe, deposit_of(quote), by_transfer=FULL)
        assert kinds(quote).count("deposit_paid") == 1
        assert journal.first_bad_row(quote) is None
        ends[str(results[4][0].name)] += 1
    assert set(ends) <= {outcome.name for outcome in (Paying.PAID, Paying.NOT_OPEN)}
    figure(
        "same moment",
        f"webhook×withdrawal×transfer×close×press: {runs} runs, press {dict(ends)}, ledger equal, 0 deadlocks",
    )
