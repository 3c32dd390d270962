"""Totals against an oracle that counts in whole thousandths and knows nothing of Decimal's rounding."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from quotes import money
from quotes.tests.vectors import NAMES, VECTORS

pytestmark = pytest.mark.sqlite


@dataclass(frozen=True)
class Line:
    quantity: Decimal
    unit_price: Decimal
    discount: Decimal
    vat_rate: Decimal
    counts: bool

    @property
    def total(self) -> Decimal:
        return money.line_total(quantity=self.quantity, unit_price=self.unit_price, discount=self.discount)


def decimals(most: int, places: int) -> st.SearchStrategy[Decimal]:
    return st.integers(0, most * 10**places).map(lambda units: Decimal(units).scaleb(-places))


lines = st.builds(
    Line,
    quantity=decimals(9_999, 3),
    unit_price=decimals(99_999, 4),
    discount=decimals(100, 2),
    vat_rate=st.sampled_from(money.VAT_RATES),
    counts=st.booleans(),
)


def cents(amount: Fraction) -> int:
    """Round half up, in whole cents."""
    return (amount * 200 + 1).__floor__() // 2


def oracle_bases(quote: list[Line]) -> dict[Decimal, int]:
    """By rate, in cents, before any discount on the total."""
    bases: dict[Decimal, int] = {}
    for line in quote:
        if line.counts:
            price = (
                Fraction(line.quantity) * Fraction(line.unit_price) * (100 - Fraction(line.discount)) / 100
            )
            bases[line.vat_rate] = bases.get(line.vat_rate, 0) + cents(price)
    return bases


def oracle(quote: list[Line]) -> tuple[int, dict[Decimal, int], int]:
    """Total excl. tax, VAT per rate and total incl. tax, in cents."""
    bases = oracle_bases(quote)
    vat = {rate: cents(Fraction(base, 100) * Fraction(rate) / 100) for rate, base in bases.items()}
    return sum(bases.values()), vat, sum(bases.values()) + sum(vat.values())


@given(st.lists(lines, max_size=60))
@example([Line(Decimal("0.5"), Decimal("0.01"), Decimal(0), Decimal(20), True)])
def test_totals_equal_an_independent_count(quote: list[Line]) -> None:
    totals = money.totals(quote)
    excl_tax, vat, incl_tax = oracle(quote)
    assert int(totals.excl_tax * 100) == excl_tax
    assert {share.rate: int(share.amount * 100) for share in totals.vat} == vat
    assert int(totals.incl_tax * 100) == incl_tax


@settings(deadline=None, max_examples=20)
@given(lines, st.integers(2_000, 5_000))
def test_thousands_of_lines_add_up(line: Line, count: int) -> None:
    quote = [line] * count
    assert int(money.totals(quote).incl_tax * 100) == oracle(quote)[2]


def test_half_a_cent_is_rounded_up() -> None:
    assert money.to_cent(Decimal("0.005")) == Decimal("0.01")
    assert money.to_cent(Decimal("2.675")) == Decimal("2.68")


def test_a_deposit_in_percent_is_rounded_to_the_cent() -> None:
    assert money.percentage_of(Decimal("11126.53"), Decimal(30)) == Decimal("3337.96")


@given(decimals(999_999, 2), decimals(100, 2))
def test_a_deposit_never_exceeds_the_total(total: Decimal, percent: Decimal) -> None:
    assert money.ZERO <= money.percentage_of(total, percent) <= total


def test_options_stay_outside_every_total() -> None:
    option = Line(Decimal(1), Decimal(100), Decimal(0), Decimal(20), counts=False)
    assert money.totals([option]).incl_tax == 0


# A discount on the total


def discount_of(kind: str, value: Decimal) -> money.Discount | None:
    if kind == "none":
        return None
    return money.Discount(percent=value) if kind == "percent" else money.Discount(amount=value)


def spread_by_hand(off: int, bases: dict[Decimal, int]) -> dict[Decimal, int]:
    """In cents: to each the whole part of its quota, then the cents that are left one by one."""
    whole = sum(bases.values())
    quotas = {rate: Fraction(off * base, whole) for rate, base in bases.items()} if whole else {}
    parts = {rate: int(quota) for rate, quota in quotas.items()}
    for _ in range(off - sum(parts.values())):
        waiting = [rate for rate in parts if parts[rate] == int(quotas[rate])]
        parts[max(waiting, key=lambda rate: (quotas[rate] - parts[rate], rate))] += 1
    return parts


def line_of(quantity: str, price: str, discount: str, rate: str, counts: bool) -> Line:
    return Line(Decimal(quantity), Decimal(price), Decimal(discount), Decimal(rate), counts)


@pytest.mark.parametrize("vector", VECTORS, ids=NAMES)
def test_each_vector_comes_to_what_it_says(vector: dict[str, Any]) -> None:
    quote = [line_of(*line) for line in vector["lines"]]
    totals = money.totals(quote, discount=discount_of(vector["kind"], Decimal(vector["value"])))
    assert [int(amount * 100) for amount in (totals.gross, totals.discount, totals.excl_tax)] == [
        vector["gross"],
        vector["discount"],
        vector["excl"],
    ]
    assert [[share.rate, int(share.base * 100), int(share.amount * 100)] for share in totals.vat] == [
        [Decimal(rate), base, amount] for rate, base, amount in vector["vat"]
    ]
    assert int(totals.incl_tax * 100) == vector["incl"]
    bases = oracle_bases(quote)
    parts = spread_by_hand(vector["discount"], bases)
    assert [base for _, base, _ in vector["vat"]] == [
        bases[rate] - parts.get(rate, 0) for rate in sorted(bases, reverse=True)
    ]


@given(st.lists(lines, max_size=20), st.sampled_from(["percent", "amount"]), decimals(100, 2))
def test_a_discount_is_spread_to_the_cent(quote: list[Line], kind: str, value: Decimal) -> None:
    bases = oracle_bases(quote)
    gross = sum(bases.values())
    off = cents(Fraction(gross, 100) * Fraction(value) / 100) if kind == "percent" else int(value * 100)
    off = min(off, gross)
    totals = money.totals(quote, discount=discount_of(kind, value))
    parts = spread_by_hand(off, bases)
    assert {share.rate: int(share.base * 100) for share in totals.vat} == {
        rate: base - parts.get(rate, 0) for rate, base in bases.items()
    }
    assert int(totals.discount * 100) == off
    assert all(share.base >= 0 for share in totals.vat)
