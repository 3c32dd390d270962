"""Real processes: what lives says so, what is killed is missed, and a task bears its request's name."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from pathlib import Path

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.utils import timezone

from lib import tracing
from logisav.desk.tests.desk import administrator, at_desk, text
from logisav.health import processes
from logisav.tests.test_workers import (  # noqa: F401 - the fixtures
    Start,
    database_url,
    eventually,
    is_sent,
    kill,
    server,
    start_worker,
)
from notifications.models import Reading
from notifications.tests.factories import queue_mail

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both]


def have_been_heard(*names: str) -> bool:
    return eventually(lambda: Reading.objects.filter(name__in=names).count() == len(names))


def test_a_killed_worker_and_a_killed_schedule_are_named(start_worker: Start) -> None:  # noqa: F811
    administrator_at_desk = at_desk(administrator(email=""))
    sweeps = [processes.sweep_reading(lane) for lane in processes.SWEEPS]
    worker = start_worker("urgent,logisav")
    command = [sys.executable, "manage.py", "sweep", "--loop"]
    environment = os.environ | {"DATABASE_URL": database_url()}
    with subprocess.Popen(command, env=environment, cwd=settings.BASE_DIR) as schedule:
        try:
            assert have_been_heard("worker urgent", "worker logisav", *sweeps)
            alive = Client().get("/readyz").json()["subjects"]
        finally:
            schedule.kill()
    kill(worker)
    assert {alive[name]["state"] for name in ("worker urgent", "worker logisav", *sweeps)} == {"ok"}
    assert alive["worker work"]["figure"] == "jamais vu"

    with time_machine.travel(timezone.now() + dt.timedelta(minutes=6), tick=False):
        said = Client().get("/readyz").json()
        page = text(administrator_at_desk.get("/admin/etat/"))
    assert said["state"] == "degraded"
    assert {said["subjects"][name]["state"] for name in ("worker urgent", *sweeps)} == {"late"}
    for words in ("Worker de la file urgent", "Passage périodique : mails"):
        assert f"{words} : vu il y a 6\u00a0min" in said["unwell"]
        assert words in page
    assert "vu il y a 6\u00a0min" in page
    assert "systemctl restart logisav-schedule" in page


def test_a_task_runs_under_the_name_of_the_request_that_nudged_it(
    start_worker: Start,  # noqa: F811
    tmp_path: Path,
) -> None:
    start_worker(log_level="INFO")
    with tracing.following("proxy-4711-abcd"):
        email = queue_mail()
    assert email.trace == "proxy-4711-abcd"
    assert eventually(lambda: is_sent(email))
    line = f"[proxy-4711-abcd] mail {email.pk} (quotes/refused) sent, asked for by proxy-4711-abcd"
    written = tmp_path / "worker.log"
    assert eventually(lambda: line in written.read_text()), written.read_text()
