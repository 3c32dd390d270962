"""What the editor shows while typing is what the server computes, to the cent, however it was typed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast

import pytest
from django.core.exceptions import ValidationError
from django.db.models import DecimalField, Field, Model
from hypothesis import example, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Page

from logisav.tests.figures import sample
from quotes import french, money
from quotes.admin.forms import DECIMALS
from quotes.models import Quote, QuoteLine

pytestmark = [pytest.mark.browser, pytest.mark.sqlite]
RATES = [str(rate) for rate in money.VAT_RATES]
SPACES = ("", " ", "\u00a0", "\u202f", "\t", "\u2009")
# Halves of a cent, of a line, of VAT and of a deposit; then what only looks like a number.
HARD = ("0,5", "0,01", "0.005", "1,005", "33,335", "0,125", "2,5", "12,5", "99,99", "0,1", "0,10", "5,5")
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
    unit_price=numbers(digits=7, places=2),
    discount=st.one_of(st.just("0"), st.just(""), numbers(digits=2, places=2)),
    rate=st.sampled_from(RATES),
)
DEPOSITS = st.tuples(st.sampled_from(("percent", "amount")), numbers(digits=2, places=2))


def by_the_server(lines: list[Typed], kind: str, value: str) -> dict[str, Any]:
    totals = [line.total for line in lines]
    sums = money.totals(
        Counted(counts=True, total=total, vat_rate=Decimal(line.rate))
        for line, total in zip(lines, totals, strict=True)
        if total is not None
    )
    return {
        "lines": [None if total is None else french.money(total) for total in totals],
        "excl": french.money(sums.excl_tax),
        "vat": [[french.percent(v.rate), french.money(v.base), french.money(v.amount)] for v in sums.vat],
        "incl": french.money(sums.incl_tax),
        "deposit": deposit_of(sums.incl_tax, kind, value),
    }


def deposit_of(total: Decimal, kind: str, value: str) -> str | None:
    amount = read_deposit(value)
    if amount is None or amount <= 0 or (kind == "percent" and amount > 100):
        return None
    return french.money(money.percentage_of(total, amount) if kind == "percent" else amount)


BY_THE_BROWSER = """({lines, kind, value}) => {
  const cents = lines.map(line => Money.lineTotal(line));
  const counted = lines.map((line, i) => ({cents: cents[i], rate: line.rate})).filter(l => l.cents !== null);
  const sums = Money.totals(counted);
  const deposit = Money.deposit(kind, value, sums.inclTax);
  return {
    lines: cents.map(c => c === null ? null : Money.euros(c)),
    excl: Money.euros(sums.exclTax),
    vat: sums.vat.map(v => [Money.rate(v.rate), Money.euros(v.base), Money.euros(v.amount)]),
    incl: Money.euros(sums.inclTax),
    deposit: deposit === null ? null : Money.euros(deposit),
  };
}"""


def test_browser_and_server_count_alike_over_many_quotes(desk: Page) -> None:
    desk.goto("/admin/quotes/quote/add/")

    @settings(max_examples=sample(300, 3000), deadline=None, derandomize=True, database=None)
    @given(st.lists(LINES, max_size=12), DEPOSITS)
    @example([Typed("1", "1,19", "0", "2.1")], ("percent", "30"))  # VAT of 0,02499: a hair below the half
    @example([Typed("1", "5", "0", "2.1")], ("percent", "30"))  # 0,105: the half itself
    @example([Typed("1", "1", "0", "5.5")], ("percent", "30"))  # 0,055
    def alike(lines: list[Typed], deposit: tuple[str, str]) -> None:
        kind, value = deposit
        as_typed = [line.as_typed for line in lines]
        shown = desk.evaluate(BY_THE_BROWSER, {"kind": kind, "value": value, "lines": as_typed})
        assert shown == by_the_server(lines, kind, value)

    alike()
