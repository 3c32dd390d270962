"""A code or a link that is dead is not mailed any more, and that is shown."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from pytest_django import Settings

from notifications import delivery
from notifications.models import OutgoingEmail
from notifications.queue import JobOutcome
from notifications.tests.factories import Listener, queue_code, reloaded
from notifications.tests.smtp import Server, closed_port

pytestmark = pytest.mark.django_db

START = dt.datetime(2026, 11, 24, 14, 0, tzinfo=dt.UTC)
TEN_MINUTES = dt.timedelta(minutes=10)


@pytest.mark.parametrize(
    ("after", "outcome"),
    [
        (TEN_MINUTES - dt.timedelta(seconds=1), JobOutcome.DONE),
        (TEN_MINUTES, JobOutcome.GIVEN_UP),
        (TEN_MINUTES + dt.timedelta(seconds=1), JobOutcome.GIVEN_UP),
    ],
)
def test_a_code_leaves_only_while_it_lives(server: Server, after: dt.timedelta, outcome: JobOutcome) -> None:
    with time_machine.travel(START, tick=False) as clock:
        email = queue_code()
        clock.shift(after)
        assert delivery.deliver(email.pk) is outcome
    assert len(server.accepted) == (outcome is JobOutcome.DONE)


def test_an_outdated_mail_is_shown_and_forgets_its_secret(server: Server, listener: Listener) -> None:
    with time_machine.travel(START, tick=False) as clock:
        email = queue_code()
        clock.shift(TEN_MINUTES)
        delivery.sweep()
    email = reloaded(email)
    assert email.get_state_display() == "Périmé"
    assert email.sealed_secrets is None
    assert list(OutgoingEmail.objects.unsent()) == [email]
    assert listener.heard == [(email.pk, "outdated")]


def test_that_it_is_outdated_is_seen_when_it_happens_not_at_the_next_try(
    settings: Settings,
) -> None:
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", closed_port()
    with time_machine.travel(START, tick=False) as clock:
        email = queue_code()
        while not reloaded(email).is_settled:
            delivery.deliver(email.pk)
            clock.move_to(reloaded(email).next_try_at, tick=False)
        assert dt.datetime.now(tz=dt.UTC) == START + TEN_MINUTES
    assert reloaded(email).state == OutgoingEmail.State.OUTDATED
