"""A nudge reaches the worker when the broker is there, and costs nothing when it is not."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from celery import current_app
from django.db import transaction

from notifications import nudging, outbox
from notifications.models import OutgoingEmail
from notifications.tests.factories import queue_code, queue_mail


class Broker:
    """Stands for Celery: takes tasks, fails, or hangs until it is let go."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, list[int]]] = []
        self.trouble: Exception | None = None
        self.answers = threading.Event()
        self.answers.set()

    def send_task(self, name: str, args: list[int], **options: object) -> None:
        self.answers.wait(10)
        if self.trouble:
            raise self.trouble
        self.taken.append((name, args))


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Broker]:
    nudging._messenger.waiting.join()
    broker = Broker()
    monkeypatch.setattr(nudging, "current_app", broker)
    yield broker
    broker.answers.set()
    nudging._messenger.finish()


@pytest.mark.django_db(transaction=True)
def test_a_queued_mail_nudges_the_worker_once_it_is_committed(broker: Broker) -> None:
    with transaction.atomic():
        email = queue_mail()
        nudging._messenger.finish()
        assert broker.taken == []
    nudging._messenger.finish()
    assert broker.taken == [("notifications.deliver", [email.pk])]


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_is_neither_queued_nor_nudged(broker: Broker) -> None:
    with transaction.atomic():
        queue_mail()
        transaction.set_rollback(True)
    nudging._messenger.finish()
    assert broker.taken == []
    assert not OutgoingEmail.objects.exists()


def test_a_broker_that_is_down_raises_nothing(broker: Broker, caplog: pytest.LogCaptureFixture) -> None:
    broker.trouble = ConnectionError("refused")
    outbox.nudge("notifications.deliver", 7)
    nudging._messenger.finish()
    assert "nudge notifications.deliver(7) missed: refused" in caplog.text


def test_a_broker_that_hangs_costs_a_request_nothing(broker: Broker) -> None:
    broker.answers.clear()
    start = time.monotonic()
    for pk in range(50):
        outbox.nudge("notifications.deliver", pk)
    assert time.monotonic() - start < 0.1
    broker.answers.set()
    nudging._messenger.finish()
    assert [args for _, args in broker.taken] == [[pk] for pk in range(50)]


def test_too_many_nudges_are_dropped_not_piled_up(
    broker: Broker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(nudging, "ROOM", 3)
    monkeypatch.setattr(nudging, "_messenger", nudging._Messenger())
    broker.answers.clear()
    for pk in range(10):
        outbox.nudge("notifications.deliver", pk)
    assert "too many are waiting for the broker" in caplog.text
    broker.answers.set()
    nudging._messenger.finish()
    assert len(broker.taken) in (3, 4)


def test_a_forked_process_has_a_messenger_of_its_own(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    outbox.nudge("notifications.deliver", 1)
    nudging._messenger.finish()
    monkeypatch.setattr(nudging._messenger, "pid", -1)
    outbox.nudge("notifications.deliver", 2)
    nudging._messenger.finish()
    assert [args for _, args in broker.taken] == [[1], [2]]


def test_the_real_broker_gets_the_nudge_from_any_thread() -> None:
    with current_app.connection_for_read() as connection:
        waiting = connection.SimpleQueue("logisav")
        waiting.clear()
        outbox.nudge("notifications.deliver", 4711)
        message = waiting.get(timeout=10)
        message.ack()
    assert message.headers["task"] == "notifications.deliver"
    assert message.payload[0] == [4711]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("ask", "lane"), [(queue_code, "urgent"), (queue_mail, "logisav")])
def test_what_carries_a_link_or_a_code_takes_the_lane_of_those_who_wait(
    ask: Callable[[], OutgoingEmail], lane: str
) -> None:
    with current_app.connection_for_read() as connection:
        waiting = {name: connection.SimpleQueue(name) for name in ("urgent", "logisav")}
        for each in waiting.values():
            each.clear()
        email = ask()
        message = waiting[lane].get(timeout=10)
        message.ack()
        assert message.payload[0] == [email.pk]
        for each in waiting.values():
            with pytest.raises(each.Empty):
                each.get_nowait()
