"""The bell on the desk: a figure on every page, one's own lines alone, read one by one or all at once."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from notifications import outbox
from notifications.models import Notification

pytestmark = pytest.mark.django_db
BELL = "/admin/notifications/notification/"


def staff(name: str) -> User:
    return User.objects.create_user(name, is_staff=True)


def tell(user: User, text: str = "Mme Morel pose une question.", url: str = "/admin/") -> Notification:
    return outbox.notify(user, kind="question", text=text, about="D-2026-0001", url=url)


@pytest.fixture
def julien() -> User:
    return staff("julien")


@pytest.fixture
def desk(julien: User) -> Client:
    client = Client()
    client.force_login(julien)
    return client


def shown(response: Any) -> list[Notification]:
    return [line for line, _ in response.context["lines"]]


def address(name: str, line: Notification) -> str:
    return reverse(f"admin:notifications_notification_{name}", args=[line.pk])


def test_the_bell_bears_a_figure_on_every_page(desk: Client, julien: User) -> None:
    tell(julien)
    tell(julien)
    tell(staff("lea"))
    for page in ("/admin/", BELL, "/admin/password_change/"):
        assert 'aria-label="Notifications, 2 non lues"' in desk.get(page).content.decode()


def test_nothing_unread_shows_no_figure(desk: Client, julien: User) -> None:
    tell(julien)
    Notification.objects.of(julien).mark_read()
    page = desk.get(BELL).content.decode()
    assert 'aria-label="Notifications, 0 non lue"' in page
    assert 'class="desk-figure" aria-hidden="true" hidden' in page


def test_the_list_shows_ones_own_lines_the_unread_first(desk: Client, julien: User) -> None:
    first, second = tell(julien, "Première"), tell(julien, "Deuxième <b>")
    tell(staff("lea"), "À Léa")
    Notification.objects.filter(pk=second.pk).mark_read()
    response = desk.get(BELL)
    assert shown(response) == [first, second]
    assert "Deuxième &lt;b&gt;" in response.content.decode()


def test_one_line_is_marked_as_read(desk: Client, julien: User) -> None:
    first, second = tell(julien), tell(julien)
    assert desk.post(address("read", first)).headers["Location"] == BELL
    assert list(Notification.objects.unread(julien)) == [second]


def test_all_lines_are_marked_as_read_and_no_one_elses(desk: Client, julien: User) -> None:
    lea = staff("lea")
    tell(julien)
    tell(lea)
    desk.post(f"{BELL}tout-lire/")
    assert not Notification.objects.unread(julien).exists()
    assert Notification.objects.unread(lea).count() == 1


def test_opening_a_line_reads_it_and_leads_to_its_page(desk: Client, julien: User) -> None:
    line = tell(julien, url="/admin/quotes/quote/7/change/")
    assert desk.post(address("open", line)).headers["Location"] == "/admin/quotes/quote/7/change/"
    assert not Notification.objects.unread(julien).exists()


@pytest.mark.parametrize("name", ["read", "open"])
def test_another_ones_line_does_not_exist(desk: Client, name: str) -> None:
    lea = staff("lea")
    line = tell(lea)
    assert desk.post(address(name, line)).status_code == 404
    assert Notification.objects.unread(lea).count() == 1


@pytest.mark.parametrize("name", ["read", "open"])
def test_looking_changes_nothing(desk: Client, julien: User, name: str) -> None:
    line = tell(julien)
    assert desk.get(address(name, line)).status_code == 405
    assert desk.get(f"{BELL}tout-lire/").status_code == 405
    assert Notification.objects.unread(julien).count() == 1


def test_the_count_is_asked_for_while_a_page_stays_open(desk: Client, julien: User) -> None:
    tell(julien)
    assert desk.get(f"{BELL}nombre/").json() == {"unread": 1}


def test_the_bell_is_for_staff_alone(julien: User) -> None:
    line = tell(julien)
    customer = User.objects.create_user("client")
    browser = Client()
    for user in (None, customer):
        if user:
            browser.force_login(user)
        for path in (BELL, f"{BELL}nombre/", address("open", line)):
            assert browser.post(path).headers["Location"].startswith("/admin/login/")
    assert Notification.objects.unread(julien).count() == 1


# Filters


@pytest.fixture
def entries(julien: User) -> dict[str, Notification]:
    """A question read, a refusal and a question of another quote unread."""
    lines = {
        "read": tell(julien),
        "refused": outbox.notify(julien, kind="refused", text="Non.", about="D-2026-0001", url="/"),
        "other": outbox.notify(julien, kind="question", text="Et ?", about="D-2026-0002", url="/"),
    }
    Notification.objects.filter(pk=lines["read"].pk).mark_read()
    return lines


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("etat=non-lues", {"refused", "other"}),
        ("nature=question", {"read", "other"}),
        ("devis=d-2026-0001", {"read", "refused"}),
        ("etat=non-lues&nature=question&devis=D-2026-0002", {"other"}),
        ("nature=refused&devis=D-2026-0002", set()),
        ("etat=x&nature=comet&page=zz", {"read", "refused", "other"}),
    ],
)
def test_the_list_is_filtered_by_state_kind_and_quote(
    desk: Client, entries: dict[str, Notification], query: str, found: set[str]
) -> None:
    response = desk.get(f"{BELL}?{query}")
    assert response.status_code == 200
    assert set(shown(response)) == {entries[name] for name in found}


def test_a_line_says_of_which_kind_it_is(desk: Client, entries: dict[str, Notification]) -> None:
    assert "Devis refusé, aujourd" in desk.get(BELL).content.decode()


def test_marking_one_as_read_leads_back_to_the_filtered_list(
    desk: Client, entries: dict[str, Notification]
) -> None:
    where = desk.post(address("read", entries["refused"]), {"filtres": "etat=non-lues&next=//pirate.example"})
    assert where.headers["Location"] == f"{BELL}?etat=non-lues"


def test_later_pages_keep_the_filters(desk: Client, julien: User) -> None:
    for _ in range(31):
        tell(julien)
    page = desk.get(f"{BELL}?nature=question").content.decode()
    assert "?nature=question&amp;page=2" in page
