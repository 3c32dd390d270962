"""Two things at the same moment: one winner, a clear answer for the loser, a journal without a gap."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

from logisav.tests import crowd
from logisav.tests.figures import sample
from quotes import journal, workflow
from quotes.models import IllegalMove, Quote
from quotes.rules import Reason
from quotes.tests.factories import SYSTEM, complete, mails, make_sent_quote
from signing import workflow as signing
from signing.models import Signature, SigningRequest
from signing.tests.factories import (
    BROWSER,
    CUSTOMER,
    let_the_minute_pass,
    make_signing_request,
    right_code,
    sign,
)
from signing.workflow import Outcome

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
Rival = Callable[[SigningRequest], Any]


def accept(request: SigningRequest) -> Any:
    return sign(request, right_code(request))


def new_version(request: SigningRequest) -> Any:
    workflow.revise(request.quote_id, actor=SYSTEM)
    return complete(workflow.send(request.quote_id, actor=SYSTEM)).state


def refuse(request: SigningRequest) -> Any:
    return workflow.refuse(request.quote_id, reason="", actor=CUSTOMER)


def block(request: SigningRequest) -> Any:
    return workflow.block(request.quote_id, reason="", actor=SYSTEM)


def new_address(request: SigningRequest) -> Any:
    customer = request.quote.customer_id
    return workflow.change_email(customer, email="claire@ailleurs.example", actor=SYSTEM)


def resend(request: SigningRequest) -> Any:
    return signing.resend_code(request.pk, link=request.link, browser=BROWSER, actor=CUSTOMER)[0]


RIVALS = {
    "accept×accept": accept,
    "accept×new version": new_version,
    "accept×refuse": refuse,
    "accept×block": block,
    "accept×new address": new_address,
    "resend×verify": resend,
}


@pytest.mark.parametrize("name", RIVALS)
def test_two_at_the_same_moment(name: str, figure: Callable[[str, str], None]) -> None:
    runs, results = sample(4, 200), Counter[str]()
    for _ in range(runs):
        results[one_run(RIVALS[name])] += 1
    figure("same moment", f"{name}: {runs} runs, {dict(results)}, 0 deadlocks")


def one_run(rival: Rival) -> str:
    """Run both, check what must hold whoever won, and say who did."""
    request = make_signing_request(make_sent_quote())
    let_the_minute_pass(request.quote)
    code = right_code(request)
    accepted, other = crowd.at_once(lambda: sign(request, code), lambda: rival(request))
    quote = Quote.objects.get(pk=request.quote_id)
    assert isinstance(accepted, Outcome), repr(accepted)
    assert not isinstance(other, Exception) or isinstance(other, IllegalMove), repr(other)
    check(quote, accepted)
    return f"accept {accepted.name}, other {type(other).__name__ if isinstance(other, Exception) else other}"


def check(quote: Quote, accepted: Outcome) -> None:
    """What the customer was told stands in the database, once; the chain is dense and intact."""
    signed = Signature.objects.filter(quote=quote).count()
    assert signed == (accepted is Outcome.SIGNED)
    assert (quote.state == Quote.State.ACCEPTED) == bool(signed)
    assert quote.events.filter(kind="accepted").count() == signed
    assert mails("signing/accepted_owner", quote).count() == signed
    assert journal.first_bad_row(quote) is None


def test_a_verb_that_waited_for_a_new_address_knows_it() -> None:
    """What it read of the customer while it waited for the quote would be the old one."""
    quote, is_changed = make_sent_quote(), threading.Event()

    def change() -> None:
        with transaction.atomic():
            workflow.change_email(quote.customer_id, email="claire@ailleurs.example", actor=SYSTEM)
            is_changed.set()
            time.sleep(0.5)

    def resend_link() -> object:
        is_changed.wait()
        return workflow.resend_link(quote.pk, actor=SYSTEM)

    _, resent = crowd.at_once(change, resend_link)
    assert isinstance(resent, IllegalMove), repr(resent)
    assert resent.reason is Reason.ADDRESS_CHANGED
