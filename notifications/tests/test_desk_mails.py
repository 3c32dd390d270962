"""The mails on the desk: read-only, secrets never shown, sent again only when they carry none."""

from __future__ import annotations

import datetime as dt

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from lib import french
from notifications.models import OutgoingEmail
from notifications.tests.factories import queue_mail
from notifications.tests.samples import SECRETS

pytestmark = pytest.mark.django_db
LIST = "/admin/notifications/outgoingemail/"


@pytest.fixture
def desk() -> Client:
    user = User.objects.create_user("lea", is_staff=True)
    rights = ("view_outgoingemail", "change_outgoingemail")
    user.user_permissions.add(*Permission.objects.filter(codename__in=rights))
    client = Client()
    client.force_login(user)
    return client


def page_of(mail: OutgoingEmail) -> str:
    return reverse("admin:notifications_outgoingemail_change", args=[mail.pk])


def again(mail: OutgoingEmail) -> str:
    return reverse("admin:notifications_outgoingemail_again", args=[mail.pk])


def test_what_was_not_sent_can_be_found(desk: Client) -> None:
    mail = queue_mail()
    OutgoingEmail.objects.update(state=OutgoingEmail.State.ATTENTION, error="451 try later")
    page = desk.get(f"{LIST}?state__exact=attention").content.decode()
    assert '<span class="pill bad">À traiter</span>' in page
    assert "451 try later" in desk.get(page_of(mail)).content.decode()


def test_a_settled_mail_is_sent_again_as_one_of_its_own(desk: Client) -> None:
    mail = queue_mail()
    OutgoingEmail.objects.update(state=OutgoingEmail.State.FAILED)
    assert again(mail) in desk.get(page_of(mail)).content.decode()
    desk.get(again(mail))
    assert OutgoingEmail.objects.count() == 1
    desk.post(again(mail))
    assert OutgoingEmail.objects.filter(state=OutgoingEmail.State.QUEUED, text=mail.text).count() == 1


def test_a_secret_is_neither_shown_nor_sent_again(desk: Client) -> None:
    mail = queue_mail("quotes/link")
    OutgoingEmail.objects.update(state=OutgoingEmail.State.SENT)
    page = desk.get(page_of(mail)).content.decode()
    assert all(secret not in page for secret in SECRETS["quotes/link"].values())
    assert again(mail) not in page
    desk.post(again(mail))
    assert OutgoingEmail.objects.count() == 1


def test_mails_are_neither_written_nor_removed_by_hand(desk: Client) -> None:
    mail = queue_mail()
    assert desk.post(page_of(mail), {"to": "intrus@exemple.fr"}).status_code == 403
    assert desk.post(f"{LIST}add/", {"to": "intrus@exemple.fr"}).status_code == 403
    assert desk.post(f"{LIST}{mail.pk}/delete/", {"post": "yes"}).status_code == 403
    assert OutgoingEmail.objects.get().to == mail.to


def test_staff_without_the_right_see_no_mail() -> None:
    mail = queue_mail()
    browser = Client()
    browser.force_login(User.objects.create_user("julien", is_staff=True))
    for path in (LIST, page_of(mail), again(mail)):
        assert browser.get(path).status_code == 403
    assert browser.post(again(mail)).status_code == 403
    assert OutgoingEmail.objects.count() == 1


def test_whoever_only_reads_mails_sends_none_again() -> None:
    """As accountants do."""
    nadia = User.objects.create_user("nadia", is_staff=True)
    nadia.user_permissions.add(Permission.objects.get(codename="view_outgoingemail"))
    browser = Client()
    browser.force_login(nadia)
    email = queue_mail()
    OutgoingEmail.objects.update(state=OutgoingEmail.State.FAILED)
    assert again(email) not in browser.get(page_of(email)).content.decode()
    assert browser.post(again(email)).status_code == 403
    assert OutgoingEmail.objects.count() == 1


def test_moments_read_as_in_our_own_words(desk: Client) -> None:
    queue_mail()
    asked = dt.datetime(2026, 11, 24, 13, 5, tzinfo=dt.UTC)
    OutgoingEmail.objects.update(created_at=asked)
    assert french.moment(asked) in desk.get(LIST).content.decode()
