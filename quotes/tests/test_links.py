"""Opening proves nothing and consumes nothing; new links go to the customer's own address alone."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from quotes import workflow
from quotes.models import AccessLink, Quote
from quotes.tests.factories import SYSTEM, mails, make_link, make_quote, make_sent_quote, visitor

pytestmark = pytest.mark.django_db


@pytest.fixture
def quote() -> Quote:
    return make_sent_quote()


def test_the_token_is_not_stored(quote: Quote) -> None:
    link, path = make_link(quote)
    token = path.split("/")[2]
    assert len(token) >= 43
    assert token not in str(vars(link))


def test_opening_leads_to_an_address_without_token(quote: Quote) -> None:
    response = Client().get(make_link(quote)[1])
    assert response.status_code == 302
    assert response["Location"] == quote.get_absolute_url()
    assert response["Referrer-Policy"] == "no-referrer"


def test_fifty_opens_by_scanners_consume_nothing_and_leave_one_event(quote: Quote) -> None:
    link, path = make_link(quote)
    for _ in range(50):
        assert Client().get(path).status_code == 302
    assert quote.events.filter(kind="link_opened").count() == 1
    assert AccessLink.objects.get(pk=link.pk).is_valid
    assert Client().get(path, follow=True).status_code == 200


def test_head_writes_nothing(quote: Quote) -> None:
    link, path = make_link(quote)
    events = quote.events.count()
    browser = Client()
    assert browser.head(path).status_code == 302
    assert quote.events.count() == events
    assert AccessLink.objects.get(pk=link.pk).opened_at is None
    assert browser.get(quote.get_absolute_url()).status_code == 403


def test_a_grant_holds_several_quotes_side_by_side(quote: Quote) -> None:
    other = make_sent_quote()
    browser = visitor(quote)
    browser.get(make_link(other)[1])
    assert browser.get(quote.get_absolute_url()).status_code == 200
    assert browser.get(other.get_absolute_url()).status_code == 200


def test_a_grant_is_checked_at_every_request(quote: Quote) -> None:
    browser = visitor(quote)
    AccessLink.objects.update(revoked_at=timezone.now())
    assert browser.get(quote.get_absolute_url()).status_code == 403


def test_opening_gives_the_session_a_new_name(quote: Quote) -> None:
    browser = visitor(make_sent_quote())
    before = browser.cookies["logisav"].value
    browser.get(make_link(quote)[1])
    assert browser.cookies["logisav"].value != before


def test_changing_the_customers_mail_revokes_every_link(quote: Quote) -> None:
    browser = visitor(quote)
    _, path = make_link(quote)
    workflow.change_email(quote.customer_id, email="neuve@exemple.fr", actor=SYSTEM)
    assert Client().get(path).status_code == 404
    assert browser.get(quote.get_absolute_url()).status_code == 403
    quote.refresh_from_db()
    assert make_link(Quote.objects.get(pk=quote.pk))[0].email == "neuve@exemple.fr"


def test_at_most_three_new_links_an_hour_with_always_the_same_answer(quote: Quote) -> None:
    path = quote.get_absolute_url() + "lien/"
    answers = {Client().post(path).content for _ in range(5)}
    unknown = Client().post("/devis/inconnu/lien/")
    assert answers == {unknown.content}
    assert mails("quotes/new_link", quote).count() == 3
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=61)):
        Client().post(path)
    assert mails("quotes/new_link", quote).count() == 4


def test_an_address_typed_in_is_ignored(quote: Quote) -> None:
    Client().post(quote.get_absolute_url() + "lien/", {"email": "voleur@exemple.net"})
    assert mails("quotes/new_link", quote).get().to == "claire.morel@exemple.fr"


def test_a_blocked_or_unsent_quote_gets_no_new_link(quote: Quote) -> None:
    workflow.block(quote.pk, reason="", actor=SYSTEM)
    draft = make_quote()
    for one in (quote, draft):
        Client().post(one.get_absolute_url() + "lien/")
        assert not mails("quotes/new_link", one).exists()


def test_links_are_built_from_the_sites_address_never_from_the_host(quote: Quote) -> None:
    Client(headers={"host": "localhost"}).post(quote.get_absolute_url() + "lien/")
    mail = mails("quotes/new_link", quote).get()
    assert "localhost/l/" not in mail.text + mail.html


def test_a_public_id_without_grant_and_an_unknown_one_get_the_same_answer(quote: Quote) -> None:
    known = Client().get(quote.get_absolute_url())
    unknown = Client().get("/devis/inconnu/")
    assert known.status_code == unknown.status_code == 403
    assert "Recevoir un lien d'accès par mail" in known.content.decode()
    assert bare(known).replace(quote.public_id, "inconnu") == bare(unknown)


def bare(response: Any) -> str:
    """The page without its anti-forgery token, which differs at every request."""
    return re.sub(r'name="csrfmiddlewaretoken"\s+value="\w+"', "", response.content.decode())
