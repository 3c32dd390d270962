"""The accountant's list: what is due, announced, received and to be given back, each with its reference."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import Any

import pytest

from logisav.desk.tests.desk import accountant, at_desk, owner, text
from logisav.staff.models import StaffAction
from payments import workflow
from payments.models import Deposit
from payments.tests.factories import make_accepted_quote
from payments.tests.test_transfer import confirm
from quotes.models import Quote
from quotes.tests.factories import SYSTEM

pytestmark = pytest.mark.django_db
LIST = "/admin/payments/deposit/"


def opened(quote: Quote) -> Deposit:
    deposit = workflow.ensure_deposit(quote.pk)
    assert deposit is not None
    return deposit


@pytest.fixture
def deposits() -> dict[str, Deposit]:

    made = {name: opened(make_accepted_quote()) for name in ("due", "announced", "received")}
    workflow.announce_transfer(made["announced"].quote_id, actor=SYSTEM)
    confirm(made["received"].quote, str(made["received"].amount))
    return {name: Deposit.objects.get(pk=deposit.pk) for name, deposit in made.items()}


def test_tabs_part_them_and_each_bears_its_reference(deposits: dict[str, Deposit]) -> None:
    desk = at_desk(accountant())
    page: Any = desk.get(LIST)
    for deposit in deposits.values():
        assert deposit.reference_grouped in text(page)
    assert {tab.words: tab.shown for tab in page.context["tabs"]} == {
        "Tous": "3",
        "À recevoir": "2",
        "Virements annoncés": "1",
        "Reçus": "1",
        "À rendre": "0",
    }
    for tab in page.context["tabs"]:
        assert str(len(desk.get(tab.address).context["cl"].result_list)) == tab.shown


def rows(response: Any) -> list[dict[str, str]]:
    document = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(document, newline=""), delimiter=";"))


def test_the_list_goes_out_as_it_is_filtered(deposits: dict[str, Deposit]) -> None:
    desk = at_desk(accountant())
    assert "Exporter en CSV" in text(desk.get(LIST))
    announced = deposits["announced"]
    (row,) = rows(desk.get(f"{LIST}export.csv?situation=announced"))
    assert (row["Référence"], row["Devis"], row["Situation"]) == (
        announced.reference,
        announced.quote.number,
        "Virement annoncé",
    )
    assert Decimal(row["Demandé"].replace(",", ".")) == announced.amount
    assert row["Virement annoncé le"]
    (row,) = rows(desk.get(f"{LIST}export.csv?situation=came"))
    assert (row["Reçu"], row["Reste à recevoir"], row["À rendre"]) == (row["Demandé"], "0,00", "0,00")
    assert StaffAction.objects.filter(what="exported").count() == 2


def test_a_colleague_sees_and_exports_none_of_them(deposits: dict[str, Deposit]) -> None:
    desk = at_desk(owner())
    page: Any = desk.get(LIST)
    assert {tab.shown for tab in page.context["tabs"]} == {"0"}
    assert rows(desk.get(f"{LIST}export.csv")) == []
