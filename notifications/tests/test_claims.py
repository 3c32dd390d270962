"""Two workers never send the same mail at the same time, and a dead one's mail is taken up by another."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from logisav.tests.figures import sample
from notifications import delivery
from notifications.models import OutgoingEmail
from notifications.tests.factories import Listener, queue_mail, reloaded
from notifications.tests.smtp import Server

State = OutgoingEmail.State


def at_once(count: int, action: Callable[[], object]) -> list[object]:
    """Run it in so many threads that begin together, each with a connection of its own."""
    gate = threading.Barrier(count)

    def one() -> object:
        try:
            connection.ensure_connection()
            gate.wait(10)
            return action()
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return [future.result() for future in [pool.submit(one) for _ in range(count)]]


@pytest.mark.django_db(transaction=True)
def test_of_two_workers_one_gets_the_mail(server: Server) -> None:
    email = queue_mail()
    outcomes = at_once(2, lambda: delivery.deliver(email.pk))
    assert sorted(str(outcome) for outcome in outcomes) == ["Outcome.NOT_DUE", "Outcome.SENT"]
    assert len(server.heard) == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_many_workers_send_every_mail_once(
    server: Server, listener: Listener, figure: Callable[[str, str], None]
) -> None:
    mails, workers = sample(20, 200), 16
    emails = [queue_mail() for _ in range(mails)]
    for _ in range(sample(1, 4)):
        at_once(workers, delivery.sweep)
    while delivery.sweep():
        pass
    assert {reloaded(email).state for email in emails} == {State.SENT}
    doubles = len(server.heard) - mails
    figure("mail", f"{mails} messages, {workers} ouvriers à la fois, {doubles} double")
    assert doubles == 0
    assert len(listener.heard) == mails


@pytest.mark.django_db
def test_a_claim_keeps_others_away(server: Server) -> None:
    email = queue_mail()
    assert delivery.claim(email.pk) is not None
    assert delivery.deliver(email.pk) is delivery.Outcome.NOT_DUE
    assert delivery.sweep() == 0
    assert reloaded(email).get_state_display() == "Envoi en cours"


@pytest.mark.django_db
def test_the_claim_of_a_worker_that_died_runs_out(server: Server) -> None:
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        email = queue_mail()
        delivery.claim(email.pk)
        clock.shift(delivery.LEASE - dt.timedelta(seconds=1))
        assert delivery.sweep() == 0
        clock.shift(dt.timedelta(seconds=1))
        assert delivery.sweep() == 1
    assert reloaded(email).state == State.SENT
    assert reloaded(email).attempts == 2


@pytest.mark.django_db
def test_a_late_worker_does_not_take_back_what_another_one_sent(server: Server, listener: Listener) -> None:
    email = queue_mail()
    late = delivery.claim(email.pk)
    assert late is not None
    OutgoingEmail.objects.update(claimed_until=timezone.now())
    delivery.deliver(email.pk)
    delivery._close(late, State.FAILED, error="too late")
    delivery._postpone(late, error="too late")
    assert reloaded(email).state == State.SENT
    assert listener.heard == [(email.pk, "sent")]


@pytest.mark.django_db
def test_a_late_worker_that_did_send_is_believed(listener: Listener) -> None:
    email = queue_mail()
    late = delivery.claim(email.pk)
    assert late is not None
    OutgoingEmail.objects.update(claimed_until=None, state=State.QUEUED)
    delivery._close(late, State.SENT, smtp_reply="250 Ok")
    assert reloaded(email).state == State.SENT


@pytest.mark.django_db
def test_a_worker_whose_claim_is_old_does_not_begin_to_send(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "SPEAK_WITHIN", -1.0)
    email = queue_mail()
    assert delivery.deliver(email.pk) is delivery.Outcome.UNREACHABLE
    assert server.heard == []


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_while_the_server_is_spoken_to(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    transmit = delivery._transmit

    def watched(message: Any) -> str:
        seen.append(connection.in_atomic_block)
        return transmit(message)

    monkeypatch.setattr(delivery, "_transmit", watched)
    delivery.deliver(queue_mail().pk)
    assert seen == [False]
