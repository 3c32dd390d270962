"""A code is six digits: what protects it is that nobody gets a sixth guess, however many guess at once."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import pytest
from django.conf import settings
from django.test import Client

from logisav.tests import crowd
from logisav.tests.figures import sample
from quotes.models import Quote
from quotes.tests.factories import make_link, make_sent_quote, secrets_of, version_of
from signing.models import Signature, SigningRequest
from signing.tests.factories import let_the_minute_pass

pytestmark = [pytest.mark.long, pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
PROCESSES, THREADS = 4, 16
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


@dataclass(frozen=True)
class Guess:
    cookie: str
    path: str
    code: str


def guess(one: Guess) -> int:
    """One POST of the code page, from a process of the crowd."""
    browser = Client(raise_request_exception=False)
    browser.cookies[settings.SESSION_COOKIE_NAME] = one.cookie
    return browser.post(one.path, {"code": one.code}).status_code


def browser_with_code(quote: Quote, *, links: int = 1, forms: int = 1) -> Client:
    """A browser that opened several links and sent several forms; its last code is alive."""
    browser = Client()
    for number in range(forms):
        if number < links:
            browser.get(make_link(quote)[1])
        let_the_minute_pass(quote, seconds=200_000)
        form = FORM | {"version_hash": version_of(quote).version_hash}
        response = browser.post(f"{quote.get_absolute_url()}signer/", form)
        assert response.status_code == 302, response.content.decode()
    return browser


def guesses(quote: Quote, browser: Client, codes: list[str]) -> list[Guess]:
    cookie = browser.cookies[settings.SESSION_COOKIE_NAME].value
    return [Guess(cookie, f"{quote.get_absolute_url()}signer/code/", code) for code in codes]


def wrong_codes(right: str, count: int) -> list[str]:
    return [f"{(int(right) + 1 + number) % 1_000_000:06}" for number in range(count)]


def test_of_a_flood_of_parallel_guesses_exactly_five_are_looked_at(
    figure: Callable[[str, str], None],
) -> None:
    quote, count = make_sent_quote(), sample(80, 1000)
    browser = browser_with_code(quote, links=10, forms=20)
    right = secrets_of("signing/code", quote)["code"]
    codes = wrong_codes(right, count - 1)
    codes.insert(count // 2, right)
    with crowd.processes(PROCESSES) as pool:
        parts = crowd.spread(pool, guess, guesses(quote, browser, codes), parts=PROCESSES, threads=THREADS)
        statuses = Counter(status for part in parts for status in part.result())
    assert statuses == {422: 5, 429: count - 5}
    assert SigningRequest.objects.get(state=SigningRequest.State.OPEN).tries == 5
    assert not Signature.objects.exists()
    figure("code", f"{count} guesses at once, {PROCESSES} processes, 10 links, 20 forms: {dict(statuses)}")


def test_the_right_code_among_the_first_five_is_accepted_once(figure: Callable[[str, str], None]) -> None:
    runs, accepted, answers = sample(3, 200), 0, Counter[int]()
    with crowd.processes(PROCESSES) as pool:
        for number in range(runs):
            quote = make_sent_quote()
            answers += one_run(pool, quote, place=number % 5)
            accepted += Signature.objects.filter(quote=quote).count()
    assert accepted == runs
    assert not [status for status in answers if status >= 500]
    figure(
        "code", f"{runs} runs, the right code among the first five: {accepted} acceptances, {dict(answers)}"
    )


def one_run(pool: ProcessPoolExecutor, quote: Quote, *, place: int) -> Counter[int]:
    """Five guesses start, the right one at `place`; once their tries are taken twenty more join in."""
    browser = browser_with_code(quote)
    right = secrets_of("signing/code", quote)["code"]
    first = wrong_codes(right, 4)
    first.insert(place, right)
    running = crowd.spread(pool, guess, guesses(quote, browser, first), parts=PROCESSES, threads=5)
    request = SigningRequest.objects.get(quote=quote)
    while SigningRequest.objects.get(pk=request.pk).tries < 5 and not all(part.done() for part in running):
        time.sleep(0.01)
    late = guesses(quote, browser, wrong_codes(right, 20))
    running += crowd.spread(pool, guess, late, parts=PROCESSES, threads=5)
    return Counter(status for part in running for status in part.result())
