"""A real worker on the broker of this run: what a commit queued arrives, and a worker that is killed loses nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from celery import current_app
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from notifications import nudging
from notifications.models import OutgoingEmail
from notifications.tests import smtp
from notifications.tests.factories import queue_code, queue_mail, reloaded
from quotes import workflow
from quotes.models import QuoteVersion
from quotes.tests.factories import SYSTEM, make_quote

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both]

PROJECT = ["celery", "-A", "logisav"]
WORKER = ["worker", "-P", "threads", "-c", "2", "--without-gossip", "--without-mingle"]
PATIENCE = 60  # seconds: a worker takes two to start, several on a busy machine

MAILS, WORK = "urgent,logisav", "work,payments"  # as the demo shares the lanes out
ANSWERS_WITHIN = 5.0  # seconds until a code that somebody waits for is out
RENDERS = 20

Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def server(settings: Settings) -> Iterator[smtp.Server]:
    """A mail server that the worker and we both use."""
    with smtp.running() as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        yield server


@pytest.fixture
def start_worker(server: smtp.Server, tmp_path: Path) -> Iterator[Start]:
    """Starts workers on the tests' own database and broker, as processes of their own."""
    purge()
    environment = os.environ | {
        "DATABASE_URL": database_url(),
        "EMAIL_URL": f"smtp://127.0.0.1:{server.port}",
    }
    workers: list[subprocess.Popen[bytes]] = []

    def start(lanes: str = "", *, log_level: str = "WARNING") -> subprocess.Popen[bytes]:
        with (tmp_path / "worker.log").open("ab") as log:
            command = [sys.executable, "-m", *PROJECT, *WORKER, *(["-Q", lanes] if lanes else [])]
            command += ["-n", f"{len(workers)}@%h", "-l", log_level]
            worker = subprocess.Popen(
                command, env=environment, stdout=log, stderr=log, start_new_session=True
            )
        workers.append(worker)
        return worker

    yield start
    for worker in workers:
        kill(worker)


def purge() -> None:
    """What earlier tests have left in any lane."""
    with current_app.connection_for_write() as broker:
        for lane in settings.CELERY_TASK_QUEUES:
            lane(broker.default_channel).declare()
            lane(broker.default_channel).purge()


def kill(worker: subprocess.Popen[bytes]) -> None:
    """As a machine that loses its power does: nothing is tidied up."""
    worker.send_signal(signal.SIGKILL)
    worker.wait()


def database_url() -> str:
    """Of the tests' database, not of the one beside it."""
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{database['NAME']}"
    return f"postgres://{database['USER']}@{database['HOST']}:{database['PORT']}/{database['NAME']}"


def eventually(happened: Callable[[], object]) -> bool:
    end = time.monotonic() + PATIENCE
    while not happened() and time.monotonic() < end:
        time.sleep(0.05)
    return bool(happened())


def is_sent(email: OutgoingEmail) -> bool:
    return reloaded(email).state == OutgoingEmail.State.SENT


def let_the_claim_run_out(email: OutgoingEmail) -> None:
    OutgoingEmail.objects.filter(pk=email.pk).update(claimed_until=timezone.now())


def test_a_worker_sends_what_a_commit_queued(server: smtp.Server, start_worker: Start) -> None:
    start_worker()
    email = queue_mail()
    assert eventually(lambda: is_sent(email))
    assert [mail["Message-ID"] for mail in server.accepted] == [email.message_id]


def test_a_nudge_waits_for_the_worker_to_come_back(server: smtp.Server, start_worker: Start) -> None:
    email = queue_mail()
    start_worker()
    assert eventually(lambda: is_sent(email))
    assert len(server.accepted) == 1


def test_the_sweep_sends_what_a_killed_worker_held(server: smtp.Server, start_worker: Start) -> None:
    server.script["BODY"] = smtp.HANG
    worker = start_worker()
    email = queue_mail()
    assert eventually(lambda: server.heard)
    kill(worker)
    del server.script["BODY"]

    call_command("sweep")
    assert not is_sent(email)  # somebody may still be at it
    let_the_claim_run_out(email)
    call_command("sweep")

    assert is_sent(email)
    assert [mail["Message-ID"] for mail in server.accepted] == [email.message_id]


def test_a_code_is_out_in_seconds_while_twenty_documents_are_being_made(
    server: smtp.Server, start_worker: Start
) -> None:
    """Rendering takes a second and more each, and has a lane of its own."""
    start_worker(MAILS)
    start_worker(WORK)
    first = queue_mail()
    assert eventually(lambda: is_sent(first))
    for _ in range(RENDERS):
        workflow.send(make_quote().pk, actor=SYSTEM)
    assert eventually(QuoteVersion.objects.exclude(claimed_until=None).exists)

    start = time.monotonic()
    code = queue_code()
    assert eventually(lambda: is_sent(code))
    assert time.monotonic() - start < ANSWERS_WITHIN
    assert QuoteVersion.objects.filter(done_at=None).count() > RENDERS // 2


def test_what_was_queued_before_there_were_lanes_is_done(server: smtp.Server, start_worker: Start) -> None:
    version = workflow.send(make_quote().pk, actor=SYSTEM)
    email = queue_code()
    nudging._messenger.finish()
    purge()
    for name, pk in (("quotes.render", version.pk), ("notifications.deliver", email.pk)):
        current_app.send_task(name, [pk], queue="logisav")
    start_worker(MAILS)
    assert eventually(lambda: is_sent(email))
    assert eventually(QuoteVersion.objects.filter(pk=version.pk, is_current=True).exists)


def test_the_sweep_needs_no_broker(server: smtp.Server, tmp_path: Path) -> None:
    """`manage.py sweep --loop` as a process: it sends, says when it is there, and ends when asked."""
    email, note = queue_mail(), tmp_path / "sweep.ready"
    environment = os.environ | {
        "DATABASE_URL": database_url(),
        "EMAIL_URL": f"smtp://127.0.0.1:{server.port}",
        "CELERY_BROKER_URL": "redis://127.0.0.1:1/0",
    }
    command = [sys.executable, "manage.py", "sweep", "--loop", "--note", str(note)]
    with subprocess.Popen(command, env=environment, cwd=settings.BASE_DIR) as sweep:
        try:
            assert eventually(lambda: is_sent(email))
            assert note.exists()
            sweep.terminate()
            assert sweep.wait(PATIENCE) == 0
        finally:
            sweep.kill()
