"""The measure of `make fuzz`: what stands before a view does not count as the view."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.test import Client, override_settings
from django.urls import resolve

from logisav.desk.tests.desk import at_desk, owner
from logisav.tests.reach import HEADER, body_of
from quotes.pages import views
from quotes.tests.factories import make_quote, make_sent_quote, visitor

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def measured() -> Any:
    with override_settings(MIDDLEWARE=["logisav.tests.reach.told", *settings.MIDDLEWARE]):
        yield


def ran(response: Any) -> bool:
    return bool(response.headers[HEADER] == "1")


def test_the_body_is_found_inside_decorators_and_the_desk() -> None:
    assert body_of(resolve("/devis/x/question/").func) is body_of(views.ask)
    assert body_of(views.ask).co_name == "ask"  # type: ignore[union-attr]
    assert body_of(resolve("/admin/quotes/quote/").func).co_name == "changelist_view"  # type: ignore[union-attr]


def test_a_page_that_was_shown_reached_and_a_form_refused_by_its_view_too() -> None:
    quote = make_sent_quote()
    browser = visitor(quote)
    assert ran(browser.get(quote.get_absolute_url()))
    refused = browser.post(f"{quote.get_absolute_url()}question/", {"text": "x"})
    assert (refused.status_code, ran(refused)) == (422, True)


def test_what_a_door_sent_away_did_not_reach() -> None:
    quote = make_quote()
    for browser, path in (
        (Client(), quote.get_absolute_url()),  # no grant
        (Client(), "/admin/quotes/quote/"),  # nobody
        (at_desk(owner()), "/nulle-part/"),
    ):
        assert not ran(browser.get(path))
    assert not ran(Client(enforce_csrf_checks=True).post(f"/devis/{quote.public_id}/lien/"))
    assert not ran(Client().put(f"/devis/{quote.public_id}/lien/"))
