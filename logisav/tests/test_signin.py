"""The desk's log-in: slowed after failures, for all processes together."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client

from logisav.models import LoginTry
from logisav.signin import TRIES_A_PAIR, TRIES_AN_ADDRESS

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 24, 9, 0, tzinfo=dt.UTC)
PASSWORD = "un-bon-mot-de-passe"


@pytest.fixture(autouse=True)
def julien() -> User:
    return User.objects.create_user("julien", password=PASSWORD, is_staff=True)


def log_in(password: str, *, name: str = "julien", address: str = "203.0.113.7") -> HttpResponse:
    return Client(REMOTE_ADDR=address).post(  # type: ignore[return-value]
        "/admin/login/", {"username": name, "password": password, "next": "/admin/"}
    )


def fail(times: int, **who: str) -> None:
    for _ in range(times):
        assert log_in("faux", **who).status_code == 200


def test_the_right_password_opens_the_desk() -> None:
    assert log_in(PASSWORD).headers["Location"] == "/admin/"
    assert not LoginTry.objects.exists()


def test_after_five_failures_even_the_right_password_waits() -> None:
    fail(TRIES_A_PAIR)
    response = log_in(PASSWORD)
    assert response.status_code == 429
    assert response.headers["Retry-After"] == "900"
    assert "15&nbsp;minutes" in response.content.decode()
    assert "sessionid" not in response.cookies


def test_the_pause_ends_a_quarter_of_an_hour_after_the_first_of_the_five() -> None:
    with time_machine.travel(NOW, tick=False):
        fail(TRIES_A_PAIR)
    with time_machine.travel(NOW + dt.timedelta(minutes=14, seconds=59), tick=False):
        assert log_in(PASSWORD).status_code == 429
    with time_machine.travel(NOW + dt.timedelta(minutes=15), tick=False):
        assert log_in(PASSWORD).status_code == 302


def test_knocking_during_the_pause_does_not_make_it_longer() -> None:
    with time_machine.travel(NOW, tick=False):
        fail(TRIES_A_PAIR)
    for minute in range(1, 15):
        with time_machine.travel(NOW + dt.timedelta(minutes=minute), tick=False):
            assert log_in(PASSWORD).status_code == 429
    with time_machine.travel(NOW + dt.timedelta(minutes=15), tick=False):
        assert log_in(PASSWORD).status_code == 302


def test_a_success_forgets_the_failures() -> None:
    fail(TRIES_A_PAIR - 1)
    assert log_in(PASSWORD).status_code == 302
    fail(TRIES_A_PAIR - 1)
    assert log_in(PASSWORD).status_code == 302


def test_others_are_not_kept_out() -> None:
    fail(TRIES_A_PAIR)
    assert log_in(PASSWORD, address="203.0.113.8").status_code == 302


@pytest.mark.parametrize("name", ["JULIEN", " julien ", "julien"])
def test_another_spelling_is_no_other_name(name: str) -> None:
    fail(TRIES_A_PAIR)
    assert log_in("faux", name=name).status_code == 429


def test_one_address_cannot_try_many_names() -> None:
    for number in range(TRIES_AN_ADDRESS):
        log_in("faux", name=f"personne{number}")
    assert log_in("faux", name="encore").status_code == 429


def test_neither_name_nor_address_is_kept() -> None:
    log_in("faux", name="mot-de-passe-dans-le-mauvais-champ")
    kept = LoginTry.objects.get()
    assert len(kept.pair) == len(kept.address) == 64
    assert "mauvais" not in str(LoginTry.objects.values())
    assert "203.0.113" not in str(LoginTry.objects.values())


def test_old_tries_are_forgotten() -> None:
    with time_machine.travel(NOW, tick=False):
        fail(1)
    with time_machine.travel(NOW + dt.timedelta(days=1, seconds=1), tick=False):
        fail(1, name="lea")
    assert LoginTry.objects.count() == 1


def test_every_way_in_leads_to_this_log_in() -> None:
    assert Client().get("/admin/quotes/quote/").headers["Location"].startswith("/admin/login/")
    assert Client().get("/admin/login/").status_code == 200
