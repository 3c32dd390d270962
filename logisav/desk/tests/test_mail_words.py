"""Envoyer and Relancer show their mail before it leaves, and let its first words be written."""

from __future__ import annotations

import html
from typing import Any

import pytest

from logisav.desk.quotes.mailing import ADDRESS
from logisav.desk.tests.desk import action_of, at_desk, owner, text
from quotes import workflow
from quotes.models import Quote, QuoteVersion
from quotes.tests.factories import SYSTEM, complete, mails, make_quote, make_sent_quote

pytestmark = pytest.mark.django_db
USUAL = "Voici notre proposition\u00a0: Pompe à chaleur <neuve>."


@pytest.fixture
def draft() -> Quote:
    return make_quote(owner=owner(), title="Pompe à chaleur <neuve>")


def shown(quote: Quote, step: str, **typed: str) -> Any:
    desk = at_desk(quote.owner)
    return desk.post(action_of(quote, step), typed) if typed else desk.get(action_of(quote, step))


def send(quote: Quote, **typed: str) -> Any:
    return at_desk(quote.owner).post(action_of(quote, "envoyer"), typed)


def test_the_mail_is_shown_before_it_leaves(draft: Quote) -> None:
    response = shown(draft, "envoyer")
    page = text(response)
    mail = response.context["mail"]
    assert (mail.to, mail.subject) == ("claire.morel@exemple.fr", f"Votre devis {draft.number}")
    for part in (mail.text, html.unescape(mail.html)):
        assert "Bonjour Madame\u00a0Morel" in part
        assert USUAL in part
        assert "8\u202f939,35\u00a0€" in part
    assert USUAL in html.unescape(page)
    assert "Votre mot" in page


def test_the_picture_of_the_mail_does_nothing(draft: Quote) -> None:
    response = shown(draft, "envoyer")
    assert "href" not in response.context["mail"].html
    assert 'sandbox srcdoc="&lt;!doctype html&gt;' in text(response)
    assert not draft.links.exists()


def test_what_was_shown_is_what_is_sent(draft: Quote) -> None:
    before = shown(draft, "envoyer").context["mail"]
    send(draft, words=USUAL)
    complete(QuoteVersion.objects.get())
    sent = mails("quotes/link", draft).get()
    assert (sent.subject, QuoteVersion.objects.get().mail_words) == (before.subject, "")
    assert sent.text.split("Ce lien vous est réservé")[0] == before.text.split("Ce lien vous est réservé")[0]


def test_other_words_are_looked_at_first_and_nothing_leaves(draft: Quote) -> None:
    response = shown(draft, "envoyer", words="Comme convenu.\nÀ jeudi & bravo <3", _look="")
    assert response.status_code == 200
    mail = response.context["mail"]
    assert "Comme convenu.\nÀ jeudi & bravo <3" in mail.text
    assert "Comme convenu.<br>À jeudi &amp; bravo &lt;3" in mail.html
    assert USUAL not in mail.text
    assert "Comme convenu." in text(response).split("<textarea")[1]
    draft.refresh_from_db()
    assert draft.state == Quote.State.DRAFT


def test_ones_own_words_go_into_the_mail_of_this_version_alone(draft: Quote) -> None:
    send(draft, words="Comme convenu.\r\nÀ jeudi <b>")
    version = QuoteVersion.objects.get()
    assert version.mail_words == "Comme convenu.\nÀ jeudi <b>"
    complete(version)
    sent = mails("quotes/link", draft).get()
    assert "Bonjour Madame\u00a0Morel,\n\nComme convenu.\nÀ jeudi <b>\n" in sent.text
    assert "Comme convenu.<br>À jeudi &lt;b&gt;" in sent.html
    workflow.revise(draft.pk, actor=SYSTEM)
    complete(workflow.send(draft.pk, actor=SYSTEM))
    assert "Comme convenu" not in mails("quotes/new_version", draft).get().text


def test_words_of_a_version_that_could_not_leave_are_offered_again(draft: Quote) -> None:
    send(draft, words="Comme convenu.")
    workflow.abandon_sending(QuoteVersion.objects.get().pk, reason="trop de pages")
    response = shown(draft, "envoyer")
    assert "Comme convenu." in text(response).split("<textarea")[1]
    assert "Comme convenu." in response.context["mail"].text


def test_no_words_are_the_usual_ones(draft: Quote) -> None:
    send(draft, words="  \n ")
    complete(QuoteVersion.objects.get())
    assert USUAL in mails("quotes/link", draft).get().text


def test_a_title_and_words_are_no_template(draft: Quote) -> None:
    words = "{{ secret.link }} {% load static %} ••••••"
    send(draft, words=words)
    complete(QuoteVersion.objects.get())
    assert words in mails("quotes/link", draft).get().text


@pytest.mark.parametrize(
    "words",
    [
        "Voyez https://pirate.example/x",
        "Voyez HTTP://pirate.example",
        "Voyez www.pirate.example",
        "Voyez pirate.fr/devis",
        "Voyez notre.site.com.",
        "Écrivez à julien@thermo-rhone.example",
        "ftp://pirate",
        "mailto:a@b",
        "javascript://%0aalert(1)",
    ],
)
def test_no_link_but_ours(draft: Quote, words: str) -> None:
    response = send(draft, words=words)
    assert response.status_code == 422
    assert "ce mail ne porte qu'un lien, celui du devis" in html.unescape(text(response))
    assert words in html.unescape(text(response))
    draft.refresh_from_db()
    assert draft.state == Quote.State.DRAFT


@pytest.mark.parametrize(
    "words", ["À jeudi 14 h.Nous passons", "3.5 kW, classe A+++", "M. Faure, etc. : voilà"]
)
def test_an_ordinary_sentence_is_no_link(words: str) -> None:
    assert ADDRESS.search(words) is None


def test_too_many_words_are_told_and_kept(draft: Quote) -> None:
    response = send(draft, words="x" * 2001)
    assert response.status_code == 422
    assert "2000 caractères au plus, il en a 2001" in html.unescape(text(response))
    assert "x" * 2001 in text(response)


def test_relancer_has_words_of_its_own() -> None:
    quote = make_sent_quote(owner=owner())
    assert "Nous vous avons proposé un devis" in shown(quote, "relancer").context["mail"].text
    at_desk(quote.owner).post(action_of(quote, "relancer"), {"words": "Avez-vous pu en parler ?"})
    reminder = mails("quotes/reminder", quote).get()
    assert "Avez-vous pu en parler ?" in reminder.text
    assert "Nous vous avons proposé" not in reminder.text


def test_a_new_version_tells_owner_and_customer_alike_what_changes() -> None:
    quote = make_sent_quote(owner=owner())
    workflow.revise(quote.pk, actor=SYSTEM)
    quote.lines.filter(label="Main-d'œuvre").delete()
    page = html.unescape(text(shown(quote, "envoyer")))
    changes = page[page.index("Ce qui change pour le client") : page.index("Ce que le client verra")]
    assert "Retiré\u00a0: Main-d'œuvre." in changes
    assert "Total TTC\u00a0:" in changes
    assert "Retiré\u00a0: Main-d'œuvre." in shown(quote, "envoyer").context["mail"].text
    complete(workflow.send(quote.pk, actor=SYSTEM))
    assert "Retiré\u00a0: Main-d'œuvre." in mails("quotes/new_version", quote).get().text


def test_other_moves_have_no_mail_to_write() -> None:
    quote = make_sent_quote(owner=owner())
    assert shown(quote, "annuler").context["mail"] is None
