"""When little works, the page still says whom to call."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError
from pytest_django import DjangoAssertNumQueries

from logisav import errors
from quotes.models import Company
from quotes.pages import views
from quotes.tests.factories import make_company, make_sent_quote, visitor

pytestmark = pytest.mark.django_db
CALL = "appelez Thermo Rhône au"


@pytest.mark.parametrize(("error", "status"), [(RuntimeError, 500), (OperationalError, 503)])
def test_a_page_that_breaks_names_the_company_and_its_telephone(
    error: type[Exception], status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    quote = make_sent_quote()
    browser = visitor(quote)
    browser.raise_request_exception = False

    def broken(*_: Any) -> None:
        raise error

    monkeypatch.setattr(views, "thread", broken)
    response = browser.get(quote.get_absolute_url())
    page = response.content.decode()
    assert response.status_code == status
    assert CALL in page
    assert 'href="tel:+33465710842"' in page


@pytest.mark.parametrize("status", [400, 500, 503])
def test_such_a_page_asks_the_database_nothing(
    status: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_company()
    Company.current()
    with django_assert_num_queries(0):
        assert CALL in errors.page(status).content.decode()


def test_before_a_company_was_read_it_sends_to_the_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Company, "last_read", None)
    for status in (400, 500, 503):
        assert "son numéro est dans le mail" in errors.page(status).content.decode()
