"""The application that asked for a mail hears what became of it: once, and surely."""

from __future__ import annotations

import dataclasses
import datetime as dt
from dataclasses import replace

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import DatabaseError
from django.utils import timezone

from notifications import delivery, events
from notifications.models import Notification, OutgoingEmail
from notifications.queue import JobOutcome
from notifications.tests.factories import Listener, make_due, queue_code, queue_mail, reloaded
from notifications.tests.smtp import Server

pytestmark = pytest.mark.django_db


def hear(monkeypatch: pytest.MonkeyPatch, handler: events.Handler | None) -> None:
    """What the application above would do about the mail of `queue_mail`."""
    mail = dataclasses.replace(events.mail_of("quotes/refused"), settled=handler)
    monkeypatch.setitem(events._mails, mail.message, mail)


def test_a_sent_mail_is_told_with_the_servers_answer(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    hear(monkeypatch, lambda email: seen.append((email.state, email.smtp_reply)))
    email = queue_mail()
    delivery.deliver(email.pk)
    assert seen == [("sent", "250 2.0.0 Ok: queued as 4711")]
    assert reloaded(email).told


@pytest.mark.parametrize(
    ("script", "state"),
    [({}, "sent"), ({"RCPT": "550 No such user"}, "failed"), ({"RCPT": "450 Later"}, None)],
)
def test_only_what_is_settled_is_told(
    server: Server, listener: Listener, script: dict[str, str], state: str | None
) -> None:
    server.script = script
    email = queue_mail()
    delivery.deliver(email.pk)
    assert listener.heard == ([(email.pk, state)] if state else [])


def test_a_mail_given_up_is_told(server: Server, listener: Listener) -> None:
    server.script["RCPT"] = "450 Later"
    email = queue_mail()
    OutgoingEmail.objects.update(created_at=timezone.now() - dt.timedelta(hours=24))
    delivery.deliver(email.pk)
    assert listener.heard == [(email.pk, "attention")]


@pytest.mark.parametrize("trouble", [ValueError("no"), DatabaseError("gone")])
def test_a_handler_that_fails_does_not_unsend_the_mail(
    server: Server, listener: Listener, trouble: Exception
) -> None:
    listener.trouble = trouble
    email = queue_code()
    assert delivery.deliver(email.pk) is JobOutcome.DONE
    email = reloaded(email)
    assert (email.state, email.told, email.sealed_secrets) == ("sent", False, None)


def test_the_sweep_repeats_a_handler_until_it_is_done(server: Server, listener: Listener) -> None:
    listener.trouble = ValueError("no")
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        email = queue_mail()
        for _ in range(3):
            delivery.sweep()
            assert not reloaded(email).told
            clock.shift(delivery.TELL_AGAIN_AFTER)
        listener.trouble = None
        delivery.sweep()
        delivery.sweep()
    assert listener.heard == [(email.pk, "sent")]
    assert reloaded(email).told
    assert len(server.accepted) == 1


def test_what_a_failing_handler_wrote_is_undone(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    user = User.objects.create_user("julien")

    def half_done(email: OutgoingEmail) -> None:
        Notification.objects.create(user=user, kind="x", text="x")
        raise ValueError("half way")

    hear(monkeypatch, half_done)
    delivery.deliver(queue_mail().pk)
    assert not Notification.objects.exists()


def test_a_handler_that_always_fails_does_not_keep_others_from_hearing(
    server: Server, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "MAILS", replace(delivery.MAILS, batch=1))
    monkeypatch.setattr(delivery, "UNHEARD", replace(delivery.UNHEARD, batch=1))
    listener.trouble = ValueError("no")
    first, second = queue_mail(), queue_mail()
    delivery.sweep()
    delivery.sweep()
    listener.trouble = None
    for email in (first, second):
        make_due(email)
    delivery.sweep()
    delivery.sweep()
    assert sorted(pk for pk, _ in listener.heard) == [first.pk, second.pk]


def test_a_mail_that_nobody_listens_for_is_settled_all_the_same(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    hear(monkeypatch, None)
    email = queue_mail()
    delivery.deliver(email.pk)
    assert reloaded(email).told


def test_a_mail_of_another_release_waits_for_somebody_who_knows_it(
    server: Server, listener: Listener
) -> None:
    email = queue_mail()
    OutgoingEmail.objects.update(message="quotes/of_tomorrow")
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        assert delivery.deliver(email.pk) is JobOutcome.DONE
        assert not reloaded(email).told
        OutgoingEmail.objects.update(message="quotes/refused")
        clock.shift(delivery.TELL_AGAIN_AFTER)
        delivery.sweep()
    assert listener.heard == [(email.pk, "sent")]
    assert len(server.accepted) == 1
