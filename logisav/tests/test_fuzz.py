"""2,000 requests that nobody foresaw, with the real limits; the rest is `make fuzz` (logisav/tests/fuzz.py)."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Any

import pytest
from django.db import transaction

from logisav.tests.doors import STAFF, STRANGERS, build
from logisav.tests.front_door import FrontDoor
from logisav.tests.fuzz_house import NEVER, pages, routes_of
from logisav.tests.fuzzing import Answered, Asked, Fuzzer, addresses
from quotes.tests.factories import make_link, make_sent_quote

pytestmark = [pytest.mark.long, pytest.mark.django_db, pytest.mark.postgres]
HALVES, EACH = (range(20261129, 20261131), range(20261131, 20261133)), 500


def answer(browser: FrontDoor, asked: Asked) -> Answered:
    """Whatever it did is undone: each request meets the same house."""
    cookies = copy(browser.cookies)
    headers: Any = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in asked.headers}
    undone = transaction.atomic()
    undone._from_testcase = True  # type: ignore[attr-defined]  # as TestCase's own, inside which a durable one may begin
    with undone:
        response: Any = browser.generic(
            asked.method, asked.path, asked.body, content_type=asked.kind, **headers
        )
        body = b"".join(response.streaming_content) if response.streaming else response.content
        transaction.set_rollback(True)
    browser.cookies = cookies
    location = response.headers.get("Location", "")
    return Answered(response.status_code, response.headers.get("Content-Type", ""), location, body)


@pytest.mark.parametrize("seeds", HALVES, ids=lambda seeds: f"{seeds[0]} and {seeds[-1]}")
def test_whatever_is_asked_is_answered_by_a_page_of_ours(
    seeds: range, figure: Callable[[str, str], None]
) -> None:
    house = build()
    sent = make_sent_quote(owner=house.people["owner"])
    browsers = {who: FrontDoor() for who in (*STAFF, *STRANGERS)}
    for who in STAFF:
        browsers[who].force_login(house.people[who])
    for one in (house.quote, sent):
        browsers["customer"].get(make_link(one)[1])
    asked_for = pages(house, public_ids=[house.quote.public_id, sent.public_id])
    asked = routes_of({path for paths in asked_for.values() for path in paths})
    assert [
        route for route in addresses() if route not in asked and not route.endswith("/<path:object_id>/")
    ] == []
    forms: dict[
        tuple[str, str], list[tuple[str, str]]
    ] = {}  # of one house, which every request finds as it was
    tallies = [
        Fuzzer(
            seed,
            pages=asked_for,
            send=lambda asked: answer(browsers[asked.who], asked),
            never=NEVER,
            forms=forms,
        ).run(EACH)
        for seed in seeds
    ]
    for tally in tallies:
        said = "\n".join(tally.lines())
        figure(f"fuzz {tally.seed}", next(tally.lines()))
        assert not tally.broken, said
        assert not tally.foreign, said
    assert sum(tally.reached for tally in tallies) >= 0.6 * sum(tally.requests for tally in tallies)
