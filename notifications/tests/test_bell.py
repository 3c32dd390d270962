"""What waits behind the bell of each member of staff."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from notifications import outbox
from notifications.models import Notification

pytestmark = pytest.mark.django_db


def tell(user: User, text: str = "Mme Morel pose une question.") -> Notification:
    return outbox.notify(
        user, kind="question", text=text, about="D-2026-0148", url="/admin/quotes/quote/1/change/"
    )


def test_each_sees_what_is_theirs_newest_first() -> None:
    julien, anna = (User.objects.create_user(name) for name in ("julien", "anna"))
    first, second, _ = tell(julien), tell(julien), tell(anna)
    assert list(Notification.objects.unread(julien)) == [second, first]


def test_what_is_read_leaves_the_bell_but_stays_in_the_list() -> None:
    julien = User.objects.create_user("julien")
    first, second = tell(julien), tell(julien)
    assert Notification.objects.of(julien).filter(pk=first.pk).mark_read() == 1
    assert list(Notification.objects.unread(julien)) == [second]
    assert Notification.objects.of(julien).count() == 2


def test_marking_all_keeps_the_first_reading() -> None:
    julien = User.objects.create_user("julien")
    first = tell(julien)
    Notification.objects.unread(julien).mark_read()
    first.refresh_from_db()
    tell(julien)
    assert Notification.objects.of(julien).mark_read() == 1
    assert Notification.objects.get(pk=first.pk).read_at == first.read_at


def test_a_long_text_is_one_line_that_fits() -> None:
    notification = tell(User.objects.create_user("julien"), text="Durand\n" * 200)
    assert "\n" not in notification.text
    assert len(notification.text) <= 500
