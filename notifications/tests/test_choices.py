"""Everyone chooses, kind by kind, how they are told; contracts, money and failures reach everyone."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from logisav.desk.tests.desk import stamp_in
from notifications import choices, events, outbox
from notifications.models import Notification, NotificationChoice, OutgoingEmail
from notifications.tests.samples import CONTEXTS

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]
PREFERENCES = "/admin/notifications/notification/preferences/"
Ways = choices.Ways
IMPORTANT = {
    "accepted",
    "address_changed",
    "contradiction",
    "deposit",
    "failure",
    "paused",
    "question",
    "refused",
    "stamp_missing",
    "withdrawn",
}


@pytest.fixture
def julien() -> User:
    return User.objects.create_user("julien", email="julien@thermo-rhone.example", is_staff=True)


@pytest.fixture
def desk(julien: User) -> Client:
    client = Client()
    client.force_login(julien)
    return client


def tell(user: User, kind: str, *, by_mail: bool = True) -> tuple[int, int]:
    """What reached them: how many mails, how many lines behind the bell."""
    OutgoingEmail.objects.all().delete()
    Notification.objects.all().delete()
    context = CONTEXTS["quotes/refused_owner"]
    mail = outbox.StaffMail("quotes/refused_owner", context, sender_name="Thermo Rhône") if by_mail else None
    outbox.tell(user, kind=kind, text="Un fait.", about="D-2026-0148", url="/admin/", mail=mail)
    return OutgoingEmail.objects.filter(to=user.email).count(), Notification.objects.of(user).count()


def save(desk: Client, **changes: str) -> Any:
    everything = {notice.name: "both" for notice in events.notices()}
    return desk.post(PREFERENCES, everything | changes | stamp_in(desk.get(PREFERENCES)))


# What reaches whom


def test_without_a_choice_both_ways_are_used(julien: User) -> None:
    assert tell(julien, "question") == (1, 1)
    assert tell(julien, "accepted") == (1, 1)


@pytest.mark.parametrize(
    ("ways", "reached"), [("both", (1, 1)), ("mail", (1, 0)), ("desk", (0, 1)), ("none", (0, 0))]
)
def test_each_way_is_respected(julien: User, ways: str, reached: tuple[int, int]) -> None:
    choices.choose(julien, {"expiring": ways})
    assert tell(julien, "expiring") == reached
    assert tell(julien, "refused") == (1, 1)


def test_a_choice_is_ones_own(julien: User) -> None:
    choices.choose(julien, {"expiring": "none"})
    sophie = User.objects.create_user("sophie", email="sophie@thermo-rhone.example", is_staff=True)
    assert tell(sophie, "expiring") == (1, 1)


def test_what_has_no_mail_is_told_on_the_desk(julien: User) -> None:
    choices.choose(julien, {"failure": "mail"})
    assert tell(julien, "failure", by_mail=False) == (0, 1)
    julien.email = ""
    julien.save()
    assert tell(julien, "failure") == (0, 1)


@pytest.mark.parametrize("kind", sorted(IMPORTANT))
def test_what_is_important_cannot_be_switched_off(julien: User, kind: str) -> None:
    with pytest.raises(choices.NotAllowed):
        choices.choose(julien, {kind: "none"})
    NotificationChoice.objects.create(user=julien, kind=kind, ways=Ways.NONE)
    assert tell(julien, kind) == (1, 1)


def test_a_kind_that_nobody_knows_is_told_by_both_ways(julien: User) -> None:
    NotificationChoice.objects.create(user=julien, kind="comet", ways=Ways.NONE)
    assert tell(julien, "comet") == (1, 1)
    with pytest.raises(choices.NotAllowed):
        choices.choose(julien, {"comet": "mail"})


def test_what_was_promised_to_a_customer_acceptance_money_and_failures_are_the_important_ones() -> None:
    assert {notice.name for notice in events.notices() if notice.is_important} == IMPORTANT


# The page


def test_the_page_shows_every_kind_with_what_is_chosen(desk: Client, julien: User) -> None:
    choices.choose(julien, {"question": "desk"})
    page = desk.get(PREFERENCES).content.decode()
    for notice in events.notices():
        assert notice.label.replace("'", "&#x27;") in page
        assert (f'name="{notice.name}" value="none"' in page) is not notice.is_important
    checked = page[page.index('name="question" value="desk"') :].split(">")[0]
    assert "checked" in checked


def test_choices_are_saved_for_oneself(desk: Client, julien: User) -> None:
    assert save(desk, expiring="none", accepted="desk").headers["Location"] == PREFERENCES
    assert choices.ways_of(julien, "expiring") is Ways.NONE
    assert choices.ways_of(julien, "accepted") is Ways.DESK
    save(desk, expiring="mail")
    assert choices.ways_of(julien, "expiring") is Ways.MAIL
    assert NotificationChoice.objects.filter(kind="expiring").count() == 1


@pytest.mark.parametrize(("kind", "ways"), [("accepted", "none"), ("deposit", ""), ("question", "pigeon")])
def test_a_forged_choice_is_refused_with_a_sentence_and_nothing_is_kept(
    desk: Client, kind: str, ways: str
) -> None:
    response = save(desk, refused="mail", **{kind: ways})
    assert response.status_code == 422
    assert "corrigez ce qui est signalé" in response.content.decode()
    if kind in IMPORTANT:
        assert "Gardez au moins un moyen" in response.content.decode()
    assert not NotificationChoice.objects.exists()


def test_the_page_is_for_staff_alone() -> None:
    browser = Client()
    browser.force_login(User.objects.create_user("client"))
    for response in (browser.get(PREFERENCES), browser.post(PREFERENCES), Client().get(PREFERENCES)):
        assert response.headers["Location"].startswith("/admin/login/")
