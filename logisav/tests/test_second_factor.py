"""A second factor: set up with password and code, asked at each log-in, good once, never in the clear."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
import time_machine
from cryptography.fernet import Fernet
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client

from logisav.desk.tests.desk import accountant, at_desk, manager, owner, text
from logisav.staff.models import RecoveryCode, SecondFactor, Session, StaffAction
from logisav.tests.people import (
    FAST,
    PASSWORD,
    enrol,
    give_code,
    give_password,
    is_inside,
    shown,
    with_password,
)
from notifications.models import OutgoingEmail

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 24, 9, 0, 10, tzinfo=dt.UTC)
FACTOR_PAGE = "/admin/double-verification/"
TRIES_A_PAIR = 5
SETUP = "/admin/double-verification/appareil/"


@pytest.fixture(autouse=True)
def _fast(settings: Any) -> None:
    settings.PASSWORD_HASHERS = FAST


@pytest.fixture
def julien() -> User:
    return with_password(owner(username="julien"))


def begin(browser: Client) -> str:
    """« Commencer »: the secret as the page spells it."""
    assert browser.post(FACTOR_PAGE, {"password": PASSWORD}).headers["Location"] == SETUP
    page = text(browser.get(SETUP))
    assert "data:image/svg+xml;base64," in page
    found = re.search(r'people-secret">([A-Z2-7 ]+)<', page)
    assert found is not None
    return found[1].replace(" ", "")


# Setting up


def test_set_up_takes_password_and_first_code_and_shows_ten_codes_once(julien: User) -> None:
    browser = at_desk(julien)
    secret = begin(browser)
    response = browser.post(SETUP, {"code": shown(secret)})
    codes = re.findall(r"<code>([a-z2-7-]+)</code>", text(response))
    assert len(set(codes)) == 10
    assert browser.get(FACTOR_PAGE).status_code == 200  # this session has shown it
    assert not any(code in text(browser.get(FACTOR_PAGE)) for code in codes)
    assert browser.get(SETUP).headers["Location"] == FACTOR_PAGE
    assert StaffAction.objects.get(what="factor_set").who == julien
    assert OutgoingEmail.objects.get(message="logisav/account").to == julien.email


def test_without_the_password_nothing_begins(julien: User) -> None:
    browser = at_desk(julien)
    response = browser.post(FACTOR_PAGE, {"password": "faux"})
    assert response.status_code == 422
    assert "Le mot de passe ou le code" in text(response)
    for nothing in ({}, {"password": ""}):
        assert browser.post(FACTOR_PAGE, nothing).status_code == 422
    assert browser.get(SETUP).headers["Location"] == FACTOR_PAGE


def test_a_wrong_first_code_sets_nothing(julien: User) -> None:
    browser = at_desk(julien)
    secret = begin(browser)
    wrong = "000000" if shown(secret) != "000000" else "000001"
    assert browser.post(SETUP, {"code": wrong}).status_code == 422
    assert not SecondFactor.objects.exists()


def test_another_session_cannot_take_up_a_secret_that_waits(julien: User) -> None:
    begin(at_desk(julien))
    assert at_desk(julien).get(SETUP).headers["Location"] == FACTOR_PAGE


def test_a_secret_waits_a_quarter_of_an_hour(julien: User) -> None:
    browser = at_desk(julien)
    with time_machine.travel(NOW, tick=False):
        begin(browser)
    with time_machine.travel(NOW + dt.timedelta(minutes=16), tick=False):
        assert browser.get(SETUP).headers["Location"] == FACTOR_PAGE


def test_neither_secret_nor_code_lies_in_the_clear(julien: User) -> None:
    browser = at_desk(julien)
    secret = begin(browser)
    stored = str([session.get_decoded() for session in Session.objects.all()])
    assert secret not in stored
    codes = re.findall(r"<code>([a-z2-7-]+)</code>", text(browser.post(SETUP, {"code": shown(secret)})))
    stored = str([session.get_decoded() for session in Session.objects.all()])
    kept = stored + str(SecondFactor.objects.values()) + str(RecoveryCode.objects.values())
    assert secret not in kept
    assert secret.encode() not in bytes(SecondFactor.objects.get().sealed_secret)
    assert not any(code in kept or code.replace("-", "") in kept for code in codes)


# Logging in


def test_the_password_alone_opens_nothing(julien: User) -> None:
    enrol(julien)
    browser = Client()
    assert give_password(browser, julien).headers["Location"] == "/admin/login/code/"
    assert not is_inside(browser)
    assert "_auth_user_id" not in browser.session


def test_password_and_code_open_the_desk_where_one_was_going(julien: User) -> None:
    secret, _ = enrol(julien)
    browser = Client()
    give_password(browser, julien, then="/admin/quotes/quote/")
    before = browser.session.session_key
    assert give_code(browser, shown(secret)).headers["Location"] == "/admin/quotes/quote/"
    assert is_inside(browser)
    assert browser.session.session_key != before
    assert StaffAction.objects.filter(what="signed_in", who=julien).count() == 1


@pytest.mark.parametrize("then", ["https://pirate.example/", "//pirate.example/", "javascript:alert(1)"])
def test_nobody_is_sent_elsewhere(julien: User, then: str) -> None:
    secret, _ = enrol(julien)
    browser = Client()
    give_password(browser, julien, then=then)
    assert give_code(browser, shown(secret)).headers["Location"] == "/admin/"


def test_a_code_is_good_once_in_whatever_browser(julien: User) -> None:
    secret, _ = enrol(julien)
    with time_machine.travel(NOW, tick=False):
        code = shown(secret)
        first, second = Client(), Client()
        give_password(first, julien)
        give_password(second, julien)
        assert give_code(first, code).status_code == 302
        assert give_code(second, code).status_code == 422
    with time_machine.travel(NOW + dt.timedelta(seconds=30), tick=False):
        assert give_code(second, shown(secret)).status_code == 302


@pytest.mark.parametrize(("steps", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_phone_may_be_half_a_minute_away_and_no_more(julien: User, steps: int, taken: bool) -> None:
    secret, _ = enrol(julien)
    with time_machine.travel(NOW, tick=False):
        browser = Client()
        give_password(browser, julien)
        assert give_code(browser, shown(secret, steps=steps)).status_code == (302 if taken else 422)


def test_a_recovery_code_opens_once_however_it_is_typed(julien: User) -> None:
    _, codes = enrol(julien)
    first, second = Client(), Client()
    give_password(first, julien)
    give_password(second, julien)
    assert give_code(first, codes[0].upper().replace("-", " ")).status_code == 302
    assert is_inside(first)
    assert give_code(second, codes[0]).status_code == 422
    assert give_code(second, codes[1]).status_code == 302
    assert StaffAction.objects.filter(what="recovery_used").count() == 2


def test_five_wrong_codes_pause_the_account_wherever_they_come_from(julien: User) -> None:
    secret, _ = enrol(julien)
    OutgoingEmail.objects.all().delete()
    for number in range(TRIES_A_PAIR):
        browser = Client(REMOTE_ADDR=f"203.0.113.{number}")
        give_password(browser, julien)
        assert give_code(browser, "aaaaaa").status_code == 422
    browser = Client(REMOTE_ADDR="203.0.113.99")
    give_password(browser, julien)
    assert give_code(browser, shown(secret)).status_code == 429
    assert not is_inside(browser)
    assert StaffAction.objects.filter(what="sign_in_paused").count() == 1
    assert "cinq codes faux" in OutgoingEmail.objects.get(message="logisav/account").text


def test_the_second_step_waits_five_minutes(julien: User) -> None:
    secret, _ = enrol(julien)
    browser = Client()
    with time_machine.travel(NOW, tick=False):
        give_password(browser, julien)
    with time_machine.travel(NOW + dt.timedelta(minutes=5, seconds=1), tick=False):
        assert give_code(browser, shown(secret)).headers["Location"] == "/admin/login/"


@pytest.mark.parametrize("change", ["password", "is_active"])
def test_an_account_that_changed_meanwhile_begins_again(julien: User, change: str) -> None:
    secret, _ = enrol(julien)
    browser = Client()
    give_password(browser, julien)
    if change == "password":
        julien.set_password("un-tout-autre-mot-de-passe")
    else:
        julien.is_active = False
    julien.save()
    assert give_code(browser, shown(secret)).headers["Location"] == "/admin/login/"


def test_the_second_step_without_the_first_leads_to_the_log_in(julien: User) -> None:
    secret, _ = enrol(julien)
    assert Client().get("/admin/login/code/").headers["Location"] == "/admin/login/"
    assert give_code(Client(), shown(secret)).headers["Location"] == "/admin/login/"


def test_a_session_that_has_not_shown_it_is_ended(julien: User) -> None:
    """Sessions from before the second factor was set, whoever holds them."""
    browser = at_desk(julien)
    enrol(julien)
    assert browser.get("/admin/quotes/quote/").headers["Location"].startswith("/admin/login/?next=")
    assert "_auth_user_id" not in browser.session
    for path in (FACTOR_PAGE, SETUP, "/admin/password_change/"):
        assert at_desk(julien).get(path).headers["Location"].startswith("/admin/login/")


# Who must


@pytest.mark.parametrize(
    ("policy", "led"), [("nobody", ""), ("managers", "manager"), ("everybody", "manager owner accountant")]
)
def test_those_who_must_have_it_set_it_up_before_anything_else(settings: Any, policy: str, led: str) -> None:
    settings.SECOND_FACTOR_REQUIRED = policy
    for role, make in (("manager", manager), ("owner", owner), ("accountant", accountant)):
        browser = at_desk(make())
        response = browser.get("/admin/notifications/notification/")
        assert response.status_code == (302 if role in led else 200), role
        if role in led:
            assert response.headers["Location"] == FACTOR_PAGE
            assert browser.get(FACTOR_PAGE).status_code == 200
            assert browser.post("/admin/logout/").status_code == 200


def test_once_set_up_the_desk_opens(settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = "managers"
    browser = Client()
    assert give_password(browser, with_password(manager())).headers["Location"] == "/admin/"
    secret = begin(browser)
    browser.post(SETUP, {"code": shown(secret)})
    assert is_inside(browser)


# Changing it


def entered(user: User, secret: str) -> Client:
    browser = Client()
    give_password(browser, user)
    give_code(browser, shown(secret))
    SecondFactor.objects.update(last_step=0)
    return browser


@pytest.mark.parametrize("path", ["", "codes/", "retrait/"])
@pytest.mark.parametrize("missing", ["password", "code"])
def test_every_change_asks_for_password_and_code_again(julien: User, path: str, missing: str) -> None:
    secret, _ = enrol(julien)
    browser = entered(julien, secret)
    typed = {"password": PASSWORD, "code": shown(secret), missing: "faux"}
    assert browser.post(FACTOR_PAGE + path, typed).status_code == 422
    assert SecondFactor.objects.get().recovery_codes.count() == 10


def test_new_recovery_codes_void_the_old_ones(julien: User) -> None:
    secret, codes = enrol(julien)
    browser = entered(julien, secret)
    response = browser.post(f"{FACTOR_PAGE}codes/", {"password": PASSWORD, "code": shown(secret)})
    assert len(re.findall(r"<code>", text(response))) == 10
    other = Client()
    give_password(other, julien)
    assert give_code(other, codes[0]).status_code == 422


def test_it_can_be_switched_off_by_its_owner(julien: User) -> None:
    secret, _ = enrol(julien)
    browser = entered(julien, secret)
    browser.post(f"{FACTOR_PAGE}retrait/", {"password": PASSWORD, "code": shown(secret)})
    assert not SecondFactor.objects.exists()
    assert is_inside(browser)
    assert StaffAction.objects.filter(what="factor_removed", who=julien).count() == 1


def test_another_device_replaces_the_first_once_it_has_shown_a_code(julien: User) -> None:
    secret, _ = enrol(julien)
    browser, elsewhere = entered(julien, secret), entered(julien, secret)
    browser.post(FACTOR_PAGE, {"password": PASSWORD, "code": shown(secret)})
    found = re.search(r'people-secret">([A-Z2-7 ]+)<', text(browser.get(SETUP)))
    assert found is not None
    fresh = found[1].replace(" ", "")
    assert is_inside(elsewhere)  # until then the old one holds
    browser.post(SETUP, {"code": shown(fresh)})
    assert is_inside(browser)
    assert not is_inside(elsewhere)
    assert StaffAction.objects.filter(what="factor_replaced").count() == 1


def test_guessing_the_password_of_an_open_session_is_slowed(julien: User) -> None:
    browser = at_desk(julien)
    for _ in range(TRIES_A_PAIR):
        assert browser.post(FACTOR_PAGE, {"password": "faux"}).status_code == 422
    assert browser.post(FACTOR_PAGE, {"password": PASSWORD}).status_code == 429


def test_a_changed_password_is_journalled_and_told(julien: User) -> None:
    new = "une-autre-bonne-phrase"
    typed = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert at_desk(julien).post("/admin/password_change/", typed).status_code == 302
    assert StaffAction.objects.get(what="password_chosen").who == julien
    assert "mot de passe" in OutgoingEmail.objects.get(message="logisav/account").text


# Keys


def test_a_rotated_key_goes_on_opening_what_it_sealed(julien: User, settings: Any) -> None:
    secret, _ = enrol(julien)
    old, new = settings.OUTBOX_KEY[0], Fernet.generate_key().decode()
    settings.OUTBOX_KEY = [new, old]
    call_command("reseal_factors", verbosity=0)
    settings.OUTBOX_KEY = [new]
    browser = Client()
    give_password(browser, julien)
    assert give_code(browser, shown(secret)).status_code == 302


def test_with_a_lost_key_no_code_is_right_but_the_list_still_opens(julien: User, settings: Any) -> None:
    secret, codes = enrol(julien)
    settings.OUTBOX_KEY = [Fernet.generate_key().decode()]
    browser = Client()
    give_password(browser, julien)
    assert give_code(browser, shown(secret)).status_code == 422
    assert give_code(browser, codes[0]).status_code == 302
