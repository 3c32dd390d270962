"""One limiter for all uses: exactly as many as its table says, whoever asks at the same moment."""

from __future__ import annotations

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine
from django.db import connections, transaction

from lib import limiter
from lib.limiter import Limit, Taken
from lib.models import Counter

NOW = dt.datetime(2026, 11, 24, 9, 0, tzinfo=dt.UTC)
FIVE = Limit("five", 5, limiter.HOUR, ("who",))
TWO = Limit("two", 2, limiter.HOUR, ("where",))


def at(minutes: float) -> time_machine.travel:
    return time_machine.travel(NOW + dt.timedelta(minutes=minutes), tick=False)


@pytest.mark.django_db
def test_a_place_is_free_again_when_the_oldest_of_the_last_five_is_an_hour_old() -> None:
    key = FIVE.of(who="claire")
    for minute in (0, 10, 20, 30, 40):
        with at(minute):
            assert limiter.take(key).wait is None
    with at(59):
        assert limiter.take(key).wait == dt.timedelta(minutes=1)
    with at(60):
        assert limiter.take(key) == Taken(None, 0)
        assert limiter.take(key).wait == dt.timedelta(minutes=10)
    with at(180):
        assert limiter.take(key) == Taken(None, 4)


@pytest.mark.django_db
def test_limits_and_keys_count_apart() -> None:
    same = Limit("other", 5, limiter.HOUR, ("who",))
    for _ in range(5):
        limiter.take(FIVE.of(who="claire"))
    assert limiter.take(FIVE.of(who="claire")).wait is not None
    assert limiter.take(FIVE.of(who="paul")).wait is None
    assert limiter.take(same.of(who="claire")).wait is None
    with pytest.raises(TypeError):
        FIVE.of(where="claire")


@pytest.mark.django_db
def test_what_one_key_refuses_is_counted_by_none() -> None:
    where = TWO.of(where="here")
    for who in ("a", "b"):
        assert limiter.take(FIVE.of(who=who), where).wait is None
    for _ in range(6):
        assert limiter.take(FIVE.of(who="c"), where).wait is not None
    assert limiter.take(FIVE.of(who="c")) == Taken(None, 4)


@pytest.mark.django_db
def test_forgetting_gives_back_what_others_counted_of_it_and_no_more() -> None:
    where = TWO.of(where="here")
    with at(0):
        limiter.take(FIVE.of(who="a"), where)
        limiter.take(FIVE.of(who="b"), where)
        assert limiter.take(where).wait is not None
        limiter.forget(FIVE.of(who="a"), where)
        assert limiter.take(where).wait is None
        assert limiter.take(where).wait is not None
        assert limiter.take(FIVE.of(who="a")).left == 4
        assert limiter.take(FIVE.of(who="b")).left == 3
        limiter.forget(FIVE.of(who="nobody"), where)


@pytest.mark.django_db
def test_an_asking_that_is_rolled_back_is_not_counted() -> None:
    with transaction.atomic():
        limiter.take(FIVE.of(who="claire"))
        transaction.set_rollback(True)
    assert limiter.take(FIVE.of(who="claire")).left == 4


@pytest.mark.django_db
def test_only_what_no_limit_counts_any_more_is_swept() -> None:
    with at(0):
        limiter.take(FIVE.of(who="old"))
    with at(59):
        limiter.take(FIVE.of(who="young"))
    with at(60):
        assert limiter.sweep() == 1
        assert limiter.take(FIVE.of(who="young")).left == 3
    assert "claire" not in str(Counter.objects.values())


def test_no_use_counts_for_another_and_none_is_without_limit() -> None:
    limits = [value for value in vars(limiter).values() if isinstance(value, Limit)]
    assert len({limit.name for limit in limits}) == len(limits) == 22
    assert all(limit.most > 0 for limit in limits)
    # Of the whole installation: what may be mailed or told because of what anybody types.
    unnamed = {"receipts to typed addresses", "declarations of no contract told"}
    assert {limit.name for limit in limits if not limit.by} == unnamed


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("times", range(3))
def test_of_forty_at_the_same_moment_exactly_five_pass(times: int) -> None:
    """On a fresh key, on one that is half used up, and with a second key that all of them share."""
    who, shared = FIVE.of(who="claire"), Limit("shared", 30, limiter.HOUR, ("where",)).of(where="here")
    for _ in range(times):
        limiter.take(who)
    keys = (who, shared) if times == 2 else (who,)
    ready = threading.Barrier(40)

    def ask(_: int) -> Taken:
        try:
            ready.wait()
            return limiter.take(*keys)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(40) as pool:
        passed = [taken for taken in pool.map(ask, range(40)) if taken.wait is None]
    assert len(passed) == 5 - times
    assert sorted(taken.left for taken in passed) == list(range(5 - times))
    assert limiter.take(shared).left == (26 if times == 2 else 29)
