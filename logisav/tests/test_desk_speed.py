"""The desk costs the same however many quotes there are: as many queries, each along an index."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from logisav.desk import paging
from logisav.desk.quotes import searching
from logisav.desk.tests.desk import at_desk, manager, owner, page_of, text
from logisav.tests.many import analyze, make_many
from payments.tests.factories import make_accepted_quote
from payments.tests.test_transfer import confirm
from quotes import workflow
from quotes.models import Customer, Quote
from quotes.tests.factories import SYSTEM, make_customer, make_quote, make_sent_quote

pytestmark = pytest.mark.django_db
QUOTES, DEPOSITS = "/admin/quotes/quote/", "/admin/payments/deposit/"
CUSTOMERS, MAILS = "/admin/quotes/customer/", "/admin/notifications/outgoingemail/"
LISTS = (
    QUOTES, f"{QUOTES}?tour=client", f"{QUOTES}?q=chaudière", "/admin/", DEPOSITS, CUSTOMERS, MAILS,
    "/admin/quotes/question/", "/admin/signing/signature/",
)  # fmt: skip


def make_some(count: int) -> None:
    """Of every kind that a list shows."""
    for _ in range(count):
        workflow.ask(make_sent_quote().pk, text="Quand ?", phone="", actor=SYSTEM)
        confirm(make_accepted_quote(), "100")
        make_quote()


def asked(browser: Client, address: str) -> list[str]:
    """The queries of a page, once the session is warm."""
    with CaptureQueriesContext(
        connection,
    ) as context:
        assert browser.get(address).status_code == 200
    return [query["sql"] for query in context.captured_queries]


def test_every_list_asks_as_many_questions_for_sixty_rows_as_for_six() -> None:
    browser = at_desk(manager())
    make_some(2)
    editor = page_of(make_quote())
    for address in (*LISTS, editor):
        browser.get(address)
    few = {address: len(asked(browser, address)) for address in (*LISTS, editor)}
    make_some(2)
    make_many(55, owners=[owner()])
    assert {address: len(asked(browser, address)) for address in (*LISTS, editor)} == few
    assert few[QUOTES] <= 12


def test_a_list_counts_to_a_thousand_and_says_how_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "MOST", 60)
    julien = manager()
    make_many(59, owners=[julien])
    assert "59 devis" in text(at_desk(julien).get(QUOTES))
    make_many(20, owners=[julien], start=60)
    browser = at_desk(julien)
    page = text(browser.get(QUOTES))
    assert "un filtre ou une recherche montre les autres" in page
    assert len(browser.get(f"{QUOTES}?p=2").context["cl"].result_list) == 10
    assert browser.get(f"{QUOTES}?p=3").status_code == 302


def test_an_empty_list_says_so() -> None:
    assert "Rien à montrer ici." in text(at_desk(manager()).get(QUOTES))


@pytest.mark.parametrize("most", [500, 0])
@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("perrin chaudière", ["La chaudière"]),
        ("ÉLISE", ["La chaudière"]),
        ("elise chaudiere", ["La chaudière"]),
        ("toit perrin", []),
        ("100%", ["Le toit 100%"]),
        ("elise.perrin@", ["La chaudière"]),
    ],
)
def test_each_word_stands_in_the_quote_or_in_its_customer(
    typed: str, found: list[str], most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when too many customers are named to be listed."""
    monkeypatch.setattr(searching, "MOST_CUSTOMERS", most)
    perrin = make_customer(last_name="Perrin", first_name="ÉLISE", email="elise.perrin@exemple.fr")
    make_quote(title="La chaudière", customer=perrin)
    make_quote(title="Le toit 100%", customer=make_customer(last_name="Morel"))
    result = at_desk(manager()).get(QUOTES, {"q": typed}).context["cl"].result_list
    assert [quote.title for quote in result] == found


def test_a_whole_number_is_that_quote_alone() -> None:
    quote = make_quote()
    make_quote(title=f"Suite de {quote.number}")
    result = at_desk(manager()).get(QUOTES, {"q": quote.number.lower()}).context["cl"].result_list
    assert [found.pk for found in result] == [quote.pk]


def test_a_customer_is_found_by_a_name_changed_a_moment_ago() -> None:
    quote = make_quote()
    Customer.objects.filter(pk=quote.customer_id).update(last_name="Nouveau")
    result = at_desk(manager()).get(QUOTES, {"q": "nouveau"}).context["cl"].result_list
    assert list(result) == [quote]


# On PostgreSQL, what its planner says


def nodes(plan: dict[str, Any], above: dict[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each step with the one that takes its rows."""
    yield plan, above
    for below in plan.get("Plans", ()):
        yield from nodes(below, plan)


def plan_of(sql: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Words inside texts are looked for in tables that are small here: there only whether an index could do it."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL enable_seqscan = {'off' if '~*' in sql else 'on'}")
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}")
        plan = cursor.fetchone()[0]
    return list(nodes((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"], {}))


ROWS = 5000
GROWING = {"quotes_quote", "payments_deposit", "quotes_customer", "notifications_outgoingemail"}


def wrong(sql: str) -> list[str]:
    """Whole tables that would be read, or sorted."""
    found = []
    for node, above in plan_of(sql):
        kind = node["Node Type"]
        if kind == "Seq Scan" and _matters(node["Relation Name"], sql) and not _is_cut_short(node, above):
            found.append(f"reads {node['Relation Name']}: {sql}")
        if kind == "Sort" and node["Plan Rows"] > ROWS / 5:
            found.append(f"sorts {node['Plan Rows']} rows: {sql}")
    return found


def _matters(table: str, sql: str) -> bool:
    """Customers beside quotes are read whole only while they are as few as here."""
    return table in GROWING and (table != "quotes_customer" or sql.startswith('SELECT "quotes_customer"'))


def _is_cut_short(node: dict[str, Any], above: dict[str, Any]) -> bool:
    """A limit that so many rows fulfil that it is soon reached: a bounded count of what there is plenty of."""
    return above.get("Node Type") == "Limit" and bool(above["Total Cost"] < node["Total Cost"] / 2)


@pytest.mark.postgres
def test_every_page_finds_its_rows_by_an_index(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "MOST", 60)
    owners = [owner() for _ in range(5)]
    make_many(ROWS, owners=owners)
    analyze()
    pages = (
        QUOTES, f"{QUOTES}?p=2", f"{QUOTES}?tour=client", f"{QUOTES}?tour=expire", f"{QUOTES}?tour=bientot",
        f"{QUOTES}?state__exact=refused", f"{QUOTES}?responsable={owners[0].pk}", f"{QUOTES}?o=-6",
        f"{QUOTES}?o=1", f"{QUOTES}?o=5", f"{QUOTES}?q=Client4242", f"{QUOTES}?q=D-90004242", "/admin/",
        f"{DEPOSITS}?situation=due", f"{DEPOSITS}?situation=refund_due", DEPOSITS, CUSTOMERS, MAILS,
        f"{CUSTOMERS}?q=client4242", f"{MAILS}?suite=non-partis",
    )  # fmt: skip
    for user in (manager(), owners[0]):
        browser = at_desk(user)
        browser.get("/admin/")
        for address in pages:
            if address.startswith(MAILS) and user == owners[0]:
                continue
            selects = [sql for sql in asked(browser, address) if sql.startswith("SELECT")]
            assert [plan for sql in selects for plan in wrong(sql)] == [], (user, address)
    assert Quote.objects.count() == ROWS
