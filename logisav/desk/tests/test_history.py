"""What a quote's page tells: questions answered in place, the journal in words, mails and what became of them."""

from __future__ import annotations

import datetime as dt
import html
from typing import Any

import pytest
from django.urls import reverse

from logisav.desk.quotes.history import HistoryLine, line_of, sentence
from logisav.desk.tests.desk import action_of, at_desk, manager, owner, page_of, said, text
from notifications.models import OutgoingEmail
from quotes import emails, facts, workflow
from quotes.models import Answer, Question, Quote, QuoteEvent
from quotes.tests.factories import SYSTEM, mails, make_company, make_sent_quote

pytestmark = pytest.mark.django_db
INBOX = "/admin/quotes/question/"


@pytest.fixture
def asked() -> Question:
    quote = make_sent_quote(owner=owner())
    workflow.ask(quote.pk, text="Le <b>thermostat</b> est-il compris ?", phone="0612345678", actor=SYSTEM)
    return quote.questions.get()


def answer_of(question: Question) -> str:
    return reverse("admin:quotes_question_change", args=[question.pk])


# Questions


def test_a_question_is_answered_from_the_quotes_page(asked: Question) -> None:
    desk = at_desk(asked.quote.owner)
    page = text(desk.get(page_of(asked.quote)))
    assert "Le &lt;b&gt;thermostat&lt;/b&gt;" in page
    assert f'action="{answer_of(asked)}"' in page
    response = desk.post(answer_of(asked), {"text": "Oui, il est compris."}, follow=True)
    assert response.redirect_chain[-1][0] == page_of(asked.quote)
    assert said(response) == ["Votre réponse part à claire.morel@exemple.fr, avec un nouveau lien."]
    assert mails("quotes/answer", asked.quote).count() == 1
    assert Answer.objects.get().author == asked.quote.owner
    assert "Oui, il est compris." in text(response)
    assert "Votre réponse</label>" not in text(response)


def test_a_second_answer_is_refused_with_a_sentence(asked: Question) -> None:
    desk = at_desk(asked.quote.owner)
    desk.post(answer_of(asked), {"text": "Oui."}, follow=True)
    response = desk.post(answer_of(asked), {"text": "Non."}, follow=True)
    assert response.status_code == 409
    assert said(response) == ["Votre réponse n'est pas partie : cette question a déjà sa réponse."]
    assert "Non." in text(response)
    assert Answer.objects.get().text == "Oui."


def test_an_empty_answer_is_not_sent(asked: Question) -> None:
    response = at_desk(asked.quote.owner).post(answer_of(asked), {"text": "  "})
    assert response.status_code == 422
    assert "Écrivez votre réponse." in text(response)
    assert not Answer.objects.exists()


def test_the_inbox_shows_unanswered_questions_first_and_only_ones_own(asked: Question) -> None:
    other = make_sent_quote(owner=owner())
    workflow.ask(other.pk, text="À quelqu'un d'autre", phone="", actor=SYSTEM)
    workflow.ask(asked.quote_id, text="Plus tard", phone="", actor=SYSTEM)
    latest = Question.objects.get(text="Plus tard")
    workflow.answer(latest.pk, text="Bien.", author=asked.quote.owner, actor=SYSTEM)
    found = at_desk(asked.quote.owner).get(INBOX).context["cl"].result_list
    assert list(found) == [asked, latest]
    assert len(at_desk(manager()).get(f"{INBOX}?reponse=attendue").context["cl"].result_list) == 2


def test_open_questions_are_answered_in_the_inbox_itself(asked: Question) -> None:
    workflow.ask(asked.quote_id, text="Et la garantie ?", phone="", actor=SYSTEM)
    desk = at_desk(asked.quote.owner)
    response = desk.get(INBOX)
    assert [question.text for question in response.context["open_questions"]] == [
        "Le <b>thermostat</b> est-il compris ?",
        "Et la garantie ?",
    ]
    assert "Le &lt;b&gt;thermostat&lt;/b&gt;" in text(response)
    assert f'action="{answer_of(asked)}"' in text(response)
    response = desk.post(answer_of(asked), {"text": "Oui.", "_boite": "1"}, follow=True)
    assert response.redirect_chain == [(INBOX, 302)]
    assert [question.text for question in response.context["open_questions"]] == ["Et la garantie ?"]
    assert mails("quotes/answer", asked.quote).count() == 1


def test_an_empty_answer_in_the_inbox_comes_back_with_its_question(asked: Question) -> None:
    response = at_desk(asked.quote.owner).post(answer_of(asked), {"text": " ", "_boite": "1"})
    assert response.status_code == 422
    assert "Écrivez votre réponse." in text(response)


def test_the_inbox_offers_answers_to_ones_own_questions_alone(asked: Question) -> None:
    assert at_desk(owner()).get(INBOX).context["open_questions"] == []
    assert at_desk(manager()).get(INBOX).context["open_questions"] == [asked]
    assert at_desk(manager()).get(f"{INBOX}?reponse=attendue").context["open_questions"] == []


def test_another_owners_question_does_not_exist(asked: Question) -> None:
    desk = at_desk(owner())
    assert desk.get(answer_of(asked)).status_code == 404
    assert desk.post(answer_of(asked), {"text": "Intrus"}).status_code == 404
    assert not Answer.objects.exists()


# Journal


def line(kind: str, said: dict[str, Any], *, actor: str = "system") -> HistoryLine:
    event = QuoteEvent(kind=kind, at=dt.datetime(2026, 11, 24, 12, 0, tzinfo=dt.UTC))
    event.__dict__["document"] = {"facts": said, "actor": {"kind": actor, "name": "julien"}}
    return line_of(event, names={"julien": "Julien Faure"}, mails={})


def test_a_fact_that_is_not_known_yet_is_shown_all_the_same() -> None:
    assert line("roof_inspected", {"amount": "12.00"}).words == "Roof inspected."


def test_money_is_told_as_money() -> None:
    facts = {"amount": "2681.81", "card_holder": "Claire Morel", "last4": "4242"}
    assert line("deposit_paid", facts).words == (
        "2\u202f681,81\u00a0€ payés par carte (Claire Morel, se termine par 4242)."
    )
    assert line("transfer_confirmed", {"amount": "500", "received_on": "2026-11-24"}).words == (
        "Virement de 500,00\u00a0€ reçu le 24\u00a0novembre\u00a02026."
    )


@pytest.mark.parametrize("kind", [fact.kind for fact in facts.declared()])
def test_a_fact_without_details_is_told_by_its_headline(kind: str) -> None:
    shown = line(kind, {})
    assert shown.words.endswith(".")
    assert "{" not in shown.words


def test_a_card_whose_holder_is_not_told_leaves_no_hole_in_the_sentence() -> None:
    said = {"amount": "12.00", "card_holder": "", "last4": "4242"}
    assert sentence(facts.find("deposit_paid"), said) == "Acompte payé par carte."
    assert "(Jean Test, se termine par 4242)" in sentence(
        facts.find("deposit_paid"), said | {"card_holder": "Jean Test"}
    )


def test_facts_name_people_and_repeat_what_they_wrote() -> None:
    shown = line("blocked", {"reason": "Litige {to}"}, actor="staff")
    assert (shown.words, shown.who, shown.quoted) == ("Accès bloqué.", "Julien Faure", "Litige {to}")
    assert line("refused", {"reason": "Trop cher"}, actor="customer").who == "Client"
    assert line("sent", {"version": 2, "to": "a@b.fr"}).words == "Version 2 envoyée à a@b.fr."


def test_the_history_of_a_quote_is_told_newest_first(asked: Question) -> None:
    quote = asked.quote
    workflow.remind(quote.pk, actor=SYSTEM)
    workflow.refuse(quote.pk, reason="<i>Trop cher</i>", actor=SYSTEM)
    page = text(at_desk(quote.owner).get(page_of(quote)))
    history = page[page.index("desk-timeline") :]
    order = [
        "refusé par le client",
        "Relance envoyée",
        "pose une question",
        "Version 1 envoyée",
        "Devis créé",
    ]
    places = [history.index(words) for words in order]
    assert places == sorted(places)
    assert "&lt;i&gt;Trop cher&lt;/i&gt;" in history


def test_details_of_a_long_history_are_a_click_away_and_nothing_is_left_out(asked: Question) -> None:
    quote, desk = asked.quote, at_desk(asked.quote.owner)
    assert "Tout montrer" not in text(desk.get(page_of(quote)))
    for _ in range(6):
        workflow.resend_link(quote.pk, actor=SYSTEM)
    for mail in mails("quotes/new_link", quote):
        state(mail, OutgoingEmail.State.SENT)
        emails.delivered(mail)
    page = text(desk.get(page_of(quote)))
    assert "Tout montrer, 7 détails de plus" in page
    assert page.count('<li class="quiet">') == 7
    assert page.count("Nouveau lien envoyé") == 6


def test_the_next_automatic_reminder_is_told() -> None:
    make_company(quote_reminder_days=[2])
    quote = make_sent_quote(owner=owner())
    assert "Prochaine relance automatique" in text(at_desk(quote.owner).get(page_of(quote)))


# Mails


def state(mail: OutgoingEmail, state: OutgoingEmail.State, **fields: Any) -> OutgoingEmail:
    OutgoingEmail.objects.filter(pk=mail.pk).update(state=state, **fields)
    mail.refresh_from_db()
    return mail


def again(quote: Quote, mail: OutgoingEmail) -> str:
    return reverse("admin:quotes_quote_mail", args=[quote.pk, mail.pk])


def test_mails_are_shown_with_what_became_of_them(asked: Question) -> None:
    quote = asked.quote
    state(
        mails("quotes/question_received", quote).get(), OutgoingEmail.State.FAILED, error="550 unknown user"
    )
    page = text(at_desk(quote.owner).get(page_of(quote)))
    assert '<span class="pill bad">Échec</span>' in page
    assert "550 unknown user" in page


def test_a_mail_without_secret_is_sent_again_after_asking(asked: Question) -> None:
    quote = asked.quote
    mail = state(mails("quotes/question_received", quote).get(), OutgoingEmail.State.FAILED)
    desk = at_desk(quote.owner)
    assert again(quote, mail) in text(desk.get(page_of(quote)))
    assert "mot pour mot" in text(desk.get(again(quote, mail)))
    assert mails("quotes/question_received", quote).count() == 1
    response = desk.post(again(quote, mail), follow=True)
    assert said(response) == ["Le mail repart à claire.morel@exemple.fr."]
    repeated = mails("quotes/question_received", quote).latest("pk")
    assert (repeated.text, repeated.state) == (mail.text, OutgoingEmail.State.QUEUED)


def test_a_lost_mail_is_sent_again_from_the_history_itself(asked: Question) -> None:
    quote = asked.quote
    mail = state(mails("quotes/question_received", quote).get(), OutgoingEmail.State.FAILED)
    emails.delivered(mail)
    page = html.unescape(text(at_desk(quote.owner).get(page_of(quote))))
    history = page[page.index("desk-timeline") :]
    line = history[history.index("n'est pas parti") :].split("</li>")[0]
    assert again(quote, mail) in line
    assert f'href="#mail-{mail.pk}"' in line
    assert f'id="mail-{mail.pk}"' in page


def test_a_lost_link_is_replaced_by_a_fresh_one(asked: Question) -> None:
    quote = asked.quote
    mail = state(mails("quotes/link", quote).get(), OutgoingEmail.State.OUTDATED)
    emails.delivered(mail)
    desk, resend = at_desk(quote.owner), f'{action_of(quote, "renvoyer-un-lien")}">Renvoyer un lien'
    page = html.unescape(text(desk.get(page_of(quote))))
    line = page[page.index("n'est pas parti à temps") :].split("</li>")[0]
    assert resend in line
    assert again(quote, mail) not in page
    workflow.cancel(quote.pk, actor=SYSTEM)
    assert resend not in text(desk.get(page_of(quote)))


def test_a_mail_with_a_link_is_never_sent_again(asked: Question) -> None:
    quote = asked.quote
    mail = state(mails("quotes/link", quote).get(), OutgoingEmail.State.SENT)
    desk = at_desk(quote.owner)
    assert again(quote, mail) not in text(desk.get(page_of(quote)))
    response = desk.post(again(quote, mail), follow=True)
    assert said(response) == ["Ce mail porte un lien ou un code : renvoyez plutôt un lien au client."]
    assert mails("quotes/link", quote).count() == 1


def test_another_quotes_mail_cannot_be_sent_from_here(asked: Question) -> None:
    other = make_sent_quote(owner=owner())
    mail = mails("quotes/question_received", asked.quote).get()
    assert at_desk(other.owner).post(again(other, mail)).status_code == 404
    assert at_desk(other.owner).post(again(asked.quote, mail)).status_code == 404
