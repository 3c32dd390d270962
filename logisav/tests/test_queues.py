"""Whatever a job raises, in every queue: kept with its row, backed off, told once; and the rows behind it are done."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone
from pytest_django import Settings

from demo.stripe_standin.standin import StandIn
from logisav import sweeping
from logisav.tests.refusing import refuse, refuse_mail
from notifications.models import Notification, OutgoingEmail
from notifications.outbox import Attachment
from notifications.queue import ClaimedRow, QueueEntry
from notifications.tests import smtp
from notifications.tests.factories import queue_mail
from payments import stripe_gateway
from payments import workflow as payments
from payments.models import Deposit, Payment, Refund, StripeEvent
from payments.tests.conftest import stripe  # noqa: F401 - the fixture
from payments.tests.factories import make_accepted_quote, open_page, pay, session_of, withdraw
from quotes import declaring, workflow
from quotes.journal import Actor
from quotes.models import Company, Declaration, DraftPdf, Quote, QuoteVersion
from quotes.pdf import engine, rendering
from quotes.tests.factories import SYSTEM, mails, make_company, make_manager, make_quote, make_sent_quote
from signing.models import SealedDocument, Signature
from signing.tests.factories import make_signature

pytestmark = pytest.mark.django_db
START = dt.datetime(2026, 11, 24, 14, 41, tzinfo=ZoneInfo("Europe/Paris"))  # a Tuesday
OWNER = Actor("staff", name="julien")
NOWHERE = "http://127.0.0.1:1/tsa"
one_page: list[bytes] = []


@dataclass
class Edges:
    """What stands outside, for the scenes that need it."""

    stripe: StandIn
    settings: Settings
    folder: Path
    monkeypatch: pytest.MonkeyPatch


@dataclass
class Scene:
    """A row whose job raises, one behind it that does not, and who is told when."""

    row: Callable[[], ClaimedRow]
    others_are_done: Callable[[], bool]
    times_told: Callable[[], int]
    tries: int
    starts: dt.timedelta = dt.timedelta()


@pytest.fixture
def edges(
    stripe: StandIn,  # noqa: F811
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Edges]:
    """One rendered page serves as every PDF; mails are taken by a real server."""
    one_page[:] = one_page or [engine.render("<html lang='fr'><title>Devis</title><p>Une page.</p></html>")]
    monkeypatch.setattr(engine, "render", lambda html, **options: one_page[0])
    with smtp.running() as server, at(START):
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        yield Edges(stripe, settings, tmp_path, monkeypatch)


@contextmanager
def at(moment: dt.datetime) -> Iterator[None]:
    with time_machine.travel(moment, tick=False):
        yield


def entry(queue: str, row: int) -> Callable[[], QueueEntry]:
    return lambda: QueueEntry.objects.get(queue=queue, row=row)


def stuck_mails(quote: Quote) -> Callable[[], int]:
    return lambda: int(mails("quotes/stuck_owner", quote).count())


def notices(person: User, words: str) -> Callable[[], int]:
    return lambda: Notification.objects.filter(user=person, text__contains=words).count()


def raising(edges: Edges, call: str, *, about: object) -> None:
    """An answer of Stripe's that is like none before, about one thing; the rest is answered as ever."""
    usual = getattr(stripe_gateway, call)

    def strange(first: Any, *args: Any, **options: Any) -> Any:
        if about in (first, *options.values()):
            raise KeyError("charge")
        return usual(first, *args, **options)

    edges.monkeypatch.setattr(stripe_gateway, call, strange)


@contextmanager
def a_logo_that_goes() -> Iterator[None]:
    """The company has it for as long as the block runs; then its file is gone."""
    company = make_company()
    company.logo = ContentFile(secrets.token_bytes(64), name="logo.png")
    company.save()
    yield
    file = str(company.logo.name)
    Company.objects.update(logo="")
    default_storage.delete(file)


# The scenes, by the name of the queue


def a_mail_whose_attachment_is_gone(edges: Edges) -> Scene:
    quote, file = make_sent_quote(), Attachment(name="x.pdf", type="application/pdf", path="signed/gone.pdf")
    bad = queue_mail("signing/accepted", about=quote.number, attachments=[file])
    good = queue_mail(about=quote.number)
    return Scene(
        row=lambda: OutgoingEmail.objects.get(pk=bad.pk),
        others_are_done=lambda: OutgoingEmail.objects.get(pk=good.pk).state == OutgoingEmail.State.SENT,
        times_told=notices(quote.owner, "ne part pas encore"),
        tries=8,
    )


def a_version_whose_logo_is_gone(edges: Edges) -> Scene:
    with a_logo_that_goes():
        bad = workflow.send(make_quote().pk, actor=SYSTEM)
    good = workflow.send(make_quote().pk, actor=SYSTEM)
    return Scene(
        row=lambda: QuoteVersion.objects.get(pk=bad.pk),
        others_are_done=lambda: QuoteVersion.objects.get(pk=good.pk).is_current,
        times_told=lambda: mails("quotes/sending_failed_owner", bad.quote).count(),
        tries=rendering.MAX_ATTEMPTS,
    )


def a_draft_whose_logo_is_gone(edges: Edges) -> Scene:
    with a_logo_that_goes():
        bad = workflow.request_draft_pdf(make_quote().pk)
    good = workflow.request_draft_pdf(make_quote().pk)
    return Scene(
        row=lambda: DraftPdf.objects.get(pk=bad.pk),
        others_are_done=lambda: DraftPdf.objects.get(pk=good.pk).done_at is not None,
        times_told=lambda: DraftPdf.objects.filter(pk=bad.pk, failed_at__isnull=False).count(),
        tries=1,
    )


def a_signature_whose_pdf_is_none(edges: Edges) -> Scene:
    """What was stored and signed cannot be read by the sealer."""
    bad = make_signature(make_sent_quote())
    sent = make_quote()
    rendering.render_version(workflow.send(sent.pk, actor=SYSTEM).pk)
    good = make_signature(Quote.objects.get(pk=sent.pk))
    return Scene(
        row=lambda: Signature.objects.get(pk=bad.pk),
        others_are_done=lambda: SealedDocument.objects.filter(signature=good).exists(),
        times_told=stuck_mails(bad.quote),
        tries=8,
    )


def a_late_sealing_that_cannot_be_announced(edges: Edges) -> Scene:
    bad, good = make_signature(make_sent_quote()), make_signature(make_sent_quote())
    refuse_mail("signing/sealing_late", bad.quote.number)
    words = "annonce au client le retard"
    return Scene(
        row=entry("late sealings", bad.pk),
        others_are_done=lambda: mails("signing/sealing_late", good.quote).exists(),
        times_told=notices(bad.quote.owner, words),
        tries=8,
        starts=dt.timedelta(minutes=6),
    )


def a_choice_that_cannot_be_asked(edges: Edges) -> Scene:
    edges.settings.TSA_URLS = [NOWHERE]
    bad, good = make_signature(make_sent_quote()), make_signature(make_sent_quote())
    Signature.objects.update(stamp_failed_at=timezone.now() - dt.timedelta(hours=25))
    refuse_mail("signing/stamp_missing_owner", bad.quote.number)
    return Scene(
        row=entry("choices without a time stamp", bad.pk),
        others_are_done=lambda: mails("signing/stamp_missing_owner", good.quote).exists(),
        times_told=notices(bad.quote.owner, "attend un horodatage"),
        tries=8,
    )


def an_event_that_says_nothing(edges: Edges) -> Scene:
    manager, quote = make_manager(), make_accepted_quote()
    bad = StripeEvent.objects.create(event_id="evt_bad", type="charge.refunded", payload={}, livemode=False)
    edges.stripe.pay_with(session_of(open_page(quote)))
    seen = edges.stripe.events("checkout.session.completed")[-1]
    good = StripeEvent.objects.create(event_id=seen["id"], type=seen["type"], payload=seen, livemode=False)
    return Scene(
        row=lambda: StripeEvent.objects.get(pk=bad.pk),
        others_are_done=lambda: StripeEvent.objects.get(pk=good.pk).status == StripeEvent.Status.APPLIED,
        times_told=notices(manager, "evt_bad"),
        tries=10,
    )


def a_refund_that_is_answered_strangely(edges: Edges) -> Scene:
    first, second = (pay(edges.stripe, make_accepted_quote()) for _ in range(2))
    bad, good = (
        payments.request_refund(payment.pk, amount=Decimal(100), reason="Geste", actor=OWNER)
        for payment in (first, second)
    )
    raising(edges, "refund", about=first.payment_intent)
    return Scene(
        row=lambda: Refund.objects.get(pk=bad.pk),
        others_are_done=lambda: Refund.objects.get(pk=good.pk).state == Refund.State.SUCCEEDED,
        times_told=stuck_mails(first.deposit.quote),
        tries=10,
    )


def a_payment_that_is_shown_strangely(edges: Edges) -> Scene:
    bad, good = (open_page(make_accepted_quote()) for _ in range(2))
    edges.stripe.pay_with(session_of(good))
    raising(edges, "fetch_session", about=bad.session_id)
    return Scene(
        row=lambda: Payment.objects.get(pk=bad.pk),
        others_are_done=lambda: Payment.objects.get(pk=good.pk).is_paid,
        times_told=stuck_mails(bad.deposit.quote),
        tries=10,
        starts=dt.timedelta(minutes=3),
    )


def a_page_that_cannot_be_closed(edges: Edges) -> Scene:
    bad, good = (open_page(make_accepted_quote()) for _ in range(2))
    for payment in (bad, good):
        withdraw(payment.deposit.quote)
    raising(edges, "expire_session", about=bad.session_id)
    Payment.objects.update(next_check_at=None)
    return Scene(
        row=entry("pages to close", bad.pk),
        others_are_done=lambda: Payment.objects.get(pk=good.pk).state == Payment.State.EXPIRED,
        times_told=stuck_mails(bad.deposit.quote),
        tries=10,
    )


def a_reminder_that_cannot_be_written(edges: Edges) -> Scene:
    make_company()
    Company.objects.update(quote_reminder_days=[1], expiry_notice_days=0)
    bad, good = make_sent_quote(), make_sent_quote()
    refuse_mail("quotes/reminder", bad.number)
    return Scene(
        row=entry("reminders", bad.pk),
        others_are_done=lambda: mails("quotes/reminder", good).exists(),
        times_told=stuck_mails(bad),
        tries=8,
        starts=dt.timedelta(days=2),
    )


def an_expiry_that_cannot_be_told(edges: Edges) -> Scene:
    make_company()
    Company.objects.update(quote_reminder_days=[], expiry_notice_days=2)
    until = START.date() + dt.timedelta(days=2)
    bad, good = (make_sent_quote(valid_until=until) for _ in range(2))
    refuse_mail("quotes/expiring_owner", bad.number)
    return Scene(
        row=entry("expiry notices", bad.pk),
        others_are_done=lambda: mails("quotes/expiring_owner", good).exists(),
        times_told=stuck_mails(bad),
        tries=8,
        starts=dt.timedelta(days=1),
    )


def a_deposit_that_cannot_be_asked_for(edges: Edges) -> Scene:
    bad, good = make_accepted_quote(), make_accepted_quote()
    refuse("payments_deposit", f"NEW.quote_id = {bad.pk}")
    return Scene(
        row=entry("deposits to ask for", bad.pk),
        others_are_done=lambda: Deposit.objects.filter(quote=good).exists(),
        times_told=stuck_mails(bad),
        tries=8,
    )


def an_opening_that_cannot_be_told(edges: Edges) -> Scene:
    contract = {"contract": Quote.Contract.OFF_PREMISES, "start": "3 semaines après la signature"}
    bad, good = (make_accepted_quote({"deposit_reminder_days": []}, **contract) for _ in range(2))
    payments.sweep()
    refuse_mail("payments/open_now", bad.number)
    return Scene(
        row=entry("deposits that open", bad.pk),
        others_are_done=lambda: mails("payments/open_now", good).exists(),
        times_told=stuck_mails(bad),
        tries=8,
        starts=dt.timedelta(days=8),
    )


def a_reminder_of_a_deposit_that_cannot_be_written(edges: Edges) -> Scene:
    bad, good = (make_accepted_quote({"deposit_reminder_days": [3]}) for _ in range(2))
    payments.sweep()
    refuse_mail("payments/reminder", bad.number)
    return Scene(
        row=entry("reminders of deposits", bad.pk),
        others_are_done=lambda: mails("payments/reminder", good).exists(),
        times_told=stuck_mails(bad),
        tries=8,
        starts=dt.timedelta(days=3),
    )


def a_declaration_that_cannot_be_taken_up(edges: Edges) -> Scene:
    bad, good = make_accepted_quote(), make_accepted_quote()
    rows = [declared_openly(quote) for quote in (bad, good)]
    refuse_mail("quotes/declared", bad.number)
    return Scene(
        row=entry("declarations to take up", rows[0].pk),
        others_are_done=lambda: mails("quotes/declared", good).exists(),
        times_told=stuck_mails(bad),
        tries=8,
    )


def a_silence_that_cannot_be_taken(edges: Edges) -> Scene:
    bad, good = make_accepted_quote(), make_accepted_quote()
    rows = [workflow.declare(quote.pk, name="C", email="", actor=OWNER) for quote in (bad, good)]
    assert rows[0] is not None
    refuse_mail("quotes/withdrawn", bad.number)
    return Scene(
        row=entry("declarations left unanswered", rows[0].pk),
        others_are_done=lambda: mails("quotes/withdrawn", good).exists(),
        times_told=stuck_mails(bad),
        tries=8,
        starts=dt.timedelta(hours=72),
    )


def a_declaration_that_cannot_be_told_again(edges: Edges) -> Scene:
    bad, good = make_accepted_quote(), make_accepted_quote()
    rows = [declared_openly(quote) for quote in (bad, good)]
    declaring.sweep()
    refuse_mail("quotes/declared_again_owner", bad.number)
    return Scene(
        row=entry("declarations to look at", rows[0].pk),
        others_are_done=lambda: mails("quotes/declared_again_owner", good).exists(),
        times_told=stuck_mails(bad),
        tries=8,
        starts=dt.timedelta(days=1),
    )


def declared_openly(quote: Quote) -> Declaration:
    declaration = workflow.declare_openly(quote.public_id, name="C", email="", actor=Actor("customer"))
    assert declaration is not None
    return declaration


def an_anchor_without_the_authorities_certificates(edges: Edges) -> Scene:
    """One a day, so nothing stands behind it but the other queues."""
    manager, garbage = make_manager(), edges.folder / "authorities.pem"
    garbage.write_text("not a certificate")
    make_sent_quote()
    edges.settings.TSA_URLS, edges.settings.SEAL_AUTHORITIES = [NOWHERE], str(garbage)
    mail = queue_mail()
    return Scene(
        row=entry("anchors", START.date().toordinal()),
        others_are_done=lambda: OutgoingEmail.objects.get(pk=mail.pk).state == OutgoingEmail.State.SENT,
        times_told=notices(manager, "ancrage du jour"),
        tries=8,
    )


SCENES = {
    "mails": a_mail_whose_attachment_is_gone,
    "rendering": a_version_whose_logo_is_gone,
    "drafts": a_draft_whose_logo_is_gone,
    "sealing": a_signature_whose_pdf_is_none,
    "late sealings": a_late_sealing_that_cannot_be_announced,
    "choices without a time stamp": a_choice_that_cannot_be_asked,
    "events": an_event_that_says_nothing,
    "refunds": a_refund_that_is_answered_strangely,
    "payments to look up": a_payment_that_is_shown_strangely,
    "pages to close": a_page_that_cannot_be_closed,
    "reminders": a_reminder_that_cannot_be_written,
    "expiry notices": an_expiry_that_cannot_be_told,
    "deposits to ask for": a_deposit_that_cannot_be_asked_for,
    "deposits that open": an_opening_that_cannot_be_told,
    "reminders of deposits": a_reminder_of_a_deposit_that_cannot_be_written,
    "declarations to take up": a_declaration_that_cannot_be_taken_up,
    "declarations left unanswered": a_silence_that_cannot_be_taken,
    "declarations to look at": a_declaration_that_cannot_be_told_again,
    "anchors": an_anchor_without_the_authorities_certificates,
}
# Nobody is told: what became of a mail stands on its own row; where a deposit stands, nothing could be written either.
UNREPORTED = {"what became of mails", "standings of deposits"}
# What they do when it fails is all they do: logisav/tests/test_damaged_files.py.
ELSEWHERE = {"damaged versions", "damaged contracts"}


def test_every_queue_has_its_scene() -> None:
    queues = {part.name for lane in sweeping.LANES.values() for part in lane if hasattr(part, "work")}
    assert queues == SCENES.keys() | UNREPORTED | ELSEWHERE


@pytest.mark.parametrize("name", SCENES)
def test_any_exception_is_kept_backed_off_and_told_once(name: str, edges: Edges) -> None:
    scene = SCENES[name](edges)
    now = START + scene.starts
    for attempt in range(1, scene.tries + 1):
        assert scene.times_told() == 0
        with at(now):
            sweeping.sweep()
            row: Any = scene.row()
        assert scene.others_are_done()
        assert row.attempts == attempt
        assert row.error
        assert row.claimed_until is None
        if attempt < scene.tries:
            due = getattr(row, "next_check_at", None) or row.next_try_at
            assert dt.timedelta(seconds=5) <= due - now <= dt.timedelta(minutes=30)
            now = due
    assert scene.times_told() == 1
    for _ in range(2):
        now += dt.timedelta(minutes=31)
        with at(now):
            sweeping.sweep()
    assert scene.times_told() == 1
