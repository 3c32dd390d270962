"""After a restore nothing leaves until the operator says so: mails, charges, refunds, reminders; pages say it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from demo.stripe_standin.standin import StandIn
from logisav import sweeping
from logisav.desk.tests.desk import administrator, at_desk, manager, text
from notifications import delivery
from notifications.models import OutgoingEmail, Restoration
from notifications.queue import JobOutcome
from notifications.tests import smtp
from payments import workflow as payments
from payments.models import Refund, StripeEvent
from payments.tests.conftest import stripe
from payments.tests.factories import CUSTOMER, make_accepted_quote, pay
from payments.tests.stripe_side import deliver_all
from quotes import reminding, workflow
from quotes.models import Quote
from quotes.pdf import rendering
from quotes.tests.factories import SYSTEM, make_link, make_quote, make_sent_quote, visitor

__all__ = ["stripe"]
pytestmark = pytest.mark.django_db


def close(**fields: Any) -> Restoration:
    now = timezone.now()
    return Restoration.objects.create(
        restored_at=now, dumped_at=now - dt.timedelta(hours=9), epoch=2, ready_at=now, **fields
    )


def test_no_mail_leaves_by_a_nudge_nor_by_a_sweep(settings: Any) -> None:
    make_sent_quote()
    email = OutgoingEmail.objects.get(message="quotes/link")
    closed = close()
    with smtp.running() as post:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", post.port
        assert delivery.deliver(email.pk) is JobOutcome.NOT_DUE
        sweeping.sweep()
        assert post.heard == []
        email.refresh_from_db()
        assert (email.state, email.attempts) == (OutgoingEmail.State.QUEUED, 0)
        closed.opened_at = timezone.now()
        closed.save()
        assert delivery.deliver(email.pk) is JobOutcome.DONE
    assert len(post.accepted) == 1


def test_no_reminder_is_written() -> None:
    quote = make_sent_quote()
    Quote.objects.filter(pk=quote.pk).update(next_reminder_at=timezone.now() - dt.timedelta(days=1))
    before = OutgoingEmail.objects.count()
    closed = close()
    assert reminding.sweep() == 0
    assert OutgoingEmail.objects.count() == before
    closed.delete()
    assert reminding.sweep() == 1


def test_no_refund_is_sent(stripe: StandIn) -> None:
    payment = pay(stripe, make_accepted_quote())
    refund = payments.request_refund(payment.pk, amount=payment.amount, reason="", actor=SYSTEM)
    close()
    assert not payments.send_refund(refund.pk)
    sweeping.sweep()
    assert Refund.objects.get(pk=refund.pk).state == Refund.State.REQUESTED
    assert stripe.store.all_now("refund") == []


def test_what_stripe_says_is_kept_and_applied_once_open(stripe: StandIn) -> None:
    quote = make_accepted_quote()
    payment = payments.pay_by_card(quote.pk, actor=CUSTOMER)
    closed = close()
    stripe.pay_with(payment[1].rpartition("/")[2])
    assert set(deliver_all(stripe)) == {200}
    assert quote.deposit.paid == 0
    assert StripeEvent.objects.filter(status=StripeEvent.Status.RECEIVED).exists()
    closed.delete()
    StripeEvent.objects.update(next_try_at=timezone.now())
    payments.sweep()
    assert quote.deposit.paid == quote.deposit.amount


def test_a_pdf_is_made_meanwhile_since_it_stays_inside() -> None:
    close()
    quote = make_quote()
    version = workflow.send(quote.pk, actor=SYSTEM)
    assert rendering.render_version(version.pk)
    assert OutgoingEmail.objects.get(message="quotes/link").state == OutgoingEmail.State.QUEUED


CLOSED_DOORS = ("signer/", "signer/code/", "signer/nouveau-code/")


def test_customers_read_but_neither_sign_nor_pay() -> None:
    quote, contract = make_sent_quote(), make_accepted_quote()
    reader, payer = visitor(quote), visitor(contract)
    address = quote.get_absolute_url()
    assert reader.get(f"{address}signer/").status_code == 200
    close()
    assert reader.get(address).status_code == reader.get(f"{address}devis.pdf").status_code == 200
    answers = [reader.get(f"{address}{door}") for door in CLOSED_DOORS]
    answers += [reader.post(f"{address}{door}") for door in CLOSED_DOORS]
    answers += [
        payer.post(f"{contract.get_absolute_url()}acompte/carte/"),
        Client().post(f"{address}lien/"),
        Client().post(make_link(quote)[1]),
    ]
    for answer in answers:
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "1800"
        assert "Revenez dans un moment" in text(answer)
    assert reader.get(f"{address}question/").status_code == 200


def test_administrators_read_on_every_page_of_the_desk_that_nothing_leaves() -> None:
    chief, other = at_desk(administrator()), at_desk(manager())
    assert "aucun mail ne part" not in text(chief.get("/admin/"))
    close()
    for path in ("/admin/", "/admin/quotes/quote/"):
        page = text(chief.get(path))
        assert "aucun mail ne part, personne ne peut signer ni payer" in page
        assert "Restauré le" in page
        assert "aucun mail ne part" not in text(other.get(path))
    Restoration.objects.update(opened_at=timezone.now())
    assert "aucun mail ne part" not in text(chief.get("/admin/"))


def test_a_version_jumps_only_where_another_one_may_have_been_mailed() -> None:
    known, unsent = make_sent_quote(), make_quote()
    close(version_jump=10, opened_at=timezone.now())
    fresh = make_quote()
    for quote in (known, unsent, fresh):
        if quote is known:
            workflow.revise(quote.pk, actor=SYSTEM)
        workflow.send(quote.pk, actor=SYSTEM)
    assert [quote.versions.latest("number").number for quote in (known, unsent, fresh)] == [12, 11, 1]
    workflow.abandon_sending(known.versions.latest("number").pk, reason="essai")
    assert workflow.send(known.pk, actor=SYSTEM).number == 13
