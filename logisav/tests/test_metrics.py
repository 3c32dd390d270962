"""/metrics: for who has the token, right across processes, without anybody's name."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from logisav.tests.stack import free_port
from logisav.tests.test_workers import database_url, eventually
from notifications import queue, readings
from notifications.models import OutgoingEmail
from notifications.tests.factories import CUSTOMER, queue_code, queue_mail
from quotes.tests.factories import make_sent_quote, secrets_of, visitor
from signing.tests.factories import make_signature

pytestmark = pytest.mark.django_db
TOKEN = "un-jeton-pour-prometheus"
Series = dict[tuple[str, str], float]


@pytest.fixture
def _with_token(settings: Settings) -> None:
    settings.METRICS_TOKEN = TOKEN


def scrape() -> str:
    response = Client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/plain")
    return response.content.decode()


def samples(text: str) -> dict[str, float]:
    """`name{label="value"}` as it stands there, and its value."""
    return {
        f"{sample.name}{{{','.join(f'{key}={value}' for key, value in sorted(sample.labels.items()))}}}": sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.mark.parametrize(
    ("token", "given"),
    [
        ("", "Bearer "),
        ("", f"Bearer {TOKEN}"),
        (TOKEN, ""),
        (TOKEN, "Bearer "),
        (TOKEN, f"Bearer {TOKEN}x"),
        (TOKEN, f"Basic {TOKEN}"),
        (TOKEN, "Bearer é"),
    ],
)
def test_without_the_token_there_is_nothing_there(settings: Settings, token: str, given: str) -> None:
    settings.METRICS_TOKEN = token
    refused: Any = Client().get("/metrics", headers={"Authorization": given} if given else {})
    nowhere: Any = Client().get("/nowhere")
    assert refused.status_code == nowhere.status_code == 404
    assert refused.content == nowhere.content


@pytest.mark.usefixtures("_with_token")
def test_every_series_is_there() -> None:
    queue_code()
    make_signature(make_sent_quote())
    readings.note("sweep mails")
    readings.note("worker urgent")
    queue.sweep(queue.dated("reminders", find=lambda: [7], work=lambda row: True))
    Client().get("/healthz")
    found = samples(scrape())
    urgent = OutgoingEmail.objects.filter(carries_secret=True).count()
    assert found["logisav_queue_rows{lane=urgent,queue=urgent mails}"] == urgent > 1
    assert found["logisav_lane_rows{lane=urgent}"] == urgent
    assert found["logisav_lane_rows{lane=work}"] == 1
    assert found["logisav_signatures{}"] == 1
    assert found["logisav_sealed_documents{}"] == 0
    assert found["logisav_mails{state=queued}"] >= 2
    assert found["logisav_payments{state=paid}"] == 0
    assert found["logisav_given_up_rows{queue=mails}"] == 0
    assert found["logisav_free_bytes{}"] > 0
    assert found["logisav_request_seconds_count{status=2xx,view=logisav.health.pages.alive}"] >= 1
    assert found["logisav_job_seconds_count{outcome=done,queue=reminders}"] >= 1
    for name in (
        "logisav_queue_oldest_seconds{lane=urgent,queue=urgent mails}",
        "logisav_lane_oldest_seconds{lane=urgent}",
        "logisav_last_sign_of_life_seconds{process=sweep mails}",
        "logisav_last_sign_of_life_seconds{process=worker urgent}",
    ):
        assert 0 <= found[name] < 60


@pytest.mark.usefixtures("_with_token")
def test_no_label_names_anybody() -> None:
    quote = make_sent_quote()
    link = secrets_of("quotes/link", quote)["link"]
    visitor(quote).get(quote.get_absolute_url())
    Client().get("/" + link.split("/", 3)[3])
    Client().get("/nowhere/" + CUSTOMER)
    queue_mail()
    text = scrape()
    for secret in (quote.public_id, quote.number, link.split("/")[4], CUSTOMER, quote.customer.last_name):
        assert secret not in text
    assert 'view="-"' in text


@pytest.mark.usefixtures("_with_token")
def test_a_scrape_takes_nineteen_statements(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(19):
        scrape()


# Several processes


@pytest.fixture
def web(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """gunicorn as it is deployed, with three processes: its address, and the folder that they share."""
    port, folder = free_port(), tmp_path / "metrics"
    folder.mkdir()
    (folder / "histogram_999999999.db").write_bytes(b"")  # of a process that is gone
    environment = os.environ | {
        "DATABASE_URL": database_url(),
        "METRICS_TOKEN": TOKEN,
        "METRICS_DIR": str(folder),
        "TRUSTED_PROXY_COUNT": "1",
        "LOG_LEVEL": "INFO",
        "LOG_FORMAT": "json",
    }
    command = [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "-b", f"127.0.0.1:{port}"]
    with (tmp_path / "web.log").open("wb") as log:
        served = subprocess.Popen(
            [*command, "logisav.wsgi"], env=environment, cwd=project.BASE_DIR, stdout=log, stderr=log
        )
    try:
        assert eventually(lambda: answers(f"http://127.0.0.1:{port}/healthz"))
        yield f"http://127.0.0.1:{port}", folder
    finally:
        served.send_signal(signal.SIGQUIT)
        served.wait(30)


def answers(address: str) -> bool:
    try:
        return bool(ask(address) == 200)
    except OSError:
        return False


def ask(address: str, **headers: str) -> int:
    request = urllib.request.Request(address, headers=headers)  # noqa: S310 - our own
    try:
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
            return int(response.status)
    except urllib.error.HTTPError as refused:
        return refused.code


@pytest.mark.django_db(transaction=True)
def test_the_count_is_right_whichever_process_is_asked(web: tuple[str, Path], tmp_path: Path) -> None:
    address, folder = web
    assert not (folder / "histogram_999999999.db").exists()
    sent, pids = 0, set[str]()
    while len(pids) < 3 and sent < 600:
        assert (
            ask(
                f"{address}/nulle-part",
                **{"X-Request-ID": f"proxy-{sent:04}", "X-Forwarded-For": "203.0.113.7"},
            )
            == 404
        )
        sent += 1
        pids = {file.stem.rpartition("_")[2] for file in folder.glob("histogram_*.db")}
    assert len(pids) > 1
    for _ in range(6):
        request = urllib.request.Request(f"{address}/metrics", headers={"Authorization": f"Bearer {TOKEN}"})  # noqa: S310
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
            found = samples(response.read().decode())
        assert found["logisav_request_seconds_count{status=4xx,view=-}"] == sent
    log = (tmp_path / "web.log").read_text()
    assert re.search(r'"request": "proxy-0000", "message": "203\.0\.113\.7 GET /nulle-part 404 \d+ms"', log)


def test_a_folder_that_is_gone_costs_a_count_and_no_answer(tmp_path: Path) -> None:
    script = (
        "import os, shutil, django; django.setup(); from django.test import Client; "
        "shutil.rmtree(os.environ['METRICS_DIR']); "
        "print(Client().get('/healthz').status_code)"
    )
    environment = os.environ | {
        "METRICS_TOKEN": TOKEN,
        "METRICS_DIR": str(tmp_path / "metrics"),
        "DJANGO_SETTINGS_MODULE": "logisav.settings",
    }
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.strip() == "200"
    assert "not counted" in done.stderr
