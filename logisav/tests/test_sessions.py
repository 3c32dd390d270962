"""Browsers' sessions: known by a digest, ended when idle or old; one's own log-ins are listed and ended."""

from __future__ import annotations

import datetime as dt
import hashlib
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pyotp
import pytest
import time_machine
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session as InClear
from django.db import connection
from django.test import Client
from django.utils import timezone

from logisav.desk.tests.desk import administrator, at_desk, filled, manager, owner, text
from logisav.staff import accounts, sessions
from logisav.staff.journal import By
from logisav.staff.models import SecondFactor, Session, StaffAction
from logisav.staff.models.session import digest_of
from logisav.staff.second_factor import Enrolment, confirm
from logisav.tests.people import (
    FAST,
    PASSWORD,
    enrol,
    give_code,
    give_password,
    is_inside,
    link_to,
    shown,
    with_password,
)
from quotes.tests.factories import make_link, make_sent_quote, visitor

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 3, 2, 8, 0, tzinfo=dt.UTC)
MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)
LOGINS, END = "/admin/connexions/", "/admin/connexions/terminer/"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture(autouse=True)
def fast(settings: object) -> None:
    settings.PASSWORD_HASHERS = FAST  # type: ignore[attr-defined]


@pytest.fixture
def julien() -> User:
    return with_password(owner())


def logged_in(user: User, agent: str = FIREFOX) -> Client:
    browser = Client(headers={"user-agent": agent})
    give_password(browser, user)
    return browser


def key_of(browser: Client) -> str:
    return browser.cookies[settings.SESSION_COOKIE_NAME].value


# The key


def test_no_key_stands_in_the_database_and_what_stands_there_opens_nothing(julien: User) -> None:
    browser, customer = logged_in(julien), visitor(make_sent_quote())
    with connection.cursor() as cursor:
        cursor.execute("SELECT session_key FROM logisav_session")
        stored = {row[0] for row in cursor.fetchall()}
    assert stored == {hashlib.sha256(key_of(one).encode()).hexdigest() for one in (browser, customer)}
    for name in stored:
        thief = Client()
        thief.cookies[settings.SESSION_COOKIE_NAME] = name
        assert not is_inside(thief)


def test_with_the_upgrade_no_key_is_left_in_clear_log_ins_end_and_customers_stay(julien: User) -> None:
    quote = make_sent_quote()
    browser, customer = logged_in(julien), visitor(quote)
    for one in (browser, customer):
        row = Session.objects.get(session_key=digest_of(key_of(one)))
        until = timezone.now() + 2 * DAY
        InClear.objects.create(session_key=key_of(one), session_data=row.session_data, expire_date=until)
    Session.objects.all().delete()
    migration = import_module("logisav.staff.migrations.0005_sessions_by_digest")
    migration.end_those_in_clear(apps, SimpleNamespace(connection=connection))
    assert not InClear.objects.exists()
    assert not is_inside(browser)
    assert customer.get(quote.get_absolute_url()).status_code == 200


def test_logging_out_removes_the_row(julien: User) -> None:
    browser = logged_in(julien)
    browser.post("/admin/logout/")
    assert not Session.objects.exists()


# Its ends


def test_the_desk_ends_after_eight_idle_hours(julien: User) -> None:
    with time_machine.travel(NOW, tick=False):
        browser, idle = logged_in(julien), logged_in(julien)
    with time_machine.travel(NOW + 7 * HOUR, tick=False):
        assert is_inside(browser)
    with time_machine.travel(NOW + 8 * HOUR, tick=False):
        assert is_inside(browser)
        assert not is_inside(idle)


def test_the_desk_ends_after_twelve_hours_however_much_it_is_used(julien: User) -> None:
    with time_machine.travel(NOW, tick=False):
        browser = logged_in(julien)
    for hour in (6, 11):
        with time_machine.travel(NOW + hour * HOUR, tick=False):
            browser.get("/admin/mot-de-passe-oublie/")
            assert is_inside(browser)
    with time_machine.travel(NOW + 12 * HOUR, tick=False):
        assert not is_inside(browser)
        give_password(browser, julien)
        assert is_inside(browser)


def test_a_customers_page_opens_for_a_day_after_the_last_use_and_for_a_week_in_all() -> None:
    with time_machine.travel(NOW, tick=False):
        quote = make_sent_quote(valid_until=dt.date(2026, 5, 1), issued_on=dt.date(2026, 3, 1))
        browser, idle = visitor(quote), visitor(quote)
    for hours in range(23, 7 * 24, 23):
        with time_machine.travel(NOW + hours * HOUR, tick=False):
            browser.get(make_link(quote)[1])  # a link lives a day
    with time_machine.travel(NOW + DAY, tick=False):
        assert "grants" not in idle.session
    with time_machine.travel(NOW + 7 * DAY - MINUTE, tick=False):
        assert browser.get(quote.get_absolute_url()).status_code == 200
        browser.get(make_link(quote)[1])
    with time_machine.travel(NOW + 7 * DAY, tick=False):
        assert browser.get(quote.get_absolute_url()).status_code == 403


def test_a_use_is_written_down_every_ten_minutes_at_most(julien: User) -> None:
    with time_machine.travel(NOW, tick=False):
        browser = logged_in(julien)
    for minutes, noted in ((9, 0), (10, 10), (19, 10), (20, 20)):
        with time_machine.travel(NOW + minutes * MINUTE, tick=False):
            assert is_inside(browser)
        assert Session.objects.get().used_at == NOW + noted * MINUTE


def test_whoever_logs_in_where_a_customer_was_has_a_day_of_their_own(julien: User) -> None:
    with time_machine.travel(NOW, tick=False):
        browser = visitor(make_sent_quote())
    with time_machine.travel(NOW + 20 * HOUR, tick=False):
        give_password(browser, julien)
        row = Session.objects.get()
        assert (row.user, row.since, row.expire_date) == (julien, timezone.now(), timezone.now() + 8 * HOUR)


# One's own log-ins


def test_ones_own_log_ins_are_listed_in_words(julien: User) -> None:
    here, _, stranger = logged_in(julien), logged_in(julien, "curl/8"), logged_in(with_password(owner()))
    page = text(here.get(LOGINS))
    assert page.count("<strong>Firefox sur Windows</strong>") == 1
    assert page.count("<strong>Un navigateur</strong>") == 1
    assert page.count("Cette connexion") == 1
    assert "127.0.0.1" in page
    assert "Aucune autre connexion n'est ouverte." in text(stranger.get(LOGINS))


def test_one_log_in_is_ended_and_only_ones_own(julien: User) -> None:
    here, there, stranger = logged_in(julien), logged_in(julien), logged_in(with_password(owner()))
    for browser in (there, stranger):
        here.post(END, {"connexion": hashlib.sha256(key_of(browser).encode()).hexdigest()})
    assert [is_inside(one) for one in (here, there, stranger)] == [True, False, True]
    assert StaffAction.objects.get(what="sign_ins_ended").facts == {"count": 1}


def test_all_the_others_are_ended(julien: User) -> None:
    here, others = logged_in(julien), [logged_in(julien), logged_in(julien)]
    assert "2 connexions sont terminées." in text(here.post(END, follow=True))
    assert [is_inside(one) for one in (here, *others)] == [True, False, False]


def test_a_changed_password_ends_the_others(julien: User) -> None:
    here, there = logged_in(julien), logged_in(julien)
    new = "cinq-mots-bien-rangés-ici"
    here.post(
        "/admin/password_change/", {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    )
    assert [is_inside(one) for one in (here, there)] == [True, False]
    assert Session.objects.filter(user=julien).count() == 1


def test_a_second_factor_that_is_taken_off_ends_the_others(julien: User, settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = "nobody"
    here, there = logged_in(julien), logged_in(julien)
    secret, _ = enrol(julien)
    for browser in (here, there):
        give_password(browser, julien)
        SecondFactor.objects.update(last_step=0)
        give_code(browser, shown(secret))
    assert [is_inside(one) for one in (here, there)] == [True, True]
    SecondFactor.objects.update(last_step=0)
    here.post("/admin/double-verification/retrait/", {"password": PASSWORD, "code": shown(secret)})
    assert not SecondFactor.objects.exists()
    assert [is_inside(one) for one in (here, there)] == [True, False]


def test_a_second_factor_that_is_changed_or_reset_ends_them_too(julien: User, settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = "nobody"
    here, there = logged_in(julien), logged_in(julien)
    enrol(julien)
    assert Session.objects.filter(user=julien).count() == 2
    second = Enrolment(pyotp.random_base32(), julien.username)
    confirm(julien, second, shown(second.secret), by=By(julien), key=key_of(here))
    assert list(Session.objects.filter(user=julien).values_list("pk", flat=True)) == [digest_of(key_of(here))]
    accounts.reset_factor(julien.pk, by=By(administrator()))
    assert not Session.objects.filter(user=julien).exists()
    assert not is_inside(there)


def test_a_password_chosen_by_mail_ends_all(julien: User) -> None:
    logged_in(julien)
    Client().post("/admin/mot-de-passe-oublie/", {"name": julien.username})
    browser, new = Client(), "cinq-mots-bien-rangés-ici"
    browser.get(link_to(julien.email), follow=True)
    browser.post("/invitation/", {"new_password1": new, "new_password2": new})
    assert not Session.objects.filter(user=julien).exists()


def test_a_deactivated_account_has_no_log_in_left(julien: User) -> None:
    browser, desk = logged_in(julien), at_desk(administrator())
    page = f"/admin/auth/user/{julien.pk}/change/"
    typed = {name: value for name, value in filled(desk.get(page)).items() if name != "is_active"}
    desk.post(page, typed)
    assert not User.objects.get(pk=julien.pk).is_active
    assert not Session.objects.filter(user=julien).exists()
    assert not is_inside(browser)


def test_those_of_an_old_password_are_not_listed(julien: User) -> None:
    logged_in(julien)
    julien.set_password("autre")  # as manage.py changepassword does
    julien.save()
    assert sessions.open_logins(julien, this=None) == []


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_0) AppleWebKit/605 Version/18.0 Safari/605",
            "Safari sur un Mac",
        ),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537 Chrome/140 Safari/537", "Chrome sur Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537 Chrome/140 Safari/537 Edg/140", "Edge sur Windows"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18 Safari/604",
            "Safari sur un iPhone",
        ),
        (
            "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537 Chrome/140 Mobile Safari/537",
            "Chrome sur Android",
        ),
        ("", "Un navigateur"),
    ],
)
def test_a_browser_in_words(agent: str, words: str) -> None:
    assert sessions.in_words(agent) == words


def test_a_manager_sees_only_their_own(julien: User) -> None:
    logged_in(julien)
    page = text(at_desk(manager()).get(LOGINS))
    assert "Firefox" not in page
