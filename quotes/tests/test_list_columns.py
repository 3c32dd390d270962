"""What lists show is stored, and is at every moment what the tables say."""

from __future__ import annotations

import datetime as dt
import importlib
from collections.abc import Callable
from decimal import Decimal
from types import SimpleNamespace

import pytest
import time_machine
from django.apps import apps
from django.db import connection, transaction
from django.utils import timezone

from logisav.desk.tests.desk import at_desk, filled, line, manager, page_of
from notifications.models import OutgoingEmail
from quotes import emails, list_columns, workflow
from quotes.models import Question, Quote, QuoteLine, Turn
from quotes.tests.factories import (
    SYSTEM,
    complete,
    make_link,
    make_quote,
    make_sent_quote,
    send,
    send_again,
    withdraw_at_once,
)
from signing.tests.factories import make_signing_request, right_code, sign, wrong_code
from signing.workflow import tell_sealing_is_late

pytestmark = [pytest.mark.django_db, pytest.mark.both]


def stands(quote: Quote, turn: Turn, last_kind: str) -> None:
    """As expected, and the same as from scratch."""
    quote.refresh_from_db()
    assert (Turn(quote.turn), quote.last_kind) == (turn, last_kind)
    assert list(list_columns.differing()) == []


def fail_a_mail(quote: Quote) -> None:
    email = OutgoingEmail.objects.filter(about=quote.number).latest("pk")
    email.state = OutgoingEmail.State.FAILED
    with transaction.atomic():
        emails.delivered(email)


def test_every_verb_between_creation_and_the_end_keeps_it() -> None:
    quote = make_quote()
    stands(quote, Turn.OURS, "created")
    version = workflow.send(quote.pk, actor=SYSTEM)
    stands(quote, Turn.THEIRS, "version_frozen")
    workflow.abandon_sending(version.pk, reason="police introuvable")
    stands(quote, Turn.OURS, "sending_failed")
    send(quote)
    stands(quote, Turn.THEIRS, "sent")
    steps: list[tuple[Callable[[], object], Turn, str]] = [
        (lambda: fail_a_mail(quote), Turn.THEIRS, "mail_failed"),
        (lambda: workflow.note_opened(make_link(quote)[0]), Turn.THEIRS, "link_opened"),
        (lambda: workflow.request_link(quote.pk, actor=SYSTEM), Turn.THEIRS, "link_requested"),
        (lambda: workflow.resend_link(quote.pk, actor=SYSTEM), Turn.THEIRS, "link_sent"),
        (lambda: workflow.remind(quote.pk, actor=SYSTEM), Turn.THEIRS, "reminded"),
        (lambda: workflow.ask(quote.pk, text="Quand ?", phone="", actor=SYSTEM), Turn.QUESTION, "asked"),
        (lambda: answer(quote), Turn.THEIRS, "answered"),
        (lambda: workflow.block(quote.pk, reason="", actor=SYSTEM), Turn.THEIRS, "blocked"),
        (lambda: workflow.unblock(quote.pk, actor=SYSTEM), Turn.THEIRS, "unblocked"),
        (lambda: workflow.revise(quote.pk, actor=SYSTEM), Turn.OURS, "revision_started"),
        (lambda: send(quote), Turn.THEIRS, "sent"),
        (lambda: workflow.refuse(quote.pk, reason="", actor=SYSTEM), Turn.SETTLED, "refused"),
        (lambda: workflow.mark_done(quote.pk, actor=SYSTEM), Turn.SETTLED, "done"),
    ]
    for verb, turn, kind in steps:
        verb()
        stands(quote, turn, kind)


def answer(quote: Quote) -> None:
    question = Question.objects.get(quote=quote, answer=None)
    workflow.answer(question.pk, text="Lundi.", author=quote.owner, actor=SYSTEM)


def test_signing_keeps_it_and_a_guess_is_no_news() -> None:
    quote = make_sent_quote()
    request = make_signing_request(quote)
    stands(quote, Turn.THEIRS, "code_requested")
    sign(request, wrong_code(request))
    stands(quote, Turn.THEIRS, "code_requested")
    sign(request, right_code(request))
    stands(quote, Turn.SETTLED, "accepted")
    tell_sealing_is_late(quote.signature.pk)
    stands(quote, Turn.SETTLED, "sealing_late")
    withdraw_at_once(quote.pk)
    stands(quote, Turn.SETTLED, "withdrawn")


@pytest.mark.parametrize("end", ["cancel", "mark_refused", "duplicate", "change_email"])
def test_other_verbs_keep_it(end: str) -> None:
    quote = make_sent_quote()
    if end == "change_email":
        workflow.change_email(quote.customer_id, email="autre@exemple.fr", actor=SYSTEM)
    elif end == "mark_refused":
        workflow.mark_refused(quote.pk, reason="", actor=SYSTEM)
    else:
        getattr(workflow, end)(quote.pk, actor=SYSTEM)
    assert list(list_columns.differing()) == []


def test_the_first_sending_stays_whatever_is_sent_later() -> None:
    quote = make_sent_quote()
    first = quote.first_sent_at
    send_again(quote, title="Autre objet")
    quote.refresh_from_db()
    assert first is not None
    assert quote.first_sent_at == first
    assert quote.in_force_since is not None
    assert quote.in_force_since > first


def test_a_saved_form_shows_its_new_total() -> None:
    user = manager()
    quote = make_quote(owner=user, lines=())
    browser = at_desk(user)
    typed = filled(browser.get(page_of(quote))) | line(0, label="Pose", unit_price="100")
    browser.post(page_of(quote), typed | {"lines-TOTAL_FORMS": "1"})
    quote.refresh_from_db()
    assert quote.shown_total == Decimal(120)
    assert list(list_columns.differing()) == []


def test_what_is_being_edited_shows_its_lines_and_what_was_sent_its_version() -> None:
    quote = make_sent_quote()
    held = quote.shown_total
    workflow.revise(quote.pk, actor=SYSTEM)
    QuoteLine.objects.filter(quote=quote).delete()
    list_columns.refresh(quote)
    assert quote.shown_total == 0
    complete_with_one_line(quote)
    assert quote.shown_total != held
    assert list(list_columns.differing()) == []


def complete_with_one_line(quote: Quote) -> None:
    QuoteLine.objects.create(quote=quote, label="Pose", unit="h", unit_price=Decimal(500))
    complete(workflow.send(quote.pk, actor=SYSTEM))
    quote.refresh_from_db()


def test_a_quote_that_lapses_is_ours_after_midnight_in_paris() -> None:
    quote = make_sent_quote()
    last_day = dt.datetime.combine(quote.valid_until, dt.time(23, 59), tzinfo=timezone.get_current_timezone())
    with time_machine.travel(last_day, tick=False):
        assert list_columns.sweep() == 0
    with time_machine.travel(last_day + dt.timedelta(minutes=1), tick=False):
        assert [list_columns.sweep(), list_columns.sweep()] == [1, 0]
        stands(quote, Turn.OURS, "sent")


def test_rows_from_before_are_filled_by_the_migration() -> None:
    for quote in (make_quote(), make_sent_quote(), send_again(make_sent_quote(), title="Bis")):
        workflow.note_opened(make_link(quote)[0])
    workflow.ask(quote.pk, text="Quand ?", phone="", actor=SYSTEM)
    workflow.revise(make_sent_quote().pk, actor=SYSTEM)
    workflow.refuse(make_sent_quote().pk, reason="", actor=SYSTEM)
    blank = {
        field.name: field.get_default()
        for field in Quote._meta.concrete_fields
        if field.name in list_columns.FIELDS
    }
    Quote.objects.update(**blank)
    migration = importlib.import_module("quotes.migrations.0007_fill_the_glance")
    migration.fill(apps, SimpleNamespace(connection=connection))
    assert list(list_columns.differing()) == []
