"""How often a page may ask the database, at most.

Counted is every statement of the whole request, as `len(connection.queries)` would be: the rows of the session, of the
account and of its permissions too. The browser has been there before. Of the verb `send` the savepoint that stands for
its transaction counts, and its release.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from logisav.desk.tests.desk import at_desk, manager, page_of
from payments.tests.factories import make_paying_company
from payments.tests.test_transfer import confirm
from quotes import workflow
from quotes.journal import Actor
from quotes.models import AccessLink, Company, Question, Quote, TextTemplate
from quotes.tests.factories import LINES, SYSTEM, make_quote, make_sent_quote, send, visitor
from signing.tests.sealed import make_small_document
from signing.tests.test_pages import path, send_form

pytestmark = pytest.mark.django_db
PIPE = {"label": "Tuyau", "unit": "m", "unit_price": Decimal(3)}


def ask(quote: Quote, words: str) -> None:
    workflow.ask(quote.pk, text=words, phone="", actor=SYSTEM)


def ask_and_answer(quote: Quote) -> None:
    ask(quote, "Quand commencez-vous ?")
    ask(quote, "Le thermostat est-il compris ?")
    question = Question.objects.filter(quote=quote).latest("pk")
    workflow.answer(question.pk, text="Oui.", author=quote.owner, actor=Actor.staff(quote.owner))


@pytest.fixture
def read(django_assert_max_num_queries: Any) -> Any:
    """The page once more, within its budget."""

    def read(browser: Client, address: str, *, most: int) -> str:
        assert browser.get(address).status_code == 200
        with django_assert_max_num_queries(most):
            response = browser.get(address)
        return str(response.content.decode())

    return read


def test_the_quotes_page_asks_four_times(read: Any) -> None:
    quote = make_sent_quote()
    ask_and_answer(quote)
    assert "Le thermostat est-il compris" in read(visitor(quote), quote.get_absolute_url(), most=4)


def test_the_form_of_a_signature_asks_six_times(read: Any) -> None:
    quote = make_sent_quote()
    read(visitor(quote), path(quote), most=6)


def test_the_page_of_the_code_asks_six_times(read: Any) -> None:
    quote = make_sent_quote()
    browser = visitor(quote)
    send_form(browser, quote)
    read(browser, path(quote, "code/"), most=6)


@pytest.mark.parametrize("paid", [False, True])
def test_the_accepted_page_asks_eight_times(read: Any, *, paid: bool) -> None:
    """With a thread of questions, the sealed PDF and a deposit; once money came, its refunds are one thing more."""
    make_paying_company()
    quote = make_small_document()[0].quote
    ask_and_answer(quote)
    if paid:
        confirm(quote, "100")
    page = read(visitor(quote), quote.get_absolute_url(), most=9 if paid else 8)
    assert "Télécharger le devis signé" in page
    assert "Renoncer au contrat ici" in page
    assert ("Nous avons reçu" in page) is paid


def test_sending_asks_twelve_times(django_assert_max_num_queries: Any) -> None:
    quote = make_quote()
    with django_assert_max_num_queries(12):
        workflow.send(quote.pk, actor=SYSTEM)


def test_the_editor_asks_twelve_times(read: Any) -> None:
    """Ten lines, texts to choose from, a deposit, and the history of a quote that was sent, discussed and revised."""
    reader = manager()
    TextTemplate.objects.create(name="Salutations", place="intro", text="Bonjour")
    quote = send(make_quote(lines=LINES + 6 * (PIPE,)))
    ask_and_answer(quote)
    workflow.revise(quote.pk, actor=Actor.staff(reader))
    page = read(at_desk(reader), page_of(quote), most=12)
    assert page.count("Tuyau") >= 6
    assert "Le thermostat est-il compris" in page


# Nothing is remembered from one request to the next


def test_what_changed_meanwhile_is_seen_at_the_next_request() -> None:
    quote = make_sent_quote()
    browser, address = visitor(quote), quote.get_absolute_url()
    assert "Thermo Saône" not in browser.get(address).content.decode()
    Company.objects.update(trade_name="Thermo Saône")
    ask(quote, "Quand commencez-vous ?")
    page = browser.get(address).content.decode()
    assert "Thermo Saône" in page
    assert "Quand commencez-vous" in page


def test_a_changed_phone_is_seen_at_the_next_request() -> None:
    quote = make_sent_quote()
    browser = visitor(quote)
    send_form(browser, quote)
    browser.get(path(quote, "code/"))
    Company.objects.update(phone="04 72 00 11 22")
    assert "04\xa072\xa000\xa011\xa022" in browser.get(path(quote, "code/")).content.decode()


def test_a_block_and_a_revoked_link_are_seen_at_the_next_request() -> None:
    blocked, revoked = make_sent_quote(), make_sent_quote()
    browsers = [(visitor(quote), quote.get_absolute_url()) for quote in (blocked, revoked)]
    assert [browser.get(address).status_code for browser, address in browsers] == [200, 200]
    workflow.block(blocked.pk, reason="", actor=SYSTEM)
    AccessLink.objects.filter(quote=revoked).update(revoked_at=timezone.now())
    assert [browser.get(address).status_code for browser, address in browsers] == [403, 403]


def test_a_new_version_is_seen_at_the_next_request() -> None:
    quote = make_sent_quote()
    browser, address = visitor(quote), quote.get_absolute_url()
    browser.get(address)
    workflow.revise(quote.pk, actor=SYSTEM)
    Quote.objects.filter(pk=quote.pk).update(title="Un autre objet")
    send(Quote.objects.get(pk=quote.pk))
    assert "Un autre objet" in browser.get(address).content.decode()


def test_a_right_that_was_taken_away_is_gone_at_the_next_request() -> None:
    person, quote = manager(), make_sent_quote()
    browser = at_desk(person)
    assert browser.get(page_of(quote)).status_code == 200
    person.groups.clear()
    assert browser.get(page_of(quote)).status_code == 403


def test_a_link_of_a_quote_without_a_version_in_force_opens_nothing() -> None:
    quote = make_sent_quote()
    browser = visitor(quote)
    quote.versions.update(is_current=False)
    assert browser.get(quote.get_absolute_url()).status_code == 403
