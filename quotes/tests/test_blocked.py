"""A blocked quote: nothing is mailed that would lead to it, whoever asks and whatever was under way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from logisav.desk.tests.desk import action_of, at_desk, manager, owner, page_of, said, text
from notifications import delivery, outbox
from notifications.models import OutgoingEmail
from quotes import reminding, workflow
from quotes.models import IllegalMove, Quote
from quotes.rules import Reason
from quotes.tests.factories import (
    SYSTEM,
    complete,
    mails,
    make_company,
    make_sent_quote,
    send,
    version_of,
    visitor,
)

pytestmark = pytest.mark.django_db
FIRST_UNBLOCK = "l'accès du client est bloqué, débloquez-le d'abord."


@pytest.fixture
def quote() -> Quote:
    """With a question that waits, and a version that is being prepared."""
    quote = make_sent_quote(owner=owner())
    workflow.ask(quote.pk, text="Et le thermostat ?", phone="", actor=SYSTEM)
    workflow.revise(quote.pk, actor=SYSTEM)
    workflow.block(quote.pk, reason="Litige", actor=SYSTEM)
    return quote


def to_the_customer(quote: Quote) -> set[int]:
    found = OutgoingEmail.objects.filter(about=quote.number, to=quote.customer.email)
    return set(found.values_list("pk", flat=True))


def answer(quote: Quote) -> None:
    workflow.answer(quote.questions.get().pk, text="En option.", author=quote.owner, actor=SYSTEM)


REFUSED: dict[str, Callable[[Quote], object]] = {
    "answer": answer,
    "send": lambda quote: workflow.send(quote.pk, actor=SYSTEM),
    "remind": lambda quote: workflow.remind(quote.pk, actor=SYSTEM),
    "resend a link": lambda quote: workflow.resend_link(quote.pk, actor=SYSTEM),
    "ask": lambda quote: workflow.ask(quote.pk, text="Allô ?", phone="", actor=SYSTEM),
    "refuse": lambda quote: workflow.refuse(quote.pk, reason="", actor=SYSTEM),
}


@pytest.mark.parametrize("verb", REFUSED.values(), ids=REFUSED)
def test_a_verb_that_would_mail_is_refused_until_the_access_is_back(
    quote: Quote, verb: Callable[[Quote], object]
) -> None:
    before = to_the_customer(quote)
    with pytest.raises(IllegalMove) as refusal:
        verb(quote)
    assert refusal.value.reason is Reason.BLOCKED
    assert to_the_customer(quote) == before
    workflow.unblock(quote.pk, actor=SYSTEM)
    verb(Quote.objects.get(pk=quote.pk))


def test_the_desk_offers_neither_answer_nor_sending_and_says_why(quote: Quote) -> None:
    desk, question = at_desk(quote.owner), quote.questions.get()
    address = f"/admin/quotes/question/{question.pk}/change/"
    for page in (page_of(quote), address, "/admin/quotes/question/"):
        assert "Vous ne pouvez pas répondre maintenant" in text(desk.get(page))
        assert 'name="text"' not in text(desk.get(page))
    assert desk.post(address, {"text": "En option."}).status_code == 409
    for step in ("envoyer", "relancer", "renvoyer-un-lien"):
        assert any(
            FIRST_UNBLOCK in words for words in said(desk.post(action_of(quote, step), follow=True))
        ), step
    assert not mails("quotes/answer", quote).exists()


def test_a_link_that_is_asked_for_is_not_mailed(quote: Quote) -> None:
    workflow.request_link(quote.pk, actor=SYSTEM)
    assert not mails("quotes/new_link", quote).exists()


def test_a_version_that_was_on_its_way_comes_into_force_without_a_mail() -> None:
    quote = make_sent_quote(owner=owner())
    workflow.revise(quote.pk, actor=SYSTEM)
    version = workflow.send(quote.pk, actor=SYSTEM)
    workflow.block(quote.pk, reason="Erreur de prix", actor=SYSTEM)
    complete(version)
    quote.refresh_from_db()
    assert (quote.state, version_of(quote).number) == (Quote.State.SENT, 2)
    assert not mails("quotes/new_version", quote).exists()
    assert quote.events.get(kind="version_kept_back").facts["reason"] == FIRST_UNBLOCK
    workflow.unblock(quote.pk, actor=SYSTEM)
    workflow.resend_link(quote.pk, actor=SYSTEM)
    assert "Accepter et signer" in text(visitor(quote).get(quote.get_absolute_url()))


def test_a_mail_with_a_link_that_still_waits_is_not_sent() -> None:
    quote = make_sent_quote()
    workflow.remind(quote.pk, actor=SYSTEM)
    workflow.block(quote.pk, reason="Litige", actor=SYSTEM)
    delivery.sweep()
    for message in ("quotes/link", "quotes/reminder"):
        assert mails(message, quote).get().state == OutgoingEmail.State.OUTDATED
    assert quote.events.filter(kind="mail_outdated").count() == 2


@pytest.mark.parametrize(("is_blocked", "leaves"), [(False, True), (True, False)])
def test_a_reminder_that_is_due_falls_away(is_blocked: bool, leaves: bool) -> None:
    tuesday = dt.datetime(2026, 11, 24, 9, tzinfo=dt.UTC)
    with time_machine.travel(tuesday, tick=False):
        make_company(quote_reminder_days=[2])
        quote = make_sent_quote()
        if is_blocked:
            workflow.block(quote.pk, reason="Litige", actor=SYSTEM)
    with time_machine.travel(tuesday + dt.timedelta(days=2, hours=1), tick=False):
        reminding.sweep()
    assert mails("quotes/reminder", quote).exists() is leaves


def test_a_mail_is_not_repeated_from_either_page(quote: Quote) -> None:
    OutgoingEmail.objects.update(state=OutgoingEmail.State.SENT)
    email = mails("quotes/question_received", quote).get()
    desk = at_desk(quote.owner)
    on_quote = f"/admin/quotes/quote/{quote.pk}/mail/{email.pk}/"
    assert on_quote not in text(desk.get(page_of(quote)))
    for response in (desk.get(on_quote, follow=True), desk.post(on_quote, follow=True)):
        assert any(FIRST_UNBLOCK in words for words in said(response))
    mails_desk, in_list = at_desk(manager()), f"/admin/notifications/outgoingemail/{email.pk}/"
    assert "débloquez-le" in text(mails_desk.get(f"{in_list}change/"))
    mails_desk.post(f"{in_list}renvoyer/")
    with pytest.raises(outbox.Held):
        outbox.repeat(email)
    assert mails("quotes/question_received", quote).count() == 1
    workflow.unblock(quote.pk, actor=SYSTEM)
    desk.post(on_quote)
    assert mails("quotes/question_received", quote).count() == 2


def test_a_block_has_no_effect_on_a_contract() -> None:
    quote = make_sent_quote()
    workflow.block(quote.pk, reason="Litige", actor=SYSTEM)
    Quote.objects.filter(pk=quote.pk).update(state=Quote.State.ACCEPTED, accepted_at=timezone.now())
    workflow.resend_link(quote.pk, actor=SYSTEM)
    assert mails("quotes/new_link", quote).exists()
    assert Client().get(f"{quote.get_absolute_url()}").status_code == 403
    assert "Devis accepté" in text(visitor(quote).get(quote.get_absolute_url()))


def test_sending_again_after_the_block_works(quote: Quote) -> None:
    workflow.unblock(quote.pk, actor=SYSTEM)
    send(quote)
    assert mails("quotes/new_version", quote).count() == 1


def test_the_command_that_sends_does_not_claim_a_mail() -> None:
    quote = make_sent_quote(owner=owner())
    workflow.revise(quote.pk, actor=SYSTEM)
    workflow.send(quote.pk, actor=SYSTEM)
    workflow.block(quote.pk, reason="Erreur de prix", actor=SYSTEM)
    with pytest.raises(CommandError, match="aucun mail n'est parti"):
        call_command("send_quote", quote.number)
