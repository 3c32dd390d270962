"""A declaration that is answered in several ways at the same moment: one winner, one end, a journal without a gap."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest

from logisav.tests import crowd
from logisav.tests.figures import sample
from payments.tests.factories import make_accepted_quote
from quotes import journal, workflow
from quotes.journal import Actor
from quotes.models import Declaration, IllegalMove, Quote
from quotes.models.declaration import ANSWER_TIME
from quotes.tests.factories import SYSTEM, mails, secrets_of
from quotes.workflow import Coded

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
CUSTOMER = Actor("customer", ip="203.0.113.24", agent="Tests")
BROWSER = "b" * 64


def declared() -> tuple[Quote, Declaration, str, str]:
    """With the mailbox's token and the code."""
    quote = make_accepted_quote()
    found = workflow.declare(quote.pk, name="Claire Morel", email="", actor=CUSTOMER, browser=BROWSER)
    assert found is not None
    token = secrets_of("quotes/declared", quote)["page"].split("/")[4]
    return quote, found, token, secrets_of("quotes/withdrawal_code", quote)["code"]


def records(quote: Quote) -> bool:
    workflow.record_withdrawal(quote.pk, actor=SYSTEM)
    return True


def test_confirmed_disowned_recorded_coded_and_silent_at_once(figure: Callable[[str, str], None]) -> None:
    """Silence by a clock that is ahead: each of them finds the 72 h as it sees them."""
    runs, ends = sample(6, 200), Counter[str]()
    for run in range(runs):
        quote, found, token, code = declared()
        if run % 2:  # the 72 h are over: silence may win, disowning may not
            past = found.declared_at - ANSWER_TIME
            Declaration.objects.filter(pk=found.pk).update(asked_at=past)
        rivals: list[Callable[[], object]] = [
            partial(workflow.confirm, token, actor=CUSTOMER),
            partial(workflow.disown, token, actor=CUSTOMER),
            partial(records, quote),
            partial(workflow.take_silence, found.pk),
            partial(workflow.confirm_with_code, found.pk, code=code, browser=BROWSER, actor=CUSTOMER),
        ]
        first = run % len(rivals)  # whoever is called first wins more often
        turned = crowd.at_once(*rivals[first:], *rivals[:first])
        results = [*turned[len(rivals) - first :], *turned[: len(rivals) - first]]
        ends[one_winner(quote, found, results)] += 1
    figure("same moment", f"confirm×disown×record×silence×code: {runs} runs, {dict(ends)}, 0 deadlocks")


def one_winner(quote: Quote, found: Declaration, results: list[object]) -> str:
    *verbs, coded = results
    assert all(isinstance(each, bool | IllegalMove) for each in verbs), verbs
    assert isinstance(coded, Coded), repr(coded)
    found.refresh_from_db()
    quote.refresh_from_db()
    is_over = found.state == Declaration.State.EFFECTIVE
    won = [each is True for each in verbs]
    assert sum(won) + (found.settled_by == "code") == 1
    assert (quote.state == Quote.State.WITHDRAWN) == is_over
    assert won[1] == (found.state == Declaration.State.UNFOUNDED)
    assert quote.declared_at is None
    assert quote.withdrawn_at == (found.declared_at if is_over else None)
    assert quote.events.filter(kind="withdrawn").count() == is_over
    assert mails("quotes/withdrawn", quote).count() == is_over
    assert mails("quotes/disowned", quote).count() == (not is_over)
    assert journal.first_bad_row(quote) is None
    return found.settled_by


def test_twelve_guesses_at_once_are_five_tries() -> None:
    quote, found, _, code = declared()
    wrong = "000000" if code != "000000" else "000001"
    guess = partial(workflow.confirm_with_code, found.pk, code=wrong, browser=BROWSER, actor=CUSTOMER)
    answers = Counter(crowd.at_once(*[guess] * 12))
    assert answers == {Coded.WRONG_CODE: 5, Coded.DEAD_CODE: 7}
    found.refresh_from_db()
    assert found.tries == 5
    assert quote.events.filter(kind="withdrawn").count() == 0


def test_declared_many_times_at_once_it_stands_once() -> None:
    quote = make_accepted_quote()
    openly = workflow.declare_openly(quote.public_id, name="C", email="", actor=CUSTOMER)
    assert openly is not None
    with_grant = partial(workflow.declare, quote.pk, name="C", email="", actor=CUSTOMER)
    results = crowd.at_once(*[with_grant] * 3, partial(workflow.take_up, openly.pk))
    assert not [each for each in results if isinstance(each, Exception)]
    standing = Declaration.objects.get(quote=quote)
    assert standing.proof == Declaration.Proof.GRANT
    assert journal.first_bad_row(quote) is None
