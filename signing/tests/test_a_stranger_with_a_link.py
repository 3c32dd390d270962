"""Whoever holds one link takes that link's share of codes and tries, and no more: the mailbox always has its own."""

from __future__ import annotations

import datetime as dt
from functools import partial

import pytest
import time_machine
from django.test import Client

from logisav.tests import crowd
from quotes.models import AccessLink, Quote
from quotes.tests.factories import SYSTEM, mails, make_link, make_sent_quote, secrets_of, version_of
from signing import workflow
from signing.models import CODES_A_LINK, TRIES_A_LINK, Signature, SigningRequest
from signing.tests.factories import (
    let_the_minute_pass,
    make_signing_request,
    request_code,
    right_code,
    sign,
    wrong_code,
)
from signing.workflow import Outcome

NOW = dt.datetime(2026, 6, 10, 8, 0, tzinfo=dt.UTC)
FORM = {
    "first_name": "Claire",
    "last_name": "Morel",
    "phone": "06 39 98 12 34",
    "place": "distance",
    "kind": "individual",
    "consent_quote": "on",
    "consent_electronic": "on",
    "consent_vat_5_5": "on",
}


@pytest.fixture
def quote() -> Quote:
    with time_machine.travel(NOW):
        return make_sent_quote()


def ask_for_code(browser: Client, quote: Quote) -> int:
    form = FORM | {"version_hash": version_of(quote).version_hash}
    return browser.post(f"{quote.get_absolute_url()}signer/", form).status_code


def opened(path: str) -> Client:
    browser = Client()
    browser.get(path)
    return browser


def do_ones_worst(quote: Quote, path: str, clock: time_machine.Traveller) -> None:
    """Three browsers with the one link, every code, every try; every link that may be asked for by the public id."""
    for browser in [opened(path) for _ in range(3)] * 2:
        clock.shift(61)
        ask_for_code(browser, quote)
        for guess in range(6):
            browser.post(f"{quote.get_absolute_url()}signer/code/", {"code": f"{guess:06}"})
        Client().post(f"{quote.get_absolute_url()}lien/")


@pytest.mark.django_db
def test_a_stranger_with_one_link_does_the_worst_and_the_customer_signs_with_the_next(quote: Quote) -> None:
    with time_machine.travel(NOW) as clock:
        _, path = make_link(quote)
        do_ones_worst(quote, path, clock)
        page = opened(path).post(
            f"{quote.get_absolute_url()}signer/", FORM | {"version_hash": version_of(quote).version_hash}
        )
        assert page.status_code == 429
        assert f'action="{quote.get_absolute_url()}lien/"' in page.content.decode()
        clock.shift(3600)
        opened(path).post(f"{quote.get_absolute_url()}lien/")
        customer = opened("/" + secrets_of("quotes/new_link", quote)["link"].split("/", 3)[3])
        assert ask_for_code(customer, quote) == 302
        code = secrets_of("signing/code", quote)["code"]
        ask_for_code(opened(path), quote)
        answer = customer.post(f"{quote.get_absolute_url()}signer/code/", {"code": code})
        assert answer["Location"] == quote.get_absolute_url()
        assert Signature.objects.filter(quote=quote).count() == 1


@pytest.mark.django_db
def test_three_codes_and_fifteen_tries_a_link_in_24_hours(quote: Quote) -> None:
    with time_machine.travel(NOW) as clock:
        link, _ = make_link(quote)
        evaluated = 0
        for number in range(CODES_A_LINK):
            clock.shift(61)
            request = make_signing_request(quote, link=link, browser=f"{number}" * 64)
            tries = [sign(request, wrong_code(request), browser=f"{number}" * 64) for _ in range(6)]
            evaluated += tries.count(Outcome.WRONG_CODE)
        clock.shift(61)
        assert evaluated == TRIES_A_LINK == 15
        assert request_code(quote, link=link) == (Outcome.LINK_USED_UP, None)
        assert request_code(quote)[0] is Outcome.CODE_SENT
        assert not mails("signing/paused_owner", quote).exists()


@pytest.mark.django_db
def test_the_owner_who_allows_new_tries_allows_them_to_the_link_too(quote: Quote) -> None:
    with time_machine.travel(NOW) as clock:
        link, _ = make_link(quote)
        for _ in range(CODES_A_LINK):
            clock.shift(61)
            make_signing_request(quote, link=link)
        for _ in range(CODES_A_LINK):
            clock.shift(61)
            make_signing_request(quote)
        clock.shift(61)
        assert request_code(quote, link=link)[0] is Outcome.PAUSED
        workflow.allow_more_tries(quote.pk, actor=SYSTEM)
        assert request_code(quote, link=link)[0] is Outcome.CODE_SENT


@pytest.mark.django_db
def test_two_codes_live_at_once_one_a_browser(quote: Quote) -> None:
    with time_machine.travel(NOW) as clock:
        first = make_signing_request(quote, browser="1" * 64)
        clock.shift(61)
        second = make_signing_request(quote, browser="2" * 64)
        code = right_code(second)
        assert live(quote) == {first.pk, second.pk}
        clock.shift(61)
        third = make_signing_request(quote, browser="3" * 64)
        assert live(quote) == {second.pk, third.pk}
        clock.shift(61)
        again = make_signing_request(quote, browser="3" * 64)
        assert live(quote) == {second.pk, again.pk}
        assert sign(second, code, browser="2" * 64) is Outcome.SIGNED
        assert live(quote) == set()


@pytest.mark.django_db
def test_a_code_gives_way_to_one_of_its_own_link_before_another_links(quote: Quote) -> None:
    with time_machine.travel(NOW) as clock:
        stranger, _ = make_link(quote)
        customers = make_signing_request(quote, browser="c" * 64)
        for browser in ("1", "2", "3"):
            clock.shift(61)
            strangers = make_signing_request(quote, link=stranger, browser=browser * 64)
            assert live(quote) == {customers.pk, strangers.pk}


def live(quote: Quote) -> set[int]:
    found = SigningRequest.objects.filter(quote=quote, state=SigningRequest.State.OPEN)
    return {request.pk for request in found if request.is_alive}


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_codes_asked_for_at_once_leave_two_alive() -> None:
    quote = make_sent_quote()
    asking = [
        partial(request_code, quote, link=make_link(quote)[0], browser=f"{number}" * 64)
        for number in range(4)
    ]
    served = set()
    for _ in range(3):
        outcomes = [answer[0].name for answer in crowd.at_once(*asking)]
        assert sorted(outcomes) == ["CODE_SENT", *["TOO_SOON"] * 3]
        served.add(outcomes.index("CODE_SENT"))
        let_the_minute_pass(quote, seconds=90)
    # A browser has one code: who was served every time has one alive, two of them or three have two together.
    assert len(live(quote)) == min(len(served), 2)


@pytest.mark.django_db
def test_a_public_id_asks_for_nine_links_a_day(quote: Quote) -> None:
    with time_machine.travel(NOW) as clock:
        for _ in range(24 * 4 - 1):
            assert Client().post(f"{quote.get_absolute_url()}lien/").status_code == 200
            clock.shift(15 * 60)
        asked = AccessLink.objects.filter(quote=quote, requested=True)
        assert asked.count() == mails("quotes/new_link", quote).count() == 9
        assert any(link.is_valid for link in asked), "whoever has the mailbox still has a link that opens"
        clock.shift(24 * 3600)
        Client().post(f"{quote.get_absolute_url()}lien/")
        assert mails("quotes/new_link", quote).count() == 10
