"""Whatever goes wrong on the way to the mail server, no mail is lost and none leaves twice without need."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import time_machine
from pytest_django import Settings

from logisav.tests.figures import sample
from notifications import delivery
from notifications.models import OutgoingEmail
from notifications.queue import JobOutcome
from notifications.tests.factories import OWNER, make_due, queue_code, queue_mail, reloaded
from notifications.tests.smtp import DROP, HANG, STEPS, Server, closed_port, part

pytestmark = pytest.mark.django_db

State = OutgoingEmail.State
BEFORE_THE_END = [step for step in STEPS if step != "QUIT"]
ABOUT_THE_MAIL = ["MAIL", "RCPT", "DATA", "BODY"]
ABOUT_THE_SERVER = ["CONNECT"]
TROUBLES = [
    *((step, HANG) for step in BEFORE_THE_END),
    *((step, DROP) for step in BEFORE_THE_END),
    *((step, "451 4.3.0 Try again later") for step in [*ABOUT_THE_SERVER, *ABOUT_THE_MAIL]),
    *((step, "421 4.3.2 Shutting down") for step in [*ABOUT_THE_SERVER, *ABOUT_THE_MAIL]),
    ("CONNECT", "554 5.7.1 Your address is on a list"),
    ("BODY", "450 4.2.0 Greylisted"),
]


@pytest.mark.parametrize(("step", "trouble"), TROUBLES)
def test_a_trouble_that_passes_loses_nothing(server: Server, step: str, trouble: str) -> None:
    email = queue_mail()
    server.script[step] = trouble
    assert delivery.deliver(email.pk) in (JobOutcome.LATER, JobOutcome.AWAY)
    waiting = reloaded(email)
    assert waiting.state == State.QUEUED
    assert waiting.error

    server.script.clear()
    make_due(email)
    delivery.sweep()
    assert reloaded(email).state == State.SENT
    assert len(server.accepted) == 1


@pytest.mark.parametrize("trouble", [HANG, DROP])
def test_a_mail_that_the_server_had_read_leaves_again_under_the_same_message_id(
    server: Server, trouble: str
) -> None:
    email = queue_code()
    server.script["BODY"] = trouble
    delivery.deliver(email.pk)
    server.script.clear()
    make_due(email)
    delivery.deliver(email.pk)
    first, second = server.heard
    assert first["Message-ID"] == second["Message-ID"] == email.message_id
    assert part(first, "plain") == part(second, "plain")


@pytest.mark.parametrize("step", ABOUT_THE_MAIL)
def test_what_the_server_will_never_take_fails_at_once(server: Server, step: str) -> None:
    email = queue_code()
    server.script[step] = "550 5.1.1 No such user"
    assert delivery.deliver(email.pk) is JobOutcome.GIVEN_UP
    failed = reloaded(email)
    assert failed.state == State.FAILED
    assert failed.error == "550 5.1.1 No such user"
    assert failed.sealed_secrets is None


def test_a_no_to_our_own_people_is_asked_for_again_for_a_day(server: Server) -> None:
    """Five seconds of a server that is set up wrong, and the owner still hears of the signature."""
    owners, customers = queue_mail("signing/accepted_owner", to=OWNER), queue_mail()
    server.script["RCPT"] = "550 5.1.1 No such user"
    assert delivery.deliver(owners.pk) is JobOutcome.LATER
    assert delivery.deliver(customers.pk) is JobOutcome.GIVEN_UP
    assert reloaded(owners).error == "550 5.1.1 No such user"
    server.script.clear()
    make_due(owners)
    assert delivery.deliver(owners.pk) is JobOutcome.DONE
    assert reloaded(customers).state == State.FAILED

    late = queue_mail("signing/accepted_owner", to=OWNER)
    server.script["RCPT"] = "550 5.1.1 No such user"
    with time_machine.travel(late.created_at + delivery.GIVE_UP_AFTER):
        assert delivery.deliver(late.pk) is JobOutcome.GIVEN_UP
    assert reloaded(late).state == State.ATTENTION


@pytest.mark.parametrize("goodbye", [HANG, DROP, "500 What?", "421 Shutting down"])
def test_a_goodbye_that_goes_wrong_does_not_unsend_a_mail(server: Server, goodbye: str) -> None:
    email = queue_mail()
    server.script["QUIT"] = goodbye
    assert delivery.deliver(email.pk) is JobOutcome.DONE
    assert reloaded(email).smtp_reply == STEPS["BODY"]


def test_a_refusal_stands_even_if_the_goodbye_goes_wrong(server: Server) -> None:
    email = queue_mail()
    server.script |= {"BODY": "554 5.7.1 Rejected", "RSET": DROP}
    assert delivery.deliver(email.pk) is JobOutcome.GIVEN_UP
    assert reloaded(email).error == "554 5.7.1 Rejected"


def test_a_server_that_is_away_loses_nothing(server: Server, settings: Settings) -> None:
    emails = [queue_mail(), queue_code()]
    settings.EMAIL_PORT = closed_port()
    delivery.sweep()
    assert not OutgoingEmail.objects.filter(state=State.SENT).exists()

    settings.EMAIL_PORT = server.port
    for email in emails:
        make_due(email)
    delivery.sweep()
    assert {reloaded(email).state for email in emails} == {State.SENT}
    assert len(server.accepted) == 2


def test_a_wrong_password_is_ours_to_mend_so_no_mail_fails(server: Server, settings: Settings) -> None:
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = "devis"
    server.script |= {"EHLO": "250-mail.test\r\n250 AUTH PLAIN", "AUTH": "535 5.7.8 Authentication failed"}
    email = queue_mail()
    assert delivery.deliver(email.pk) is JobOutcome.AWAY
    assert reloaded(email).state == State.QUEUED


def test_a_server_without_the_promised_encryption_gets_nothing(server: Server, settings: Settings) -> None:
    settings.EMAIL_USE_TLS = True
    email = queue_mail()
    assert delivery.deliver(email.pk) is JobOutcome.AWAY
    assert server.heard == []


def test_a_sweep_leaves_a_server_that_hangs_alone(server: Server, patience: Callable[[float], None]) -> None:
    patience(0.3)
    emails = [queue_mail() for _ in range(4)]
    server.script["CONNECT"] = HANG
    delivery.sweep()
    assert sorted(reloaded(email).attempts for email in emails) == [0, 0, 0, 1]


def test_a_mail_that_is_put_off_does_not_keep_the_others_back(server: Server) -> None:
    emails = [queue_mail() for _ in range(4)]
    server.script["RCPT"] = "450 4.2.0 Greylisted"
    assert delivery.sweep() == 4
    assert {reloaded(email).attempts for email in emails} == {1}


def test_one_sweep_is_bounded(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "MAILS", replace(delivery.MAILS, batch=2))
    for _ in range(3):
        queue_mail()
    assert delivery.sweep() == 2
    assert delivery.sweep() == 1


def test_nothing_is_lost_whatever_goes_wrong(
    server: Server, patience: Callable[[float], None], figure: Callable[[str, str], None]
) -> None:
    patience(0.3)
    faults = 0
    for step, trouble in TROUBLES * sample(1, 10):
        email = queue_mail()
        server.script = {step: trouble}
        delivery.deliver(email.pk)
        faults += 1
    server.script = {}
    patience(10)
    OutgoingEmail.objects.update(next_try_at=OutgoingEmail.objects.earliest("created_at").created_at)
    while delivery.sweep():
        pass
    lost = OutgoingEmail.objects.exclude(state=State.SENT).count()
    figure("smtp", f"{faults} pannes du serveur de mail, {lost} message perdu")
    assert lost == 0
    assert len({mail["Message-ID"] for mail in server.accepted}) == faults
