"""Two workers never send the same mail at the same time, and a dead one's mail is taken up by another."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from logisav.tests.figures import sample
from notifications import delivery, queue
from notifications.models import OutgoingEmail
from notifications.queue import JobOutcome
from notifications.tests.factories import Listener, queue_mail, reloaded
from notifications.tests.smtp import Server

State = OutgoingEmail.State
SHORT = dt.timedelta(seconds=0.6)


def claim(email: OutgoingEmail) -> OutgoingEmail | None:
    return OutgoingEmail.objects.all().claim(email.pk, lease=delivery.MAILS.lease)


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
    assert sorted(str(outcome) for outcome in outcomes) == ["JobOutcome.DONE", "JobOutcome.NOT_DUE"]
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
    assert claim(email) is not None
    assert delivery.deliver(email.pk) is JobOutcome.NOT_DUE
    assert delivery.sweep() == 0
    assert reloaded(email).get_state_display() == "Envoi en cours"


@pytest.mark.django_db
def test_the_claim_of_a_worker_that_died_runs_out(server: Server) -> None:
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        email = queue_mail()
        claim(email)
        clock.shift(delivery.MAILS.lease - dt.timedelta(seconds=1))
        assert delivery.sweep() == 0
        clock.shift(dt.timedelta(seconds=1))
        assert delivery.sweep() == 1
    assert reloaded(email).state == State.SENT
    assert reloaded(email).attempts == 2


@pytest.mark.django_db
def test_a_late_worker_does_not_take_back_what_another_one_sent(server: Server, listener: Listener) -> None:
    email = queue_mail()
    late = claim(email)
    assert late is not None
    OutgoingEmail.objects.update(claimed_until=timezone.now())
    delivery.deliver(email.pk)
    delivery._close(late, State.FAILED, error="too late")
    OutgoingEmail.objects.all().put_off(late, reason="too late")
    assert reloaded(email).state == State.SENT
    assert listener.heard == [(email.pk, "sent")]


@pytest.mark.django_db
def test_a_late_worker_that_did_send_is_believed(listener: Listener) -> None:
    email = queue_mail()
    late = claim(email)
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
    assert delivery.deliver(email.pk) is JobOutcome.AWAY
    assert server.heard == []


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_is_still_at_it_keeps_its_claim() -> None:
    """Three leases long: nobody else gets the mail, and once it is done nobody holds it."""
    email, others = queue_mail(), []

    def slowly(row: OutgoingEmail) -> None:
        for _ in range(6):
            time.sleep(SHORT.total_seconds() / 2)
            others.append(claim(email))
        delivery._close(row, State.SENT, smtp_reply="250 Ok")

    assert queue.run(replace(delivery.MAILS, lease=SHORT, work=slowly), email.pk) is JobOutcome.DONE
    assert others == [None] * 6
    assert (reloaded(email).state, reloaded(email).claimed_until) == (State.SENT, None)


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_has_lost_its_claim_does_not_begin_to_send(server: Server) -> None:
    """It was stopped for longer than that, and somebody else has taken the mail up."""
    email = queue_mail()

    def stopped(row: OutgoingEmail) -> None:
        OutgoingEmail.objects.filter(pk=row.pk).update(claimed_until=timezone.now() + delivery.MAILS.lease)
        time.sleep(SHORT.total_seconds())
        delivery._deliver(row)

    assert queue.run(replace(delivery.MAILS, lease=SHORT, work=stopped), email.pk) is JobOutcome.AWAY
    assert server.heard == []
    assert reloaded(email).state == State.SENDING  # in the other's hands


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_while_the_server_is_spoken_to(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    transmit = delivery._transmit

    def watched(message: Any, **options: Any) -> str:
        seen.append(connection.in_atomic_block)
        return transmit(message, **options)

    monkeypatch.setattr(delivery, "_transmit", watched)
    delivery.deliver(queue_mail().pk)
    assert seen == [False]
