"""« Poser une question »: the owner is told twice, the customer gets an acknowledgement and an answer."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from notifications.models import Notification
from quotes import workflow
from quotes.journal import Actor
from quotes.models import IllegalMove, Question, Quote
from quotes.tests.factories import SYSTEM, mails, make_manager, make_owner, make_sent_quote, visitor

pytestmark = pytest.mark.django_db
TEXT = "Le bruit gênera-t-il nos voisins ?"


@pytest.fixture
def quote() -> Quote:
    return make_sent_quote()


def ask(quote: Quote, browser: Client, **fields: str) -> int:
    data = {"text": TEXT} | fields
    return browser.post(quote.get_absolute_url() + "question/", data).status_code


def test_the_owner_gets_mail_and_notification_the_customer_an_acknowledgement(quote: Quote) -> None:
    assert ask(quote, visitor(quote), phone="06 39 98 12 34") == 302
    to_owner = mails("quotes/question_owner", quote).get()
    assert to_owner.to == quote.owner.email
    assert TEXT in to_owner.text
    assert Notification.objects.unread(quote.owner).get().about == quote.number
    acknowledgement = mails("quotes/question_received", quote).get()
    assert acknowledgement.to == "claire.morel@exemple.fr"
    assert TEXT in acknowledgement.text
    assert acknowledgement.reply_to == quote.owner.email


def test_the_answer_is_mailed_with_a_fresh_link_and_stands_on_the_page(quote: Quote) -> None:
    browser = visitor(quote)
    ask(quote, browser)
    question = Question.objects.get()
    workflow.answer(question.pk, text="Non, 32 dB(A).", author=quote.owner, actor=Actor.staff(quote.owner))
    mail = mails("quotes/answer", quote).get()
    assert mail.carries_secret
    assert "32 dB(A)" in mail.text
    page = browser.get(quote.get_absolute_url()).content.decode()
    assert TEXT in page
    assert "32 dB(A)" in page


def test_a_question_is_answered_once(quote: Quote) -> None:
    ask(quote, visitor(quote))
    question = Question.objects.get()
    workflow.answer(question.pk, text="Non.", author=quote.owner, actor=SYSTEM)
    with pytest.raises(IllegalMove):
        workflow.answer(question.pk, text="Si.", author=quote.owner, actor=SYSTEM)


@pytest.mark.parametrize("length", [9, 4001])
def test_a_question_too_short_or_too_long_is_refused_and_kept_in_the_form(quote: Quote, length: int) -> None:
    typed = "é" * length
    response = visitor(quote).post(quote.get_absolute_url() + "question/", {"text": typed})
    assert response.status_code == 422
    assert typed in response.content.decode()
    assert not Question.objects.exists()


def test_the_sixth_question_within_an_hour_is_refused_and_what_was_typed_is_kept(quote: Quote) -> None:
    """Words and a telephone number instead of a form that cannot be sent."""
    browser = visitor(quote)
    assert [ask(quote, browser) for _ in range(5)] == [302] * 5
    typed = {"text": "Et la <garantie>, combien de temps dure-t-elle ?"}
    response = browser.post(quote.get_absolute_url() + "question/", typed)
    page = response.content.decode()
    assert response.status_code == 429
    for words in ("Et la &lt;garantie&gt;", "Réessayez dans une heure", "tel:"):
        assert words in page
    assert "Envoyer ma question" not in page
    assert Question.objects.count() == 5


def test_an_inactive_owners_mail_and_notification_go_to_the_managers(quote: Quote) -> None:
    manager = make_manager()
    make_owner()
    quote.owner.is_active = False
    quote.owner.save()
    ask(quote, visitor(quote))
    assert mails("quotes/question_owner", quote).get().to == manager.email
    assert Notification.objects.get().user == manager


def test_a_question_is_possible_after_acceptance(quote: Quote) -> None:
    Quote.objects.filter(pk=quote.pk).update(state=Quote.State.ACCEPTED, accepted_at=timezone.now())
    assert ask(quote, visitor(quote)) == 302
    assert Question.objects.count() == 1


def test_html_in_a_question_is_shown_as_text(quote: Quote) -> None:
    browser = visitor(quote)
    ask(quote, browser, text="<script>alert(1)</script> {{ secret }} {% now 'Y' %}")
    page = browser.get(quote.get_absolute_url()).content.decode()
    mail = mails("quotes/question_owner", quote).get()
    assert "<script>alert" not in page + mail.html
    assert "{{ secret }}" in page
