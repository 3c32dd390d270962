"""Tries come less and less often, for a day; then somebody has to look at it."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from pytest_django import Settings

from notifications import delivery
from notifications.models import OutgoingEmail
from notifications.queue import JobOutcome
from notifications.tests.factories import queue_mail, reloaded
from notifications.tests.smtp import closed_port

pytestmark = pytest.mark.django_db

START = dt.datetime(2026, 11, 24, 14, 0, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _no_server(settings: Settings) -> None:
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", closed_port()


def tries(email: OutgoingEmail, clock: time_machine.Traveller) -> list[dt.timedelta]:
    """Live through all tries; returns the waits between them."""
    waits = []
    while delivery.deliver(email.pk) is JobOutcome.AWAY and not reloaded(email).is_settled:
        now, then = clock_now(), reloaded(email).next_try_at
        waits.append(then - now)
        clock.move_to(then, tick=False)
    return waits


def clock_now() -> dt.datetime:
    return dt.datetime.now(tz=dt.UTC)


def test_the_waits_grow_from_five_seconds_to_half_an_hour() -> None:
    with time_machine.travel(START, tick=False) as clock:
        waits = tries(queue_mail(), clock)
    assert [wait.total_seconds() for wait in waits[:10]] == [5, 10, 20, 40, 80, 160, 320, 640, 1280, 1800]
    assert max(waits) == dt.timedelta(minutes=30)


def test_after_a_day_it_needs_attention() -> None:
    with time_machine.travel(START, tick=False) as clock:
        email = queue_mail()
        waits = tries(email, clock)
        assert dt.timedelta(hours=23) < clock_now() - START <= dt.timedelta(hours=24)
    email = reloaded(email)
    assert email.state == OutgoingEmail.State.ATTENTION
    assert email.get_state_display() == "À traiter"
    assert email.attempts == len(waits) + 1
    assert list(OutgoingEmail.objects.unsent()) == [email]


def test_before_its_time_a_mail_is_left_alone() -> None:
    with time_machine.travel(START, tick=False) as clock:
        email = queue_mail()
        delivery.deliver(email.pk)
        clock.shift(dt.timedelta(seconds=4))
        assert delivery.deliver(email.pk) is JobOutcome.NOT_DUE
        clock.shift(dt.timedelta(seconds=1))
        assert delivery.deliver(email.pk) is JobOutcome.AWAY
