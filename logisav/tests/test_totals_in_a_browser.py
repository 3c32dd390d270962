"""What the editor shows while typing is what the server computes, to the cent, however it was typed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast

import pytest
from django.core.exceptions import ValidationError
from django.db.models import DecimalField, Field, Model
from hypothesis import example, given, seed, settings
from hypothesis import strategies as st
from playwright.sync_api import Page

from lib import french
from logisav.desk.forms import DECIMALS
from logisav.tests.figures import FULL, SEED, Figure, sample
from quotes import money
from quotes.models import Quote, QuoteLine
from quotes.tests.vectors import VECTORS

pytestmark = [pytest.mark.browser, pytest.mark.sqlite]
RATES = [str(rate) for rate in money.VAT_RATES]
SPACES = ("", " ", "\u00a0", "\u202f", "\t", "\u2009")
# Halves of a cent, of a line, of VAT and of a deposit; then what only looks like a number.
HARD = (
    "0,5",
    "0,0385",
    "0,01",
    "0.005",
    "1,005",
    "33,335",
    "0,125",
    "2,5",
    "12,5",
    "99,99",
    "0,1",
    "0,10",
    "5,5",
)
ODD = ("", " ", ",", "1,", ",5", "+1", "-1", "-0", "--1", "1e3", "1_000", "1,2,3", "1.234,5", "NaN", "Infinity",
       "0x1F", "١٢", "１", "½", "0,0001", "0,00", "100", "100,00", "100,01", "9999999999", "99999999999", "000012",
       "999999999,999", "1\ufeff", "12 345 678,90", "abc", "1 €")  # fmt: skip


def reader(model: type[Model], name: str) -> Callable[[str], Decimal | None]:
    """As the server reads it: the form's field, then the model's own bounds; None for what they refuse."""
    column = cast("Field[Any, Any]", model._meta.get_field(name))
    field = column.formfield(**DECIMALS[DecimalField])

    def read(typed: str) -> Decimal | None:
        try:
            value: Decimal = field.clean(typed)  # type: ignore[union-attr]
            column.run_validators(value)
        except ValidationError:
            return None
        return value

    return read


read_quantity, read_price, read_discount = (
    reader(QuoteLine, name) for name in ("quantity", "unit_price", "discount")
)
read_deposit = reader(Quote, "deposit_value")
read_off = reader(Quote, "discount_value")


@dataclass(frozen=True)
class Typed:
    quantity: str
    unit_price: str
    discount: str
    rate: str

    @property
    def as_typed(self) -> dict[str, str]:
        price = {"quantity": self.quantity, "unitPrice": self.unit_price}
        return price | {"discount": self.discount, "rate": self.rate}

    @property
    def total(self) -> Decimal | None:
        """By the server; None when it refuses the line."""
        quantity, price = read_quantity(self.quantity), read_price(self.unit_price)
        discount = read_discount(self.discount) if self.discount.strip() else Decimal(0)
        if quantity is None or price is None or discount is None:
            return None
        return money.line_total(quantity=quantity, unit_price=price, discount=discount)


@dataclass(frozen=True)
class Counted:
    counts: bool
    total: Decimal
    vat_rate: Decimal


def written(whole: str, fraction: str, gap: str, sign: str) -> str:
    """A number as somebody might type it."""
    return f"{int(whole):,}".replace(",", gap) + (f"{sign}{fraction}" if fraction else "")


def numbers(*, digits: int, places: int) -> st.SearchStrategy[str]:
    return st.one_of(
        st.sampled_from(HARD),
        st.sampled_from(HARD + ODD),
        st.builds(
            written,
            st.text("0123456789", min_size=1, max_size=digits),
            st.text("0155559", max_size=places),
            st.sampled_from(SPACES),
            st.sampled_from(",."),
        ),
    )


LINES = st.builds(
    Typed,
    quantity=numbers(digits=5, places=3),
    unit_price=numbers(digits=7, places=4),
    discount=st.one_of(st.just("0"), st.just(""), numbers(digits=2, places=2)),
    rate=st.sampled_from(RATES),
)
DISCOUNTS = st.tuples(st.sampled_from(("none", "percent", "amount")), numbers(digits=3, places=2))
DEPOSITS = st.tuples(st.sampled_from(("percent", "amount")), numbers(digits=2, places=2))


def by_the_server(lines: list[Typed], off: tuple[str, str], kind: str, value: str) -> dict[str, Any]:
    totals = [line.total for line in lines]
    counted = [
        Counted(counts=True, total=total, vat_rate=Decimal(line.rate))
        for line, total in zip(lines, totals, strict=True)
        if total is not None
    ]
    gross = money.totals(counted).excl_tax
    discount = discount_of(off, gross)
    sums = money.totals(counted, discount=discount)
    return {
        "discount": None if off[0] != "none" and discount is None else french.money(sums.discount),
        "lines": [None if total is None else french.money(total) for total in totals],
        "excl": french.money(sums.excl_tax),
        "vat": [[french.percent(v.rate), french.money(v.base), french.money(v.amount)] for v in sums.vat],
        "incl": french.money(sums.incl_tax),
        "deposit": deposit_of(sums.incl_tax, kind, value),
    }


def discount_of(off: tuple[str, str], gross: Decimal) -> money.Discount | None:
    """As the form reads it; None for none, and for what it refuses."""
    kind, typed = off
    value = read_off(typed)
    if kind == "none" or value is None or value > (100 if kind == "percent" else gross):
        return None
    return money.Discount(percent=value) if kind == "percent" else money.Discount(amount=value)


def deposit_of(total: Decimal, kind: str, value: str) -> str | None:
    amount = read_deposit(value)
    if amount is None or amount <= 0 or (kind == "percent" and amount > 100):
        return None
    return french.money(money.percentage_of(total, amount) if kind == "percent" else amount)


BY_THE_BROWSER = """({lines, off, kind, value}) => {
  const cents = lines.map(line => Money.lineTotal(line));
  const counted = lines.map((line, i) => ({cents: cents[i], rate: line.rate})).filter(l => l.cents !== null);
  const sums = Money.totals(counted, {kind: off[0], value: off[1]});
  const deposit = Money.deposit(kind, value, sums.inclTax);
  return {
    discount: sums.discount === null ? null : Money.euros(sums.discount),
    lines: cents.map(c => c === null ? null : Money.euros(c)),
    excl: Money.euros(sums.exclTax),
    vat: sums.vat.map(v => [Money.rate(v.rate), Money.euros(v.base), Money.euros(v.amount)]),
    incl: Money.euros(sums.inclTax),
    deposit: deposit === null ? null : Money.euros(deposit),
  };
}"""


def test_browser_and_server_count_alike_over_many_quotes(desk: Page, figure: Figure) -> None:
    desk.goto("/admin/quotes/quote/add/")
    tried = 0

    @seed(SEED)
    @settings(max_examples=sample(300, 3000), deadline=None, derandomize=not FULL, database=None)
    @given(st.lists(LINES, max_size=12), DISCOUNTS, DEPOSITS)
    @example(
        [Typed("1", "1,19", "0", "2.1")], ("none", ""), ("percent", "30")
    )  # VAT of 0,02499: a hair below the half
    @example([Typed("1", "5", "0", "2.1")], ("none", ""), ("percent", "30"))  # 0,105: the half itself
    @example([Typed("1", "1", "0", "5.5")], ("none", ""), ("percent", "30"))  # 0,055
    def alike(lines: list[Typed], off: tuple[str, str], deposit: tuple[str, str]) -> None:
        nonlocal tried
        kind, value = deposit
        as_typed = [line.as_typed for line in lines]
        typed = {"kind": kind, "value": value, "lines": as_typed, "off": off}
        assert desk.evaluate(BY_THE_BROWSER, typed) == by_the_server(lines, off, kind, value)
        tried += 1

    alike()
    figure("totals", f"{tried} quotes counted by the browser and by the server: to the cent the same")


def test_the_browser_spreads_each_discount_as_the_vectors_say(desk: Page) -> None:
    """One file feeds this, quotes/money.py and a count of its own (quotes/tests/test_money.py)."""
    desk.goto("/admin/quotes/quote/add/")
    for vector in VECTORS:
        lines = [
            {"quantity": quantity, "unitPrice": price, "discount": discount, "rate": rate}
            for quantity, price, discount, rate, counts in vector["lines"]
            if counts
        ]
        off = [vector["kind"], vector["value"]]
        shown = desk.evaluate(BY_THE_BROWSER, {"lines": lines, "off": off, "kind": "none", "value": ""})
        euros = {key: french.money(Decimal(vector[key]) / 100) for key in ("discount", "excl", "incl")}
        vat = [
            [french.percent(rate), *(french.money(Decimal(sum_) / 100) for sum_ in sums)]
            for rate, *sums in vector["vat"]
        ]
        assert {key: shown[key] for key in euros} == euros, vector["name"]
        assert shown["vat"] == vat, vector["name"]
