"""Every row of the access table, in its order: what a customer with a link sees."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from quotes import workflow
from quotes.models import AccessLink, Quote
from quotes.tests.factories import (
    SYSTEM,
    mails,
    make_link,
    make_quote,
    make_sent_quote,
    send,
    send_again,
    version_of,
    visitor,
)

pytestmark = pytest.mark.django_db

SECRET = "Remplacement de la chaudière"


@pytest.fixture
def quote() -> Quote:
    return make_sent_quote()


def text(response: Any) -> str:
    return str(response.content.decode())


def open_link(quote: Quote) -> Any:
    return Client().get(make_link(quote)[1], follow=True)


def expire(quote: Quote) -> None:
    """Yesterday was the last day of validity."""
    version = version_of(quote)
    version.valid_until = timezone.localdate() - dt.timedelta(days=1)
    version.save()


def set_state(quote: Quote, state: Quote.State) -> None:
    Quote.objects.filter(pk=quote.pk).update(state=state, accepted_at=timezone.now())


def test_unknown_malformed_and_revoked_tokens_get_one_neutral_page(quote: Quote) -> None:
    link, revoked = make_link(quote)
    AccessLink.objects.filter(pk=link.pk).update(revoked_at=timezone.now())
    pages = [Client().get(path) for path in ("/l/" + "A" * 43 + "/", "/l/x/", "/l/%01%c3%bf/", revoked)]
    assert {page.status_code for page in pages} == {404}
    assert len({page.content for page in pages}) == 1
    assert quote.number not in text(pages[0])


def test_a_blocked_access_says_so_without_data_or_new_link(quote: Quote) -> None:
    workflow.block(quote.pk, reason="litige", actor=SYSTEM)
    page = open_link(quote)
    assert page.status_code == 403
    assert "04\u00a065\u00a071\u00a008\u00a042" in text(page)
    assert "devis@thermo-rhone.example" in text(page)
    assert SECRET not in text(page)
    assert "Recevoir un lien" not in text(page)


def test_a_refusal_that_is_filed_lifts_no_block(quote: Quote) -> None:
    workflow.block(quote.pk, reason="Litige", actor=SYSTEM)
    workflow.mark_refused(quote.pk, reason="", actor=SYSTEM)
    workflow.mark_done(quote.pk, actor=SYSTEM)
    assert open_link(quote).status_code == 403


def test_a_block_goes_before_an_expired_link(quote: Quote) -> None:
    _, path = make_link(quote)
    workflow.block(quote.pk, reason="litige", actor=SYSTEM)
    with time_machine.travel(timezone.now() + dt.timedelta(hours=25)):
        assert Client().get(path).status_code == 403


def test_a_block_has_no_effect_once_accepted(quote: Quote) -> None:
    workflow.block(quote.pk, reason="litige", actor=SYSTEM)
    set_state(quote, Quote.State.ACCEPTED)
    assert "Devis accepté le" in text(open_link(quote))


def test_an_expired_link_offers_a_new_one_to_the_masked_address(quote: Quote) -> None:
    _, path = make_link(quote)
    with time_machine.travel(timezone.now() + dt.timedelta(hours=24)):
        page = Client().get(path)
        assert page.status_code == 410
        assert "Recevoir un lien d'accès par mail" in text(page)
        assert "c•••@e•••.fr" in text(page)
        assert "claire.morel@exemple.fr" not in text(page)
        assert SECRET not in text(page)
        assert Client().post(path).status_code == 200
    assert mails("quotes/new_link", quote).get().to == "claire.morel@exemple.fr"


@pytest.mark.parametrize("state", [Quote.State.ACCEPTED, Quote.State.WITHDRAWN, Quote.State.DONE])
def test_a_concluded_quote_is_shown_whatever_its_validity(quote: Quote, state: Quote.State) -> None:
    set_state(quote, state)
    expire(quote)
    page = open_link(quote)
    assert page.status_code == 200
    heading = "Vous avez renoncé à ce contrat" if state == Quote.State.WITHDRAWN else "Devis accepté le"
    assert heading in text(page)
    assert "Poser une question" in text(page)


@pytest.mark.parametrize("state", [Quote.State.REFUSED, Quote.State.CANCELLED])
def test_a_refused_or_cancelled_quote_says_so_and_whom_to_contact(quote: Quote, state: Quote.State) -> None:
    set_state(quote, state)
    page = open_link(quote)
    assert page.status_code == 200
    assert "04\u00a065\u00a071\u00a008\u00a042" in text(page)
    assert "Accepter et signer" not in text(page)


def test_a_quote_that_was_refused_and_then_filed_is_not_shown_as_accepted(quote: Quote) -> None:
    Quote.objects.filter(pk=quote.pk).update(state=Quote.State.REFUSED)
    workflow.mark_done(quote.pk, actor=SYSTEM)
    page = text(open_link(quote))
    assert "Ce devis a été refusé" in page
    assert "Devis accepté" not in page


def test_a_quote_past_its_validity_shows_no_data_and_offers_an_update(quote: Quote) -> None:
    expire(quote)
    page = open_link(quote)
    assert SECRET not in text(page)
    assert "Demander une mise à jour" in text(page)
    assert "Accepter et signer" not in text(page)
    form = visitor(quote).get(quote.get_absolute_url() + "question/")
    assert form.status_code == 200
    assert SECRET not in text(form)


def test_otherwise_the_quote_with_its_four_ways_on(quote: Quote) -> None:
    page = text(open_link(quote))
    assert SECRET in page
    for label in ("Accepter et signer", "Poser une question", "Télécharger le PDF", "Refuser"):
        assert label in page


def test_while_a_new_version_is_being_rendered_nothing_can_be_signed(quote: Quote) -> None:
    workflow.revise(quote.pk, actor=SYSTEM)
    workflow.send(quote.pk, actor=SYSTEM)
    page = open_link(quote)
    assert page.status_code == 200
    assert "Accepter et signer" not in text(page)


def test_a_link_opens_the_quote_in_its_current_version(quote: Quote) -> None:
    browser = visitor(quote)
    send_again(quote, title="Une chaudière à granulés")
    assert "Une chaudière à granulés" in text(browser.get(quote.get_absolute_url()))


@pytest.mark.parametrize(
    "now",
    [
        dt.datetime(2026, 6, 10, 12, 0, tzinfo=dt.UTC),
        dt.datetime(2026, 3, 28, 12, 0, tzinfo=dt.UTC),  # the night of 23 hours follows
        dt.datetime(2026, 10, 24, 12, 0, tzinfo=dt.UTC),  # the night of 25 hours follows
    ],
    ids=["summer", "to summer time", "to winter time"],
)
def test_a_link_ends_at_exactly_24_hours(now: dt.datetime) -> None:
    with time_machine.travel(now, tick=False):
        quote = make_sent_quote()
        _, path = make_link(quote)
    for seconds, status in ((86_399, 302), (86_400, 410), (86_401, 410)):
        with time_machine.travel(now + dt.timedelta(seconds=seconds), tick=False):
            assert Client().get(path).status_code == status


def test_a_grant_ends_with_its_link_to_the_second() -> None:
    now = dt.datetime(2026, 6, 10, 12, 0, tzinfo=dt.UTC)
    with time_machine.travel(now, tick=False):
        quote = make_sent_quote()
        browser = visitor(quote)
    for seconds, status in ((86_399, 200), (86_400, 403)):
        with time_machine.travel(now + dt.timedelta(seconds=seconds), tick=False):
            assert browser.get(quote.get_absolute_url()).status_code == status


@pytest.mark.parametrize(
    ("instant", "signable"),
    [
        (dt.datetime(2026, 7, 10, 21, 59, 59, tzinfo=dt.UTC), True),
        (dt.datetime(2026, 7, 10, 22, 0, 0, tzinfo=dt.UTC), False),
    ],
    ids=["last second in Paris", "midnight in Paris"],
)
def test_validity_holds_to_midnight_in_paris(instant: dt.datetime, signable: bool) -> None:
    with time_machine.travel(dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC)):
        quote = send(make_quote(valid_until=dt.date(2026, 7, 10)))
    with time_machine.travel(instant, tick=False):
        assert ("Accepter et signer" in text(visitor(quote).get(quote.get_absolute_url()))) is signable
