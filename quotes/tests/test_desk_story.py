"""What a quote's page tells: questions answered in place, the journal in words, mails and what became of them."""

from __future__ import annotations

import ast
import datetime as dt
import html
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.urls import reverse

from notifications.models import OutgoingEmail
from quotes import emails, timeline, workflow
from quotes.models import Answer, Question, Quote, QuoteEvent
from quotes.tests.desk import at_desk, manager, move_of, owner, page_of, said, text
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
    assert said(response) == ["Cette question a déjà sa réponse : la vôtre n'est pas partie."]
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


def entry(kind: str, facts: dict[str, Any], *, actor: str = "system") -> timeline.Entry:
    event = QuoteEvent(kind=kind, at=dt.datetime(2026, 11, 24, 12, 0, tzinfo=dt.UTC))
    event.__dict__["document"] = {"facts": facts, "actor": {"kind": actor, "name": "julien"}}
    return timeline.entry(event, names={"julien": "Julien Faure"})


# Functions that hand a kind of fact on to the journal: their callers name it.
FORWARDERS = {"_move", "_note", "_mail_reminder"}


def kinds_in_the_code() -> Iterator[str]:
    """Every kind that the code appends to a journal; whatever cannot be read off is named `?`."""
    for app in ("quotes", "signing", "payments"):
        for path in Path(settings.BASE_DIR, app).rglob("*.py"):
            if "tests" not in path.parts:
                yield from _kinds(ast.parse(path.read_text()))


def _kinds(tree: ast.Module) -> Iterator[str]:
    constants = dict(_constants(tree))
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            own = {argument.arg for argument in function.args.args}
            for call in ast.walk(function):
                if isinstance(call, ast.Call) and (kind := _kind_of(call, constants, own)):
                    yield kind


def _constants(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in tree.body:
        if isinstance(node, ast.Assign):
            names = [name.id for name in ast.walk(node.targets[0]) if isinstance(name, ast.Name)]
            values = [value.value for value in ast.walk(node.value) if isinstance(value, ast.Constant)]
            yield from zip(names, map(str, values), strict=False)


def _kind_of(call: ast.Call, constants: dict[str, str], own: set[str]) -> str | None:
    name = ast.unparse(call.func)
    if name == "journal.append":
        kind = call.args[1] if len(call.args) > 1 else None
    elif name in FORWARDERS:
        kind = next((argument for argument in call.args if _is_kind(argument, constants)), None)
    else:
        return None
    if isinstance(kind, ast.Constant):
        return str(kind.value)
    if isinstance(kind, ast.Name):
        return None if kind.id in own else constants.get(kind.id, "?")
    return None if isinstance(kind, ast.JoinedStr) and "mail_" in ast.unparse(kind) else "?"


def _is_kind(argument: ast.expr, constants: dict[str, str]) -> bool:
    """A word in the code, or the name of one."""
    if isinstance(argument, ast.Name):
        return argument.id in constants
    return isinstance(argument, ast.Constant) and isinstance(argument.value, str)


def test_every_kind_of_fact_that_is_written_has_its_words() -> None:
    """Whatever the code appends to the journal is told in French."""
    written = set(kinds_in_the_code()) | {f"mail_{state}" for state in OutgoingEmail.SETTLED}
    assert len(written) > 45
    assert "?" not in written
    assert written == set(timeline.HEADLINES)


def test_a_fact_that_is_not_known_yet_is_shown_all_the_same() -> None:
    assert entry("roof_inspected", {"amount": "12.00"}).words == "Roof inspected."


def test_every_mail_has_its_words() -> None:
    folder = Path(settings.BASE_DIR, "templates", "emails")
    mails = {f"{path.parent.name}/{path.name.split('.')[0]}" for path in folder.glob("*/*.subject.txt")}
    of_no_quote = {"payments/unknown_owner"} | {mail for mail in mails if mail.startswith("logisav/")}
    assert mails - of_no_quote <= set(timeline.MESSAGES)
    assert len(mails) > 30


def test_money_is_told_as_money() -> None:
    facts = {"amount": "2681.81", "card_holder": "Claire Morel", "last4": "4242"}
    assert entry("deposit_paid", facts).words == (
        "2\u202f681,81\u00a0€ payés par carte (Claire Morel, se termine par 4242)."
    )
    assert entry("transfer_confirmed", {"amount": "500", "received_on": "2026-11-24"}).words == (
        "Virement de 500,00\u00a0€ reçu le 24\u00a0novembre\u00a02026."
    )


@pytest.mark.parametrize("kind", timeline.HEADLINES)
def test_a_fact_without_details_is_told_by_its_headline(kind: str) -> None:
    told = entry(kind, {})
    assert told.words.endswith(".")
    assert "{" not in told.words


def test_facts_name_people_and_repeat_what_they_wrote() -> None:
    told = entry("blocked", {"reason": "Litige {to}"}, actor="staff")
    assert (told.words, told.who, told.quote) == ("Accès bloqué.", "Julien Faure", "Litige {to}")
    assert entry("refused", {"reason": "Trop cher"}, actor="customer").who == "Client"
    assert entry("sent", {"version": 2, "to": "a@b.fr"}).words == "Version 2 envoyée à a@b.fr."


def test_the_story_of_a_quote_is_told_newest_first(asked: Question) -> None:
    quote = asked.quote
    workflow.remind(quote.pk, actor=SYSTEM)
    workflow.refuse(quote.pk, reason="<i>Trop cher</i>", actor=SYSTEM)
    page = text(at_desk(quote.owner).get(page_of(quote)))
    story = page[page.index("desk-timeline") :]
    order = [
        "refusé par le client",
        "Relance envoyée",
        "pose une question",
        "Version 1 envoyée",
        "Devis créé",
    ]
    places = [story.index(words) for words in order]
    assert places == sorted(places)
    assert "&lt;i&gt;Trop cher&lt;/i&gt;" in story


def test_details_of_a_long_story_are_a_click_away_and_nothing_is_left_out(asked: Question) -> None:
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


def test_a_lost_mail_is_sent_again_from_the_story_itself(asked: Question) -> None:
    quote = asked.quote
    mail = state(mails("quotes/question_received", quote).get(), OutgoingEmail.State.FAILED)
    emails.delivered(mail)
    page = html.unescape(text(at_desk(quote.owner).get(page_of(quote))))
    story = page[page.index("desk-timeline") :]
    line = story[story.index("n'est pas parti") :].split("</li>")[0]
    assert again(quote, mail) in line
    assert f'href="#mail-{mail.pk}"' in line
    assert f'id="mail-{mail.pk}"' in page


def test_a_lost_link_is_replaced_by_a_fresh_one(asked: Question) -> None:
    quote = asked.quote
    mail = state(mails("quotes/link", quote).get(), OutgoingEmail.State.OUTDATED)
    emails.delivered(mail)
    desk, resend = at_desk(quote.owner), f'{move_of(quote, "renvoyer-un-lien")}">Renvoyer un lien'
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
