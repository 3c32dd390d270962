"""What a form accepts can be shown everywhere; what it cannot take it says, at the line."""

from __future__ import annotations

from decimal import Decimal
from importlib import import_module
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from logisav.desk.tests import desk
from quotes import list_columns, money, readiness
from quotes.models import Quote, QuoteLine
from quotes.tests.factories import make_quote, send, visitor

pytestmark = [pytest.mark.django_db, pytest.mark.both]


@pytest.fixture
def quote() -> Quote:
    return make_quote(owner=desk.owner(), lines=({"label": "Ligne", "unit": "h", "unit_price": Decimal(10)},))


@pytest.fixture
def browser(quote: Quote) -> Client:
    client = desk.at_desk(desk.manager())
    client.raise_request_exception = False
    return client


def save(browser: Client, quote: Quote, **typed: str) -> Any:
    page = browser.get(desk.page_of(quote))
    return browser.post(desk.page_of(quote), desk.filled(page) | typed)


def shown_everywhere(browser: Client, quote: Quote) -> None:
    for page in (desk.page_of(quote), "/admin/quotes/quote/", f"/admin/quotes/quote/{quote.pk}/apercu/"):
        assert browser.get(page).status_code == 200, page
    exported: Any = browser.get("/admin/quotes/quote/export.csv")
    assert quote.number in b"".join(exported.streaming_content).decode()


@pytest.mark.parametrize(
    ("quantity", "price"), [("1000", "9999999999,99"), ("999999999,999", "999,99"), ("1", "1000000000")]
)
def test_a_line_beyond_the_bound_is_refused_at_the_line(
    browser: Client, quote: Quote, quantity: str, price: str
) -> None:
    answer = save(browser, quote, **{"lines-0-quantity": quantity, "lines-0-unit_price": price})
    assert answer.status_code == 200
    assert "une ligne ne dépasse pas" in desk.text(answer)


def test_a_total_beyond_the_bound_is_refused_above_the_lines(browser: Client, quote: Quote) -> None:
    answer = save(browser, quote, **{"lines-0-unit_price": "999999999,99"})
    assert answer.status_code == 200
    assert "Le total TTC fait" in desk.text(answer)


def test_a_deposit_beyond_the_bound_is_refused(browser: Client, quote: Quote) -> None:
    answer = save(browser, quote, deposit_kind="amount", deposit_value="9999999999,99")
    assert "Un acompte ne dépasse pas" in desk.text(answer)


@pytest.mark.parametrize(("first", "last"), [("31/12/1999", "01/01/2100"), ("01/01/0001", "31/12/9999")])
def test_a_date_outside_this_century_is_refused(browser: Client, quote: Quote, first: str, last: str) -> None:
    answer = desk.text(save(browser, quote, issued_on=first, valid_until=last))
    assert answer.count("entre 2000 et 2099") >= 2


# Quantity, price, discount, rate: the smallest, the largest, and what is rounded in between.
ACCEPTED = (
    ("0,001", "0,01", "99,99", "5.5"),
    ("999999999,999", "0,83", "33,33", "20"),
    ("1", "9999999999,99", "99,99", "0"),
    ("999,999", "9999,99", "", "2.1"),
)


@pytest.mark.parametrize("figures", ACCEPTED)
def test_whatever_the_form_accepts_is_shown_everywhere(
    browser: Client, quote: Quote, figures: tuple[str, ...]
) -> None:
    names = ("quantity", "unit_price", "discount", "vat_rate")
    typed = {f"lines-0-{name}": value for name, value in zip(names, figures, strict=True)}
    assert save(browser, quote, valid_until="31/12/2099", deposit_value="0,01", **typed).status_code == 302
    shown_everywhere(browser, quote)


def test_the_largest_quote_is_sent_read_and_frozen(browser: Client, quote: Quote) -> None:
    typed = {"lines-0-unit_price": "833333333,32", "valid_until": "31/12/2099"}
    assert save(browser, quote, **typed).status_code == 302
    sent = send(Quote.objects.get(pk=quote.pk))
    assert sent.shown_total == Decimal("999999999.98")
    assert "999 999 999,98" in desk.text(visitor(sent).get(f"/devis/{sent.public_id}/")).replace(
        "\u202f", " "
    )
    shown_everywhere(browser, sent)


def test_one_row_of_another_time_takes_no_list_down(browser: Client, quote: Quote) -> None:
    """It was typed when the form knew no bound: it is shown, mended in its form, and not sent as it is."""
    QuoteLine.objects.filter(quote=quote).update(quantity=Decimal(1000), unit_price=Decimal("9999999999.99"))
    list_columns.refresh(quote)
    shown_everywhere(browser, quote)
    assert any("dépasse" in sentence for sentence in readiness.missing(quote))
    assert save(browser, quote, **{"lines-0-unit_price": "10"}).status_code == 302
    assert Quote.objects.get(pk=quote.pk).shown_total == Decimal(12_000)


def test_a_total_that_its_column_cannot_give_back_is_mended_by_the_migration(quote: Quote) -> None:
    """On SQLite; PostgreSQL refuses it when it is written, and there the statement finds nothing."""
    beyond = "11999999999988.00" if connection.vendor == "sqlite" else "999999999999.99"
    with connection.cursor() as cursor:
        cursor.execute("UPDATE quotes_quote SET shown_total = %s", [beyond])
        for operation in import_module(
            "quotes.migrations.0017_totals_within_their_column"
        ).Migration.operations:
            cursor.execute(operation.sql)
    assert Quote.objects.get().shown_total == money.MOST_STORED
