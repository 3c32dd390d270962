"""What is promised is measured: each kind of work, processes, disk, certificates; /readyz names what is not well."""

from __future__ import annotations

import datetime as dt
import os
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import time_machine
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from logisav import sweeping
from logisav.health import certificates, measuring, processes, queues
from logisav.health.facts import Fact, Level
from logisav.tests.hung import hung_server
from notifications import queue, readings
from notifications.models import OutgoingEmail, QueueEntry, Reading
from notifications.tests.factories import queue_code, queue_mail
from payments.models import Payment, Refund, StripeEvent
from payments.tests.conftest import stripe  # noqa: F401 - the fixture
from payments.tests.factories import make_accepted_quote, open_page
from quotes import workflow
from quotes.models import QuoteVersion
from quotes.tests.factories import SYSTEM, make_quote, make_sent_quote
from signing.tests.factories import make_signature

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)


def fact(name: str) -> Fact:
    return next(each for each in measuring.measure() if each.name == name)


def asked() -> dict[str, Any]:
    answer: dict[str, Any] = Client().get("/readyz").json()
    return answer


def all_processes_are_there() -> None:
    for beat in processes.beats({}):
        readings.note(beat.name)


# Every queue


def test_every_declared_queue_is_measured() -> None:
    declared = {
        part.name for lane in sweeping.LANES.values() for part in lane if isinstance(part, queue.Queue)
    }
    assert {kind.queue for kind in queues.KINDS} | set(queues.DATED) == declared


def test_every_queue_is_in_a_lane_that_a_worker_or_the_schedule_takes() -> None:
    assert {kind.lane for kind in queues.KINDS} == set(processes.lanes())
    assert {*sweeping.LANES, "health"} == set(processes.SWEEPS)


def an_event() -> None:
    StripeEvent.objects.create(event_id="evt_1", type="charge.refunded", payload={}, livemode=False)


WORK: dict[str, Callable[[], Any]] = {
    "urgent mails": queue_code,
    "mails": queue_mail,
    "rendering": lambda: workflow.send(make_quote().pk, actor=SYSTEM),
    "drafts": lambda: workflow.request_draft_pdf(make_quote().pk),
    "sealing": lambda: make_signature(make_sent_quote()),
    "events": an_event,
    "reminders": lambda: QueueEntry.objects.create(queue="reminders", row=1),
}


@pytest.mark.parametrize("kind", WORK)
def test_what_waits_for_five_minutes_is_orange_and_red_after_fifteen(kind: str) -> None:
    start = timezone.now()
    with time_machine.travel(start, tick=False):
        WORK[kind]()
    for minutes, level in ((4, Level.OK), (5, Level.LATE), (14, Level.LATE), (15, Level.BROKEN)):
        with time_machine.travel(start + minutes * MINUTE, tick=False):
            found = fact(f"queue {kind}")
        assert found.level is level
        assert found.figure == f"1 en attente depuis {minutes}\u00a0min"


def test_money_that_waits_is_measured_too(stripe: Any) -> None:  # noqa: F811
    payment = Payment.objects.get(pk=open_page(make_accepted_quote()).pk)
    Payment.objects.filter(pk=payment.pk).update(
        next_check_at=timezone.now() - 6 * MINUTE, payment_intent="pi_1"
    )
    Refund.objects.create(payment=payment, amount=1, created_at=timezone.now() - 16 * MINUTE)
    assert fact("queue payments to look up").level is Level.LATE
    assert fact("queue refunds").level is Level.BROKEN


def test_what_is_put_off_again_and_again_keeps_its_age() -> None:
    """A reminder that fails is tried later and later; how long it has been undone does not begin anew."""
    failing = queue.dated("reminders", find=lambda: [7], work=lambda row: 1 / 0)
    start = timezone.now()
    for minutes in (0, 1, 6):
        with time_machine.travel(start + minutes * MINUTE, tick=False):
            queue.sweep(failing)
    with time_machine.travel(start + 7 * MINUTE, tick=False):
        assert QueueEntry.objects.get().attempts == 3
        assert fact("queue reminders").figure == "1 en attente depuis 7\u00a0min"


def test_what_had_nothing_to_do_is_not_late() -> None:
    start = timezone.now()
    with time_machine.travel(start, tick=False):
        queue.sweep(queue.dated("reminders", find=lambda: [7], work=lambda row: False))
    with time_machine.travel(start + 9 * MINUTE, tick=False):
        assert fact("queue reminders").is_well


def test_what_was_given_up_is_named_for_a_day() -> None:
    mail = queue_mail()
    OutgoingEmail.objects.filter(pk=mail.pk).update(state="attention", next_try_at=timezone.now())
    version = workflow.send(make_quote().pk, actor=SYSTEM)
    QuoteVersion.objects.filter(pk=version.pk).update(failed_at=timezone.now())
    assert fact("given up mails").figure == fact("given up rendering").figure == "1 en 24\u00a0h"
    with time_machine.travel(timezone.now() + dt.timedelta(hours=25)):
        assert fact("given up mails").is_well
        assert fact("given up rendering").is_well


# /readyz


def test_readyz_is_ok_when_all_is_well() -> None:
    all_processes_are_there()
    response = Client().get("/readyz")
    assert (response.status_code, response.json()["state"], response.json()["unwell"]) == (200, "ok", [])


def test_a_contract_that_cannot_be_sealed_is_named() -> None:
    all_processes_are_there()
    signature = make_signature(make_sent_quote())
    type(signature).objects.filter(pk=signature.pk).update(signed_at=timezone.now() - 20 * MINUTE)
    response = Client().get("/readyz")
    assert response.status_code == 200
    assert response.json()["state"] == "degraded"
    assert response.json()["unwell"] == ["Contrats à sceller : 1 en attente depuis 20\u00a0min"]
    assert response.json()["subjects"]["queue sealing"]["state"] == "broken"


def test_dead_processes_are_named() -> None:
    """Worker and schedule both gone: what was `ok` once."""
    all_processes_are_there()
    with time_machine.travel(timezone.now() + 6 * MINUTE, tick=False):
        said = asked()
    assert said["state"] == "degraded"
    assert "Worker de la file urgent : vu il y a 6\u00a0min" in said["unwell"]
    assert "Passage périodique : mails : vu il y a 6\u00a0min" in said["unwell"]


def test_a_process_that_was_never_there_is_named() -> None:
    assert "Worker de la file payments : jamais vu" in asked()["unwell"]


def test_without_storage_it_is_503(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path / "file")
    Path(settings.MEDIA_ROOT).write_text("")
    response = Client().get("/readyz")
    assert (response.status_code, response.json()["storage"]) == (503, False)


def test_without_database_it_is_503_and_a_broker_that_is_away_is_named() -> None:
    script = (
        "import django; django.setup(); from django.test import Client; from logisav.health import machine; "
        "answer = Client().get('/readyz'); "
        "print(answer.status_code, answer.json()['database'], machine.broker_fact().figure)"
    )
    environment = os.environ | {
        "DATABASE_URL": "postgres://nobody@127.0.0.1:1/nowhere",
        "CELERY_BROKER_URL": "redis://127.0.0.1:1/0",
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
    assert done.stdout.strip() == "503 False ne répond pas"


def test_all_is_measured_in_fourteen_statements(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(14):
        measuring.measure()


# Certificates


@pytest.mark.parametrize(
    ("days_left", "level"), [(31, Level.OK), (29, Level.LATE), (6, Level.BROKEN), (-2, Level.BROKEN)]
)
def test_the_end_of_the_seal_is_told_in_days(days_left: int, level: Level) -> None:
    certificates.look({})
    with time_machine.travel(certificates.seal_end() - dt.timedelta(days=days_left), tick=False):
        found = fact("certificate seal")
    assert found.level is level
    assert found.figure == (f"encore {days_left}\u00a0jours" if days_left > 0 else "périmé")


def test_a_seal_that_cannot_be_read_is_red(settings: Settings) -> None:
    settings.SEAL_PASSPHRASE = "une autre"
    certificates.look({})
    found = fact("certificate seal")
    assert (found.level, found.figure) == (Level.BROKEN, "illisible")
    assert "ValueError" in found.to_do


def test_readyz_names_no_file_of_the_machine(settings: Settings) -> None:
    settings.SEAL_PKCS12 = "/etc/logisav/nowhere.p12"
    certificates.look({})
    assert "nowhere.p12" in fact("certificate seal").to_do
    assert "nowhere.p12" not in Client().get("/readyz").content.decode()


def test_it_is_looked_at_once_an_hour() -> None:
    certificates.look({})
    first = Reading.objects.get(pk="certificate seal").at
    certificates.look(readings.latest())
    assert Reading.objects.get(pk="certificate seal").at == first
    with time_machine.travel(timezone.now() + 61 * MINUTE):
        certificates.look(readings.latest())
    assert Reading.objects.get(pk="certificate seal").at > first


@pytest.fixture
def shop_window(tmp_path: Path) -> Iterator[tuple[int, dt.datetime]]:
    """A server with a certificate of its own making, which has run out already: its port and that end."""
    end = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(end - dt.timedelta(days=90))
        .not_valid_after(end)
        .sign(key, hashes.SHA256())
    )
    pair = tmp_path / "pair.pem"
    pair.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + certificate.public_bytes(Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair)
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port, end
        server.shutdown()


def test_the_sites_own_certificate_is_read_even_when_it_has_run_out(
    settings: Settings, shop_window: tuple[int, dt.datetime]
) -> None:
    port, end = shop_window
    settings.SITE_URL, settings.SECURE = f"https://127.0.0.1:{port}", True
    certificates.look({})
    assert Reading.objects.get(pk="certificate tls").value == end.isoformat()
    assert fact("certificate tls").figure == "périmé"


def test_a_site_that_says_nothing_keeps_nobody(settings: Settings) -> None:
    with hung_server() as hung:
        settings.SITE_URL, settings.SECURE = f"https://127.0.0.1:{hung.port}", True
        certificates.look({})
    assert fact("certificate tls").level is Level.BROKEN


def test_a_site_without_https_has_none_and_readyz_calls_nobody(settings: Settings) -> None:
    certificates.look({})
    assert not Reading.objects.filter(pk="certificate tls").exists()
    with hung_server() as hung:
        settings.SITE_URL, settings.SECURE = f"https://127.0.0.1:{hung.port}", True
        asked()
        assert hung.callers == []
