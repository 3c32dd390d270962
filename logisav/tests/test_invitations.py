"""Invited by mail: one link, one use, 72 hours; then a password of one's own, and the role that was meant."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client

from logisav.desk.tests.desk import administrator, at_desk, manager, owner, text
from logisav.masking import mask
from logisav.staff.models import Invitation, StaffAction
from logisav.staff.roles import Role, role_of
from logisav.tests.people import FAST, enrol, give_password, is_inside, link_to, with_password
from notifications.models import OutgoingEmail

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 24, 9, 0, tzinfo=dt.UTC)
ADD = "/admin/logisav/invitation/add/"
ADDRESS = "sophie@thermo-rhone.example"
CHOSEN = "une-phrase-pour-le-chantier"


@pytest.fixture(autouse=True)
def _fast(settings: Any) -> None:
    settings.PASSWORD_HASHERS = FAST


@pytest.fixture
def karim() -> User:
    return administrator(first_name="Karim", last_name="Benali")


def invite(by: User, **fields: Any) -> Invitation:
    typed = {"first_name": "Sophie", "last_name": "Garnier", "email": ADDRESS, "role": Role.ACCOUNTANT.value}
    response = at_desk(by).post(ADD, typed | fields)
    assert response.status_code == 302, text(response)
    return Invitation.objects.latest("pk")


def choose(browser: Client, password: str = CHOSEN) -> Any:
    return browser.post("/invitation/", {"new_password1": password, "new_password2": password})


def arrive(link: str, password: str = CHOSEN) -> Client:
    browser = Client()
    assert browser.get(link).headers["Location"] == "/invitation/"
    choose(browser, password)
    return browser


def test_an_invitation_becomes_an_account_of_that_role(karim: User) -> None:
    invite(karim)
    link = link_to(ADDRESS)
    browser = Client()
    page = browser.get(link, follow=True)
    assert "Bienvenue, Sophie Garnier" in text(page)
    assert not User.objects.filter(username=ADDRESS).exists()  # a scanner that opens it uses nothing up
    assert choose(browser).headers["Location"] == "/admin/login/"
    sophie = User.objects.get(username=ADDRESS)
    assert role_of(sophie) == Role.ACCOUNTANT
    assert (sophie.is_staff, sophie.is_superuser) == (True, False)
    give_password(browser, sophie, password=CHOSEN)
    assert is_inside(browser)
    kinds = StaffAction.objects.order_by("pk").values_list("what", "name")
    assert list(kinds) == [
        ("invited", "Karim Benali"),
        ("arrived", "Sophie Garnier"),
        ("signed_in", "Sophie Garnier"),
    ]


def test_the_mail_says_who_and_what_for_and_keeps_the_link_to_itself(karim: User) -> None:
    invite(karim)
    mail = OutgoingEmail.objects.get(message="logisav/invitation")
    assert "Karim Benali" in mail.text
    assert "comptable" in mail.text
    token = link_to(ADDRESS).split("/")[2]
    kept = str(OutgoingEmail.objects.values("text", "html", "context", "subject")) + str(
        Invitation.objects.values()
    )
    assert token not in kept
    assert token not in mask(f'"GET /invitation/{token}/ HTTP/1.1" 302')


def test_the_link_is_not_told_to_the_next_page(karim: User) -> None:
    invite(karim)
    response = Client().get(link_to(ADDRESS))
    assert response.headers["Referrer-Policy"] == "no-referrer"


def used(link: str, karim: User) -> None:
    arrive(link)


def expired(link: str, karim: User) -> None:
    Invitation.objects.update(expires_at=NOW)


def revoked(link: str, karim: User) -> None:
    at_desk(karim).post(f"/admin/logisav/invitation/{Invitation.objects.latest('pk').pk}/annuler/")


def replaced(link: str, karim: User) -> None:
    at_desk(karim).post(f"/admin/logisav/invitation/{Invitation.objects.latest('pk').pk}/renvoyer/")


@pytest.mark.parametrize("how", [used, expired, revoked, replaced], ids=lambda how: how.__name__)
def test_a_dead_link_answers_like_one_that_never_was(karim: User, how: Any) -> None:
    invite(karim)
    link, halfway = link_to(ADDRESS), Client()
    halfway.get(link)
    how(link, karim)
    unknown = Client().get("/invitation/inconnu/")
    for response in (Client().get(link), halfway.get("/invitation/"), choose(halfway)):
        assert response.status_code == unknown.status_code == 404
        assert response.content == unknown.content


def test_it_opens_for_seventy_two_hours_to_the_second(karim: User) -> None:
    with time_machine.travel(NOW, tick=False):
        invite(karim)
        link = link_to(ADDRESS)
    with time_machine.travel(NOW + dt.timedelta(hours=72, seconds=-1), tick=False):
        assert Client().get(link).status_code == 302
    with time_machine.travel(NOW + dt.timedelta(hours=72), tick=False):
        assert Client().get(link).status_code == 404


def test_a_new_link_works_where_the_old_one_no_longer_does(karim: User) -> None:
    invitation = invite(karim)
    old = link_to(ADDRESS)
    at_desk(karim).post(f"/admin/logisav/invitation/{invitation.pk}/renvoyer/")
    assert link_to(ADDRESS) != old
    arrive(link_to(ADDRESS))
    assert User.objects.filter(username=ADDRESS).exists()


def test_inviting_again_ends_the_first_invitation(karim: User) -> None:
    invite(karim)
    old = link_to(ADDRESS)
    invite(karim, role=Role.OWNER.value)
    assert Client().get(old).status_code == 404


@pytest.mark.parametrize("password", ["court", "sophie@thermo-rhone.example", "1q2w3e4r5t6y"])
def test_a_weak_password_is_refused_and_the_link_lives_on(karim: User, password: str) -> None:
    invite(karim)
    browser = Client()
    browser.get(link_to(ADDRESS))
    assert choose(browser, password).status_code == 422
    assert choose(browser).status_code == 302


def test_an_address_that_has_an_account_is_not_invited(karim: User) -> None:
    taken = owner(email="Prise@thermo-rhone.example")
    typed = {"last_name": "Autre", "email": taken.email.upper(), "role": Role.OWNER.value}
    response = at_desk(karim).post(ADD, typed)
    assert "Un compte a déjà cette adresse" in text(response)
    assert not Invitation.objects.exists()


def test_managers_invite_nobody() -> None:
    assert at_desk(manager()).get(ADD).status_code == 403
    assert at_desk(manager()).post(ADD, {"last_name": "X", "email": ADDRESS}).status_code == 403


# A lost password


def test_a_reset_gives_a_new_password_and_ends_old_sessions(karim: User) -> None:
    julien = with_password(owner())
    session = at_desk(julien)
    at_desk(karim).post(f"/admin/auth/user/{julien.pk}/mot-de-passe/")
    browser = arrive(link_to(julien.email))
    assert not is_inside(session)
    give_password(browser, julien, password=CHOSEN)
    assert is_inside(browser)
    assert StaffAction.objects.filter(what="password_chosen", who=julien).exists()


def test_a_reset_leaves_the_second_factor_in_place(karim: User) -> None:
    julien = owner()
    enrol(julien)
    at_desk(karim).post(f"/admin/auth/user/{julien.pk}/mot-de-passe/")
    browser = arrive(link_to(julien.email))
    response = give_password(browser, julien, password=CHOSEN)
    assert response.headers["Location"] == "/admin/login/code/"


@pytest.mark.parametrize("name", ["julien", "JULIEN@thermo-rhone.example", "personne", "inactif"])
def test_asking_for_a_reset_says_the_same_to_everybody(name: str) -> None:
    owner(username="julien", email="julien@thermo-rhone.example")
    owner(username="inactif", is_active=False)
    response = Client().post("/admin/mot-de-passe-oublie/", {"name": name})
    assert response.status_code == 200
    assert "Si un compte actif porte ce nom" in text(response)
    went = OutgoingEmail.objects.filter(message="logisav/reset").count()
    assert went == (1 if "julien" in name.lower() else 0)


def test_three_resets_an_hour_at_most() -> None:
    owner(username="julien")
    for number in range(5):
        Client(REMOTE_ADDR=f"203.0.113.{number}").post("/admin/mot-de-passe-oublie/", {"name": "julien"})
    assert OutgoingEmail.objects.filter(message="logisav/reset").count() == 3


def test_asking_is_slowed_like_logging_in() -> None:
    statuses = [Client().post("/admin/mot-de-passe-oublie/", {"name": "x"}).status_code for _ in range(6)]
    assert statuses == [200] * 5 + [429]
