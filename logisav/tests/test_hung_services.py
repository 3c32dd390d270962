"""An outside service that takes the call and never answers costs one call a pass, and keeps nothing else waiting."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone
from pytest_django import Settings

from logisav import sweeping
from logisav.tests.hung import Hung, hung_server
from notifications.models import OutgoingEmail
from notifications.tests import smtp
from notifications.tests.factories import queue_code, queue_mail, reloaded
from payments import stripe_gateway
from payments.models import StripeEvent
from quotes import workflow
from quotes.models import DraftPdf
from quotes.pdf import engine, rendering
from quotes.tests.factories import SYSTEM, make_quote, make_sent_quote
from signing.models import Signature
from signing.seal import stamping
from signing.tests.factories import make_signature

ROWS = 5
PATIENCE = 0.4  # seconds that we give an outside service here
one_page: list[bytes] = []


@pytest.fixture
def hung() -> Iterator[Hung]:
    with hung_server() as server:
        yield server


@pytest.fixture
def post(settings: Settings) -> Iterator[smtp.Server]:
    with smtp.running() as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", server.port, 5
        yield server


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    """One rendered page serves as every PDF; nobody is waited for long."""
    one_page[:] = one_page or [engine.render("<html lang='fr'><title>Devis</title><p>Une page.</p></html>")]
    monkeypatch.setattr(engine, "render", lambda html, **options: one_page[0])
    monkeypatch.setattr(stamping, "TIMEOUT", PATIENCE)
    monkeypatch.setattr(stripe_gateway, "TIMEOUT", (PATIENCE, PATIENCE))
    monkeypatch.setattr(stripe_gateway, "RETRIES", 0)


def sign(count: int) -> None:
    for _ in range(count):
        quote = make_quote()
        rendering.render_version(workflow.send(quote.pk, actor=SYSTEM).pk)
        quote.refresh_from_db()
        make_signature(quote)


def tell_of_events(count: int) -> None:
    """Of payments that bear no mark: only Stripe can say whose they are."""
    for number in range(count):
        about = {"object": "charge", "id": f"ch_{number}", "payment_intent": f"pi_{number}"}
        payload = {"id": f"evt_{number}", "type": "charge.refunded", "livemode": False}
        StripeEvent.objects.create(
            event_id=f"evt_{number}",
            type="charge.refunded",
            payload=payload | {"data": {"object": about}},
            livemode=False,
        )


def use_stripe(settings: Settings, hung: Hung) -> None:
    settings.STRIPE_API_URL = hung.url
    settings.STRIPE_SECRET_KEY = "sk_test_logisav0123456789"


@pytest.mark.django_db
def test_a_hung_authority_costs_one_call_and_everything_else_is_done(
    hung: Hung, post: smtp.Server, settings: Settings
) -> None:
    sign(ROWS)
    settings.TSA_URLS = [hung.url]
    mail, draft = queue_mail(), workflow.request_draft_pdf(make_quote().pk)
    start = time.monotonic()
    sweeping.sweep()
    assert len(hung.callers) == 2  # for one seal, and for the anchor of the day
    assert time.monotonic() - start < 10 * PATIENCE + 5
    assert sorted(Signature.objects.values_list("attempts", flat=True)) == [0] * (ROWS - 1) + [1]
    assert DraftPdf.objects.get(pk=draft.pk).done_at is not None
    assert reloaded(mail).state == OutgoingEmail.State.SENT


@pytest.mark.django_db
def test_a_hung_mail_server_costs_one_call_and_everything_else_is_done(
    hung: Hung, settings: Settings
) -> None:
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", hung.port, PATIENCE
    mails = [queue_mail() for _ in range(ROWS)]
    draft = workflow.request_draft_pdf(make_quote().pk)
    sweeping.sweep()
    assert len(hung.callers) == 1
    assert sorted(reloaded(mail).attempts for mail in mails) == [0] * (ROWS - 1) + [1]
    assert DraftPdf.objects.get(pk=draft.pk).done_at is not None


@pytest.mark.django_db
def test_a_hung_stripe_costs_one_call_and_everything_else_is_done(
    hung: Hung, post: smtp.Server, settings: Settings
) -> None:
    use_stripe(settings, hung)
    tell_of_events(ROWS)
    mail, draft = queue_mail(), workflow.request_draft_pdf(make_quote().pk)
    sweeping.sweep()
    assert len(hung.callers) == 1
    assert sorted(StripeEvent.objects.values_list("attempts", flat=True)) == [0] * (ROWS - 1) + [1]
    assert DraftPdf.objects.get(pk=draft.pk).done_at is not None
    assert reloaded(mail).state == OutgoingEmail.State.SENT


@pytest.mark.django_db
def test_codes_and_links_leave_before_mails_that_were_queued_earlier(post: smtp.Server) -> None:
    usual = [queue_mail() for _ in range(3)]
    code = queue_code()
    sweeping.sweep()
    order = [mail["Message-ID"] for mail in post.accepted]
    assert order == [code.message_id, *(mail.message_id for mail in usual)]


@pytest.fixture
def loop() -> Iterator[Callable[[], None]]:
    """The passes without end, as `manage.py sweep --loop` makes them."""
    stop = threading.Event()
    runs: list[threading.Thread] = []

    def start() -> None:
        runs.append(threading.Thread(target=sweeping.keep_sweeping, args=(stop,), kwargs={"every": 0.1}))
        runs[0].start()

    yield start
    stop.set()
    for run in runs:
        run.join()
    for thread in threading.enumerate():
        if thread.name.startswith("sweep: "):
            thread.join(10)
    connections.close_all()


@pytest.mark.django_db(transaction=True)
def test_while_stripe_and_an_authority_hang_the_passes_of_the_others_go_on(
    hung: Hung, post: smtp.Server, settings: Settings, monkeypatch: pytest.MonkeyPatch, loop: Any
) -> None:
    """Each lane walks by itself: a code is out long before Stripe is given up for now."""
    sign(1)
    monkeypatch.setattr(stripe_gateway, "TIMEOUT", (4, 4))
    monkeypatch.setattr(stamping, "TIMEOUT", 4)
    settings.TSA_URLS = [hung.url]
    use_stripe(settings, hung)
    tell_of_events(1)
    Signature.objects.update(next_try_at=timezone.now())
    loop()
    assert eventually(lambda: len(hung.callers) == 2, seconds=10)
    start = time.monotonic()
    code = queue_code(about=make_sent_quote().number)
    assert eventually(lambda: reloaded(code).state == OutgoingEmail.State.SENT, seconds=3)
    assert time.monotonic() - start < 3
    assert StripeEvent.objects.get().claimed_until is not None  # still at it


def eventually(happened: Callable[[], object], *, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not happened() and time.monotonic() < end:
        time.sleep(0.05)
    return bool(happened())
