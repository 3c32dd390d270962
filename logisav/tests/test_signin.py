"""The desk's log-in: slowed after failures, for all processes together."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client

from lib import limiter
from lib.models import Counter
from logisav.staff import accounts
from logisav.staff.models import StaffAction
from logisav.tests.people import FAST, link_to
from notifications.models import OutgoingEmail

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 24, 9, 0, tzinfo=dt.UTC)
PASSWORD = "un-bon-mot-de-passe"
TRIES_A_PAIR, TRIES_AN_ADDRESS = 5, 30


@pytest.fixture(autouse=True)
def julien(settings: Any) -> User:
    settings.PASSWORD_HASHERS = FAST
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
    assert [kept.times for kept in Counter.objects.all()] == ["", ""]  # the address's and the name's


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


@pytest.mark.parametrize("name", ["ｊｕｌｉｅｎ", "julie\u207f", "\u2003julien"])
def test_a_name_is_counted_as_the_form_reads_it(name: str) -> None:
    fail(TRIES_A_PAIR)
    assert log_in("faux", name=name).status_code == 429


def test_a_name_that_cannot_be_one_is_refused_in_words() -> None:
    fail(1, name="ju\x01lien")
    fail(1, name="j" * 500)


def test_the_addresses_of_one_ipv6_network_count_together() -> None:
    for rank in range(TRIES_A_PAIR):
        fail(1, address=f"2001:db8:1:2::{rank:x}")
    assert log_in(PASSWORD, address="2001:db8:1:2:ffff::1").status_code == 429
    assert log_in(PASSWORD, address="2001:db8:1:3::1").status_code == 302


def test_ipv4_addresses_in_the_clothes_of_ipv6_are_counted_one_by_one() -> None:
    fail(TRIES_A_PAIR, address="::ffff:203.0.113.7")
    assert log_in(PASSWORD, address="203.0.113.7").status_code == 429
    assert log_in(PASSWORD, address="::ffff:203.0.113.8").status_code == 302


def test_one_ipv6_network_cannot_try_many_names() -> None:
    for number in range(TRIES_AN_ADDRESS):
        log_in("faux", name=f"personne{number}", address=f"2001:db8::{number:x}")
    assert log_in("faux", name="encore", address="2001:db8::ffff").status_code == 429


def guess_from_everywhere(name: str) -> None:
    """As many as an account stands in a day: counted as the log-in does, which counts the last two from elsewhere."""
    for _ in range(limiter.LOG_IN_NAME.most - 2):
        assert limiter.take(accounts.name_limit(name)).wait is None
    for number in range(2):
        fail(1, name=name, address=f"198.51.100.{number}")


def test_an_account_is_slowed_wherever_the_tries_come_from_and_its_owner_hears_of_it_once(
    julien: User,
) -> None:
    User.objects.update(email="julien@exemple.fr")
    with time_machine.travel(NOW, tick=False):
        guess_from_everywhere("julien")
        assert log_in(PASSWORD, address="192.0.2.2").status_code == 429
        response = log_in(PASSWORD, address="192.0.2.1")
        assert response.status_code == 429
        assert "24&nbsp;heures" in response.content.decode()
        told = OutgoingEmail.objects.get(message="logisav/account")
        assert told.to == "julien@exemple.fr"
        assert "Mot de passe oublié" in told.text
        assert StaffAction.objects.filter(what="sign_in_paused", facts__step="account").count() == 1
    with time_machine.travel(NOW + dt.timedelta(days=1), tick=False):
        assert log_in(PASSWORD, address="192.0.2.1").status_code == 302


def test_a_name_without_an_account_is_slowed_alike() -> None:
    guess_from_everywhere("personne")
    assert log_in("faux", name="personne", address="192.0.2.1").status_code == 429
    assert not OutgoingEmail.objects.exists()


def test_a_password_chosen_by_mail_ends_the_pause_of_the_account(julien: User) -> None:
    User.objects.update(email="julien@exemple.fr")
    guess_from_everywhere("julien")
    owner, new = Client(REMOTE_ADDR="192.0.2.1"), "cinq-mots-bien-rangés-ici"
    owner.post("/admin/mot-de-passe-oublie/", {"name": "julien"})
    owner.get(link_to("julien@exemple.fr"), follow=True)
    owner.post("/invitation/", {"new_password1": new, "new_password2": new})
    assert log_in(new, address="192.0.2.1").status_code == 302


def test_a_success_leaves_the_guesses_of_others_counted() -> None:
    fail(1, address="192.0.2.1")
    assert log_in(PASSWORD, address="192.0.2.2").status_code == 302
    key = accounts.name_limit("julien")
    assert len(Counter.objects.get(pk=key.digest).times.split()) == 1


def test_one_address_cannot_try_many_names() -> None:
    for number in range(TRIES_AN_ADDRESS):
        log_in("faux", name=f"personne{number}")
    assert log_in("faux", name="encore").status_code == 429


def test_neither_name_nor_address_is_kept() -> None:
    log_in("faux", name="mot-de-passe-dans-le-mauvais-champ")
    assert [len(kept.digest) for kept in Counter.objects.all()] == [64, 64, 64]
    assert "mauvais" not in str(Counter.objects.values())
    assert "203.0.113" not in str(Counter.objects.values())


def test_old_tries_are_forgotten() -> None:
    with time_machine.travel(NOW, tick=False):
        fail(1)
    with time_machine.travel(NOW + dt.timedelta(days=1, seconds=1), tick=False):
        fail(1, name="lea", address="203.0.113.8")
        limiter.sweep()
    assert Counter.objects.count() == 3


def test_every_way_in_leads_to_this_log_in() -> None:
    assert Client().get("/admin/quotes/quote/").headers["Location"].startswith("/admin/login/")
    assert Client().get("/admin/login/").status_code == 200
