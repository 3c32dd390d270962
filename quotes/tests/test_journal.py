"""The journal: chained, append-only, true to what it records."""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from quotes import journal, workflow
from quotes.models import Quote, QuoteEvent
from quotes.models.journal import AppendOnly
from quotes.tests.factories import SYSTEM, make_quote, make_sent_quote

pytestmark = [pytest.mark.django_db, pytest.mark.both]


@pytest.fixture
def quote() -> Quote:
    sent = make_sent_quote()
    workflow.ask(sent.pk, text="Quand pouvez-vous commencer ?", phone="", actor=SYSTEM)
    return sent


def test_anyone_can_recompute_the_chain_with_the_standard_library(quote: Quote) -> None:
    previous = bytes(32)
    for event in quote.events.order_by("seq"):
        previous = hashlib.sha256(previous + event.record.encode()).digest()
        assert event.hash == previous.hex()
        again = json.dumps(
            json.loads(event.record), sort_keys=True, separators=(",", ":"), ensure_ascii=False
        )
        assert again == event.record
    assert quote.journal_head.hash == previous.hex()


def test_an_untouched_journal_holds(quote: Quote) -> None:
    assert journal.first_bad_row(quote) is None


def test_rows_can_be_neither_changed_nor_removed_by_the_model(quote: Quote) -> None:
    event = quote.events.first()
    assert event is not None
    with pytest.raises(AppendOnly):
        event.save()
    with pytest.raises(AppendOnly):
        event.delete()


@pytest.mark.parametrize(
    "change", ["UPDATE quotes_quoteevent SET kind = 'x'", "DELETE FROM quotes_quoteevent"]
)
def test_the_database_itself_refuses_to_change_or_remove_a_row(quote: Quote, change: str) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        connection.cursor().execute(change)
    assert journal.first_bad_row(quote) is None


def tampered(monkeypatch: pytest.MonkeyPatch, quote: Quote, rows: list[QuoteEvent]) -> int | None:
    """What the check says when the database holds these rows: its triggers do not let us put them there."""

    class Rows:
        def order_by(self, _: str) -> list[QuoteEvent]:
            return rows

    monkeypatch.setattr(Quote, "events", Rows())
    return journal.first_bad_row(quote)


def edited(event: QuoteEvent, **fields: Any) -> QuoteEvent:
    for name, value in fields.items():
        setattr(event, name, value)
    event.__dict__.pop("document", None)
    return event


def test_an_altered_record_is_named(quote: Quote, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = list(quote.events.order_by("seq"))
    edited(rows[1], record=rows[1].record.replace("version", "versiom"))
    assert tampered(monkeypatch, quote, rows) == 2


def test_an_altered_column_is_named(quote: Quote, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = list(quote.events.order_by("seq"))
    edited(rows[2], kind="refused")
    assert tampered(monkeypatch, quote, rows) == 3


def test_a_removed_row_is_named(quote: Quote, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = list(quote.events.order_by("seq"))
    assert tampered(monkeypatch, quote, rows[:1] + rows[2:]) == 2


def test_a_removed_end_is_named(quote: Quote, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = list(quote.events.order_by("seq"))
    assert tampered(monkeypatch, quote, rows[:-1]) == len(rows)


def test_reordered_rows_are_named(quote: Quote, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = list(quote.events.order_by("seq"))
    rows[0], rows[1] = rows[1], rows[0]
    assert tampered(monkeypatch, quote, rows) == 1


@pytest.mark.django_db(transaction=True)
def test_a_fact_outside_a_transaction_is_refused() -> None:
    quote = make_quote()
    with pytest.raises(RuntimeError):
        journal.append(quote, "asked", actor=SYSTEM)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_parallel_writers_leave_a_dense_chain() -> None:
    quote = make_quote()
    writers = 64

    def write(number: int) -> None:
        try:
            with transaction.atomic():
                journal.append(quote, "unblocked", actor=SYSTEM, number=number)
        finally:
            connection.close()

    with ThreadPoolExecutor(writers) as pool:
        list(pool.map(write, range(writers)))
    assert quote.events.count() == writers + 1
    assert journal.first_bad_row(quote) is None
