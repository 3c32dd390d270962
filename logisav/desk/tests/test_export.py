"""« Exporter en CSV »: what the list shows, to whom may see it, and nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from logisav.desk.tests.desk import at_desk, manager, owner, text
from logisav.desk.tests.test_spreadsheet import FORMULAS, STARTS
from quotes import workflow
from quotes.models import Quote
from quotes.tests.factories import (
    SYSTEM,
    make_business,
    make_customer,
    make_quote,
    make_sent_quote,
    send_again,
)

pytestmark = pytest.mark.django_db
EXPORT = "/admin/quotes/quote/export.csv"


def exported(user: User, query: str = "") -> list[dict[str, str]]:
    """As a spreadsheet of somebody else's reads it."""
    response: Any = at_desk(user).get(f"{EXPORT}{query}")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    document = b"".join(response.streaming_content)
    assert document.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(document.decode("utf-8-sig"), newline=""), delimiter=";"))


def test_a_quote_is_a_line_with_its_sums_and_dates() -> None:
    quote = make_sent_quote(owner=owner(), tags="pac")
    (line,) = exported(quote.owner)
    assert line["Numéro"] == quote.number
    assert (line["Client"], line["Mail"]) == ("Mme Claire Morel", "claire.morel@exemple.fr")
    assert (line["Responsable"], line["État"], line["Étiquettes"]) == ("Julien Faure", "Envoyé", "pac")
    assert (line["Total HT"], line["TVA"], line["Total TTC"]) == ("8282,00", "657,35", "8939,35")
    assert line["Acompte TTC"] == "2681,81"
    assert line["Valable jusqu'au"] == f"{quote.valid_until:%d/%m/%Y}"
    assert line["Envoyé le"]
    assert line["Accepté le"] == ""


def test_what_the_customer_holds_is_told_unless_its_next_version_is_prepared() -> None:
    quote = make_sent_quote(owner=owner(), title="Première")
    quote.lines.filter(label="Main-d'œuvre").delete()
    assert [line["Total HT"] for line in exported(quote.owner)] == ["8282,00"]
    workflow.revise(quote.pk, actor=SYSTEM)
    assert [line["Total HT"] for line in exported(quote.owner)] == ["6890,00"]
    send_again(quote, title="Seconde")
    assert [(line["Total HT"], line["Objet"]) for line in exported(quote.owner)] == [("6890,00", "Seconde")]


def test_owners_export_their_quotes_and_managers_all() -> None:
    mine, other = make_quote(owner=owner()), make_quote()
    assert [line["Numéro"] for line in exported(mine.owner)] == [mine.number]
    assert {line["Numéro"] for line in exported(manager())} == {mine.number, other.number}
    assert {line["Numéro"] for line in exported(mine.owner, f"?responsable={other.owner_id}")} <= {
        mine.number
    }


def test_filters_search_and_order_are_those_of_the_list() -> None:
    user = owner()
    sent = make_sent_quote(owner=user, title="Toiture")
    draft = make_quote(owner=user, title="Chaudière", customer=make_business())
    assert [line["Numéro"] for line in exported(user, "?state__exact=draft")] == [draft.number]
    assert [line["Numéro"] for line in exported(user, "?q=toiture")] == [sent.number]
    assert [line["Client"] for line in exported(user, "?q=perrin")] == ["Boulangerie Perrin"]
    assert {line["Numéro"] for line in exported(user, "?o=1")} == {sent.number, draft.number}
    page = text(at_desk(user).get("/admin/quotes/quote/?q=toiture"))
    assert f"{EXPORT}?q=toiture" in page
    assert at_desk(user).get(f"{EXPORT}?rien__exact=1").status_code == 400


def test_nothing_that_a_customer_or_a_colleague_wrote_is_run() -> None:
    user = owner(first_name="=1", last_name="+1")
    for formula in FORMULAS:
        name = formula[:100].strip() or "-"
        make_quote(
            owner=user,
            title=formula,
            tags=formula,
            customer=make_customer(civility="", first_name="", last_name=name),
        )
    lines = exported(user)
    assert len(lines) == len(FORMULAS)
    for line in lines:
        for title, cell in line.items():
            assert not cell.lstrip().startswith(STARTS), (title, cell)
    assert {line["Objet"] for line in lines} == {f"'{formula}" for formula in FORMULAS}


def test_a_long_list_takes_no_query_a_row() -> None:
    user = owner()
    for _ in range(2):
        make_sent_quote(owner=user)
    with CaptureQueriesContext(connection) as few:
        exported(user)
    for _ in range(6):
        make_sent_quote(owner=user)
    make_quote(owner=user)
    with CaptureQueriesContext(connection) as many:
        assert len(exported(user)) == 9
    assert len(many) <= len(few) + 1, "\n".join(query["sql"] for query in many)


def test_who_may_not_see_the_list_gets_no_file() -> None:
    make_quote()
    assert "/admin/login/" in Client().get(EXPORT).headers["Location"]
    assert at_desk(User.objects.create_user("sans-droit", is_staff=True)).get(EXPORT).status_code == 403
    assert Quote.objects.count() == 1
