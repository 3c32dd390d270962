"""« À reprendre »: the row of every queue that has stopped is on the page, and « Réessayer » has it run again."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from logisav import sweeping
from logisav.desk.stuck.kinds import KINDS
from logisav.desk.tests.desk import accountant, at_desk, manager, owner, said, text
from logisav.staff.models import StaffAction
from notifications import queue
from notifications.models import OutgoingEmail
from notifications.queue import QueueEntry
from notifications.tests.factories import queue_mail
from payments.models import Payment, Refund, StripeEvent
from payments.workflow import ensure_deposit
from quotes import workflow
from quotes.models import DraftPdf, Quote, QuoteEvent, QuoteVersion
from quotes.tests.factories import SYSTEM, mails, make_quote, make_sent_quote
from signing.tests.factories import make_signature

pytestmark = pytest.mark.django_db
PAGE = "admin:notifications_queueentry_changelist"
BY_NAME = {kind.queue: kind for kind in KINDS}


def press(client: Client, queue: str, pk: int) -> Any:
    address = reverse("admin:notifications_queueentry_retry", args=[BY_NAME[queue].slug, pk])
    return client.post(address, follow=True)


def give_up(row: Any) -> None:
    """As the runner leaves it at its end."""
    ended: dict[str, Any] = {
        "claimed_until": None,
        "error": "OSError: No space left on device",
        "attempts": 9,
    }
    if isinstance(row, OutgoingEmail):
        ended |= {"state": OutgoingEmail.State.ATTENTION, "told": True}
    elif isinstance(row, QuoteVersion):
        workflow.abandon_sending(row.pk, reason="OSError: No space left on device")
    elif isinstance(row, DraftPdf):
        ended |= {"failed_at": timezone.now()}
    else:
        due = "next_check_at" if isinstance(row, Payment) else "next_try_at"
        ended |= {"told_at": timezone.now(), due: timezone.now() + dt.timedelta(minutes=20)}
    type(row)._default_manager.filter(pk=row.pk).update(**ended)


@pytest.fixture
def stopped() -> dict[str, Any]:
    """A row of every queue, by the queue's name, as it waits."""
    boss = owner()
    signature = make_signature(make_sent_quote(owner=boss))
    quote, version = signature.quote, signature.version
    deposit = ensure_deposit(quote.pk)
    assert deposit is not None
    card = Payment.objects.create(
        deposit=deposit, method="card", amount=10, payment_intent="pi_1", session_id="cs_1"
    )
    mail = queue_mail("quotes/refused", about=quote.number)
    keys = {
        "damaged versions": version.pk,
        "damaged contracts": version.pk,
        "late sealings": signature.pk,
        "choices without a time stamp": signature.pk,
        "pages to close": card.pk,
        "what became of mails": mail.pk,
        "anchors": timezone.localdate().toordinal(),
    }
    rows = {
        "rendering": workflow.send(make_quote(owner=boss).pk, actor=SYSTEM),
        "mails": mail,
        "sealing": signature,
        "drafts": workflow.request_draft_pdf(make_quote(owner=boss).pk),
        "refunds": Refund.objects.create(payment=card, amount=1),
        "payments to look up": card,
        "events": StripeEvent.objects.create(event_id="evt_1", type="x", payload={}, livemode=False),
    }
    entries = {
        name: QueueEntry.objects.create(queue=name, row=keys.get(name, quote.pk))
        for name in BY_NAME
        if name not in rows
    }
    return rows | entries


def test_what_was_given_up_is_on_the_page_and_runs_again(stopped: dict[str, Any]) -> None:
    queues = {part.name: part for lane in sweeping.LANES.values() for part in lane if hasattr(part, "work")}
    assert queues.keys() == BY_NAME.keys() == stopped.keys()
    assert len({kind.slug for kind in KINDS}) == len(KINDS)
    boss = at_desk(manager())
    assert "Rien n'est arrêté" in text(boss.get(reverse(PAGE)))
    for row in stopped.values():
        give_up(row)
    page = text(boss.get(reverse(PAGE)))
    assert page.count("No space left on device") == len(BY_NAME)
    for name, row in stopped.items():
        part: Any = queues[name]
        assert queue.run(part, row.pk) is queue.JobOutcome.NOT_DUE, name
        address = reverse("admin:notifications_queueentry_retry", args=[BY_NAME[name].slug, row.pk])
        assert address in page
        assert boss.post(address).status_code == 302
        runs: list[int] = []
        watched = replace(part, work=lambda row, runs=runs: runs.append(row.pk))
        assert queue.run(watched, row.pk) is queue.JobOutcome.DONE, name
        assert runs == [row.pk]
    after = boss.get(reverse(PAGE))
    assert "Rien n'est arrêté" in text(after)
    assert sum("c'est reparti" in words for words in said(after)) == len(BY_NAME)
    assert press(boss, "sealing", stopped["sealing"].pk).status_code == 404
    told = StaffAction.objects.filter(what="changed", facts__step="Réessayer")
    assert sorted(told.values_list("target", flat=True)) == [
        "Ancrage du jour",
        "Message de Stripe",
        "Rétractation déclarée",
        "Rétractation sans réponse",
        "Rétractation à rapprocher",
    ]
    written = QuoteEvent.objects.filter(kind__in=("retried", "sending_resumed"))
    assert written.count() == len(BY_NAME) - 5


def stuck_draft(quote: Quote) -> Any:
    draft = workflow.request_draft_pdf(quote.pk)
    give_up(draft)
    return draft


def test_owners_see_theirs_and_managers_all() -> None:
    mine, other = owner(), owner()
    draft = stuck_draft(make_quote(owner=mine))
    anchor = QueueEntry.objects.create(queue="anchors", row=1, error="x", told_at=timezone.now())
    for person, drafts, anchors in ((mine, True, False), (other, False, False), (manager(), True, True)):
        client = at_desk(person)
        page = text(client.get(reverse(PAGE)))
        assert ("PDF de brouillon" in page) is drafts
        assert ("Ancrage du jour" in page) is anchors
        if not anchors:
            assert press(client, "anchors", anchor.pk).status_code == 404
        if not drafts:
            assert press(client, "drafts", draft.pk).status_code == 404
    assert "Réessayer</button>" in text(at_desk(mine).get(reverse(PAGE)))


def test_who_reads_only_presses_nothing_and_get_changes_nothing() -> None:
    draft, reader = stuck_draft(make_quote()), at_desk(accountant())
    page = text(reader.get(reverse(PAGE)))
    assert "PDF de brouillon" in page
    assert "Réessayer</button>" not in page
    assert press(reader, "drafts", draft.pk).status_code == 403
    address = reverse("admin:notifications_queueentry_retry", args=["brouillon", draft.pk])
    assert at_desk(manager()).get(address).status_code == 405
    draft.refresh_from_db()
    assert draft.attempts == 9


def test_the_menu_counts_what_has_stopped() -> None:
    person = owner()
    client, badge = at_desk(person), "restart_alt"
    assert badge in text(client.get(reverse("admin:index")))
    for _ in range(3):
        stuck_draft(make_quote(owner=person))
    stuck_draft(make_quote())
    cache.clear()  # a minute passes
    page = text(client.get(reverse("admin:index")))
    entry = page[page.index(badge) : page.index("</li>", page.index(badge))]
    assert ">3<" in "".join(entry.split())


def test_a_mail_with_a_link_is_told_about_and_not_sent_again() -> None:
    quote = make_sent_quote(owner=owner())
    mail = mails("quotes/link", quote).get()
    OutgoingEmail.objects.filter(pk=mail.pk).update(state=OutgoingEmail.State.FAILED, sealed_secrets=None)
    client = at_desk(quote.owner)
    page = text(client.get(reverse(PAGE)))
    assert "demandez-en un nouveau depuis le devis" in page
    assert "Réessayer</button>" not in page
    assert "demandez-en un nouveau" in said(press(client, "mails", mail.pk))[0]
    mail.refresh_from_db()
    assert mail.state == OutgoingEmail.State.FAILED


def test_a_version_whose_draft_has_changed_is_not_sent_as_it_was() -> None:
    version = workflow.send(make_quote(owner=owner()).pk, actor=SYSTEM)
    give_up(version)
    Quote.objects.filter(pk=version.quote_id).update(title="Autre chose")
    client = at_desk(version.quote.owner)
    assert "a changé depuis" in said(press(client, "rendering", version.pk))[0]
    assert Quote.objects.get(pk=version.quote_id).state == Quote.State.DRAFT
