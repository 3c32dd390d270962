"""Administrators are mailed at 5 and at 15 minutes, once each, and when it is over; past the outbox."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator

import pytest
import time_machine
from django.db import connections
from django.utils import timezone
from pytest_django import Settings

from logisav.desk.tests.desk import administrator, manager
from logisav.health import alarms, heartbeat, processes
from notifications import readings
from notifications.models import Alarm, OutgoingEmail
from notifications.tests import smtp
from notifications.tests.factories import queue_code

pytestmark = pytest.mark.django_db
START = dt.datetime(2026, 11, 24, 14, 41, tzinfo=dt.UTC)
ADDRESS = "admin@thermo-rhone.example"
FIRST, AGAIN, OVER = (alarms.SUBJECTS[moment][0] for moment in ("first", "again", "over"))


@pytest.fixture
def server(settings: Settings) -> Iterator[smtp.Server]:
    with smtp.running() as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        yield server


def watch(minutes: float) -> None:
    """So many minutes after the start, with every process there."""
    with time_machine.travel(START + dt.timedelta(minutes=minutes), tick=False):
        for beat in processes.beats({}):
            readings.note(beat.name)
        alarms.watch()


def a_code_waits() -> OutgoingEmail:
    with time_machine.travel(START, tick=False):
        return queue_code()


def subjects(server: smtp.Server) -> list[str]:
    return [str(mail["Subject"]) for mail in server.accepted]


def test_at_five_and_fifteen_minutes_and_when_it_is_over(server: smtp.Server) -> None:
    administrator(email=ADDRESS)
    code = a_code_waits()
    told = []
    for minutes in (1, 4.9, 5, 5.3, 9, 14.9, 15, 16, 60):
        watch(minutes)
        told.append(len(server.accepted))
    assert told == [0, 0, 1, 1, 1, 1, 2, 2, 2]
    OutgoingEmail.objects.filter(pk=code.pk).update(state="sent", next_try_at=START)
    watch(61)
    watch(62)
    assert subjects(server) == [FIRST, AGAIN, OVER]
    assert {str(mail["To"]) for mail in server.accepted} == {ADDRESS}
    assert not Alarm.objects.exists()


def test_it_says_what_waits_and_what_to_do_and_leaves_no_trace_in_the_outbox(server: smtp.Server) -> None:
    administrator(email=ADDRESS)
    a_code_waits()
    watch(6)
    words = server.accepted[0].get_content()
    assert "Liens et codes : 1 en attente depuis 6\u00a0min." in words
    assert "Vérifiez le serveur de mail (EMAIL_URL) et que le worker de cette file tourne." in words
    assert "/admin/etat/" in words
    assert OutgoingEmail.objects.count() == 1  # the code itself


def test_what_begins_anew_is_told_anew(server: smtp.Server) -> None:
    administrator(email=ADDRESS)
    code = a_code_waits()
    watch(6)
    OutgoingEmail.objects.filter(pk=code.pk).update(state="sent", next_try_at=START)
    watch(7)
    with time_machine.travel(START + dt.timedelta(minutes=8), tick=False):
        queue_code()
    watch(14)
    assert subjects(server) == [FIRST, OVER, FIRST]


def test_several_subjects_make_one_mail(server: smtp.Server) -> None:
    administrator(email=ADDRESS)
    with time_machine.travel(START, tick=False):
        for beat in processes.beats({}):
            readings.note(beat.name)
    with time_machine.travel(START + dt.timedelta(minutes=6), tick=False):
        alarms.watch()
    assert subjects(server) == [alarms.SUBJECTS["first"][1].format(9)]
    assert "Passage périodique : surveillance" in server.accepted[0].get_content()
    assert "Worker de la file urgent" in server.accepted[0].get_content()


def test_a_lane_never_seen_is_told_five_minutes_after_somebody_looked(server: smtp.Server) -> None:
    administrator(email=ADDRESS)
    told = []
    for minutes in (0, 4, 5, 6):
        with time_machine.travel(START + dt.timedelta(minutes=minutes), tick=False):
            alarms.watch()
            told.append(len(server.accepted))
    assert told == [0, 0, 1, 1]


def test_a_mail_that_no_server_took_is_tried_again(server: smtp.Server) -> None:
    administrator(email=ADDRESS)
    a_code_waits()
    server.script["RCPT"] = "451 later"
    watch(6)
    del server.script["RCPT"]
    watch(6.5)
    watch(7)
    assert subjects(server) == [FIRST]


def test_an_end_that_no_server_took_is_told_later(server: smtp.Server) -> None:
    administrator(email=ADDRESS)
    code = a_code_waits()
    watch(6)
    OutgoingEmail.objects.filter(pk=code.pk).update(state="sent", next_try_at=START)
    server.script["CONNECT"] = smtp.DROP
    watch(7)
    del server.script["CONNECT"]
    watch(8)
    assert subjects(server) == [FIRST, OVER]


def test_who_does_not_administer_hears_nothing_and_the_log_says_so(
    server: smtp.Server, caplog: pytest.LogCaptureFixture
) -> None:
    manager(email="marc@thermo-rhone.example")
    administrator(email=ADDRESS, is_active=False)
    a_code_waits()
    watch(6)
    assert server.accepted == []
    assert "nobody to mail an alarm to: Liens et codes" in caplog.text


def test_an_address_that_is_none_keeps_the_others_from_nothing(server: smtp.Server) -> None:
    administrator(username="a", email=ADDRESS)
    administrator(username="b", email="pas une adresse")
    a_code_waits()
    watch(6)
    assert [str(mail["To"]) for mail in server.accepted] == [ADDRESS]


@pytest.mark.django_db(transaction=True)
def test_a_worker_tells_in_the_place_of_a_schedule_that_is_silent(server: smtp.Server) -> None:
    administrator(email=ADDRESS)
    for beat in processes.beats({}):
        readings.note(beat.name)
    heartbeat.watch_the_schedule()
    assert not Alarm.objects.exists()
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=6), tick=False):
        heartbeat.beat(processes.lanes())
        heartbeat.watch_the_schedule()
        heartbeat.watch_the_schedule()
    assert subjects(server) == [alarms.SUBJECTS["first"][1].format(5)]
    assert "Passage périodique : surveillance : vu il y a 6\u00a0min." in server.accepted[0].get_content()


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgres
def test_of_two_that_look_at_the_same_moment_one_tells(server: smtp.Server) -> None:
    administrator(email=ADDRESS)
    a_code_waits()
    now = timezone.now()
    for beat in processes.beats({}):
        readings.note(beat.name)
    OutgoingEmail.objects.update(created_at=now - dt.timedelta(minutes=6))
    ready = threading.Barrier(4)

    def look() -> None:
        ready.wait()
        alarms.watch()
        connections.close_all()

    watchers = [threading.Thread(target=look) for _ in range(4)]
    for watcher in watchers:
        watcher.start()
    for watcher in watchers:
        watcher.join()
    assert subjects(server) == [FIRST]
