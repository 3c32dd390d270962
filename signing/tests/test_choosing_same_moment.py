"""A choice, a new version of the owner's and a signature at the same moment: one winner, clear losers."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from logisav.tests import crowd
from logisav.tests.figures import sample
from quotes import journal, workflow
from quotes.models import IllegalMove, Quote, QuoteVersion
from quotes.tests.factories import SYSTEM, complete, version_of
from quotes.tests.test_choosing import again, identities, sent
from quotes.workflow import Choosing
from signing import choosing
from signing.models import Signature, SigningRequest
from signing.tests.factories import BROWSER, CUSTOMER, make_signing_request, right_code, sign
from signing.workflow import Outcome

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
HEAD_STARTS = (0.0, 0.03, 0.15)  # seconds: near enough to meet, far enough that each wins now and then
LOST_SIGNATURE = (Outcome.DEAD_CODE, Outcome.CHANGED, Outcome.NOT_OPEN)


def test_choosing_sending_and_signing_at_the_same_moment(figure: Callable[[str, str], None]) -> None:
    runs, won = sample(6, 200), Counter[str]()
    for _, delays in zip(range(runs), itertools.cycle(itertools.permutations(HEAD_STARTS)), strict=False):
        won[one_run(delays)] += 1
    figure("same moment", f"choose×new version×sign: {runs} runs, {dict(won)}, 0 deadlocks")


def after(seconds: float, verb: Callable[[], Any]) -> Callable[[], Any]:
    def late() -> Any:
        time.sleep(seconds)
        return verb()

    return late


def one_run(delays: tuple[float, ...]) -> str:
    """All three at once, each ahead now and then, the worker after them; what must hold whoever won, and who did."""
    quote = sent()
    request = make_signing_request(quote)
    code = right_code(request)
    verbs = (lambda: choose(request), lambda: new_version(quote), lambda: sign(request, code))
    chosen, owners, signed = crowd.at_once(*map(after, delays, verbs))
    assert isinstance(signed, Outcome), repr(signed)
    for one in (chosen, owners):
        assert not isinstance(one, Exception) or isinstance(one, IllegalMove), repr(one)
    for version in QuoteVersion.objects.filter(quote=quote, done_at=None):
        complete(version)
    return winner(again(quote), chosen, owners, signed)


def choose(request: SigningRequest) -> Any:
    """By the browser that has the code: it is the only one that may."""
    return choosing.choose_options(
        request.quote_id,
        link=request.link,
        chosen=identities(request.quote, "Thermostat", "Ballon 200 l"),
        version_hash=request.version_hash,
        browser=BROWSER,
        actor=CUSTOMER,
    )


def new_version(quote: Quote) -> QuoteVersion:
    workflow.revise(quote.pk, actor=SYSTEM)
    return workflow.send(quote.pk, actor=SYSTEM)


def winner(quote: Quote, chosen: Any, owners: Any, signed: Outcome) -> str:
    """What each was told stands in the database; one version is in force, and the contract is that one."""
    in_force = version_of(quote)
    assert journal.first_bad_row(quote) is None
    assert quote.choice_state == ""
    if signed is Outcome.SIGNED:
        assert isinstance(chosen, IllegalMove)
        assert isinstance(owners, IllegalMove)
        signature = Signature.objects.get(quote=quote)
        assert (signature.version_hash, in_force.number) == (in_force.version_hash, 1)
        assert quote.state == Quote.State.ACCEPTED
        return "signed"
    assert signed in LOST_SIGNATURE
    assert not Signature.objects.filter(quote=quote).exists()
    assert quote.state == Quote.State.SENT
    if isinstance(owners, QuoteVersion):
        assert in_force.number == owners.number
        assert chosen is Choosing.CHOSEN or isinstance(chosen, IllegalMove)
        overtaken = quote.events.filter(kind="choice_overtaken").count()
        assert overtaken == (chosen is Choosing.CHOSEN)
        return f"the owner's, choice {'overtaken' if overtaken else 'refused'}"
    assert chosen is Choosing.CHOSEN
    assert (in_force.chosen_on, in_force.number) == (1, 2)
    return "the choice"
