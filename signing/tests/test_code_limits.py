"""The limits on guessing stand on the quote: they outlive codes, links, forms and versions."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine

from notifications.models import Notification
from quotes.models import Quote
from quotes.tests.factories import SYSTEM, mails, make_sent_quote, send_again
from signing import workflow
from signing.models import SigningAllowance, SigningRequest
from signing.tests.factories import make_signing_request, request_code, sign, wrong_code
from signing.workflow import Outcome

pytestmark = [pytest.mark.django_db, pytest.mark.both]
NOW = dt.datetime(2026, 6, 10, 8, 0, tzinfo=dt.UTC)


@pytest.fixture
def quote() -> Quote:
    with time_machine.travel(NOW):
        return make_sent_quote()


def exhaust(quote: Quote, *, codes: int, start: dt.datetime) -> int:
    """Ask for codes, a minute apart, and use every try of each; how many tries were evaluated."""
    evaluated = 0
    for number in range(codes):
        with time_machine.travel(start + dt.timedelta(seconds=61 * number)):
            request = make_signing_request(quote)
            wrong = wrong_code(request)
            evaluated += [sign(request, wrong) for _ in range(6)].count(Outcome.WRONG_CODE)
    return evaluated


def test_six_codes_and_thirty_tries_in_24_hours(quote: Quote) -> None:
    assert exhaust(quote, codes=6, start=NOW) == 30
    with time_machine.travel(NOW + dt.timedelta(minutes=20)):
        assert request_code(quote)[0] is Outcome.PAUSED


def test_the_pause_is_told_to_the_owner_once(quote: Quote) -> None:
    exhaust(quote, codes=6, start=NOW)
    with time_machine.travel(NOW + dt.timedelta(minutes=20)):
        assert {request_code(quote)[0] for _ in range(3)} == {Outcome.PAUSED}
    assert mails("signing/paused_owner", quote).count() == 1
    assert Notification.objects.filter(kind="paused").count() == 1


def test_a_new_version_gives_no_new_tries(quote: Quote) -> None:
    exhaust(quote, codes=6, start=NOW)
    with time_machine.travel(NOW + dt.timedelta(minutes=20)):
        send_again(quote)
        assert request_code(quote)[0] is Outcome.PAUSED


def test_after_24_hours_signing_goes_on_up_to_sixty_tries_in_all(quote: Quote) -> None:
    evaluated = exhaust(quote, codes=6, start=NOW)
    evaluated += exhaust(quote, codes=6, start=NOW + dt.timedelta(hours=25))
    assert evaluated == 60
    with time_machine.travel(NOW + dt.timedelta(hours=51)):
        assert request_code(quote)[0] is Outcome.PAUSED


def test_no_window_of_24_hours_holds_more_than_thirty_tries(quote: Quote) -> None:
    exhaust(quote, codes=3, start=NOW)
    exhaust(quote, codes=3, start=NOW + dt.timedelta(hours=23))
    with time_machine.travel(NOW + dt.timedelta(hours=23, minutes=30)):
        assert request_code(quote)[0] is Outcome.PAUSED
    assert exhaust(quote, codes=3, start=NOW + dt.timedelta(hours=24, minutes=30)) == 15
    with time_machine.travel(NOW + dt.timedelta(hours=24, minutes=40)):
        assert request_code(quote)[0] is Outcome.PAUSED


def test_the_owner_can_allow_new_tries(quote: Quote) -> None:
    exhaust(quote, codes=6, start=NOW)
    with time_machine.travel(NOW + dt.timedelta(minutes=20)):
        workflow.allow_more_tries(quote.pk, actor=SYSTEM)
        request = make_signing_request(quote)
        assert sign(request, wrong_code(request)) is Outcome.WRONG_CODE
    assert SigningAllowance.objects.get().tries == 1
    assert quote.events.filter(kind="tries_allowed").exists()


def test_every_try_stands_in_the_journal(quote: Quote) -> None:
    exhaust(quote, codes=1, start=NOW)
    tries = [event.facts["tries"] for event in quote.events.filter(kind="code_tried")]
    assert tries == [1, 2, 3, 4, 5]


def test_a_refused_try_counts_nowhere(quote: Quote) -> None:
    exhaust(quote, codes=1, start=NOW)
    assert SigningRequest.objects.get().tries == 5
    assert SigningAllowance.objects.get().tries == 5
