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
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from notifications.models import OutgoingEmail
from notifications.tests import smtp
from notifications.tests.factories import queue_mail, reloaded

pytestmark = pytest.mark.django_db(transaction=True)

PROJECT = ["celery", "-A", "logisav"]
WORKER = ["worker", "-P", "threads", "-c", "2", "--without-gossip", "--without-mingle", "-l", "WARNING"]
PATIENCE = 60  # seconds: a worker takes two to start, several on a busy machine

Start = Callable[[], "subprocess.Popen[bytes]"]


@pytest.fixture
def server(settings: Settings) -> Iterator[smtp.Server]:
    """A mail server that the worker and we both use."""
    with smtp.running() as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        yield server


@pytest.fixture
def start_worker(server: smtp.Server, tmp_path: Path) -> Iterator[Start]:
    """Starts workers on the tests' own database and broker, as processes of their own."""
    current_app.control.purge()
    environment = os.environ | {
        "DATABASE_URL": database_url(),
        "EMAIL_URL": f"smtp://127.0.0.1:{server.port}",
    }
    workers: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        with (tmp_path / "worker.log").open("ab") as log:
            command = [sys.executable, "-m", *PROJECT, *WORKER]
            worker = subprocess.Popen(
                command, env=environment, stdout=log, stderr=log, start_new_session=True
            )
        workers.append(worker)
        return worker

    yield start
    for worker in workers:
        kill(worker)


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
