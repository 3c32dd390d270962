"""Numbers without holes or doubles, by Paris year."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine
from django.db import connection, transaction

from quotes import workflow
from quotes.models import NumberCounter, Quote
from quotes.tests.factories import SYSTEM, make_company, make_customer, make_owner, make_quote

PARALLEL = 50


@pytest.mark.django_db
def test_numbers_follow_each_other_within_a_year() -> None:
    with time_machine.travel(dt.datetime(2026, 5, 4, tzinfo=dt.UTC)):
        assert [make_quote().number for _ in range(3)] == ["D-2026-0001", "D-2026-0002", "D-2026-0003"]


@pytest.mark.django_db
def test_the_year_is_that_of_paris() -> None:
    with time_machine.travel(dt.datetime(2026, 12, 31, 23, 0, tzinfo=dt.UTC)):
        assert make_quote().number == "D-2027-0001"


@pytest.mark.django_db(transaction=True)
def test_a_creation_that_fails_leaves_no_hole() -> None:
    first = make_quote()
    with transaction.atomic():
        NumberCounter.take(int(first.number[2:6]))
        transaction.set_rollback(True)
    assert int(make_quote().number[-4:]) == int(first.number[-4:]) + 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_parallel_creations_give_neither_holes_nor_doubles() -> None:
    make_company()
    customer, owner = make_customer(), make_owner()

    def create(_: int) -> str:
        try:
            return workflow.create_quote(customer=customer, owner=owner, actor=SYSTEM, title="x").number
        finally:
            connection.close()

    with ThreadPoolExecutor(PARALLEL) as pool:
        numbers = sorted(pool.map(create, range(PARALLEL)))
    assert [int(number[-4:]) for number in numbers] == list(range(1, PARALLEL + 1))
    assert Quote.objects.count() == PARALLEL
