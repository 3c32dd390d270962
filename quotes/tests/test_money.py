"""Totals against an oracle that counts in whole thousandths and knows nothing of Decimal's rounding."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from quotes import money

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
    unit_price=decimals(99_999, 2),
    discount=decimals(100, 2),
    vat_rate=st.sampled_from(money.VAT_RATES),
    counts=st.booleans(),
)


def cents(amount: Fraction) -> int:
    """Round half up, in whole cents."""
    return (amount * 200 + 1).__floor__() // 2


def oracle(quote: list[Line]) -> tuple[int, dict[Decimal, int], int]:
    """Total excl. tax, VAT per rate and total incl. tax, in cents."""
    bases: dict[Decimal, int] = {}
    for line in quote:
        if line.counts:
            price = (
                Fraction(line.quantity) * Fraction(line.unit_price) * (100 - Fraction(line.discount)) / 100
            )
            bases[line.vat_rate] = bases.get(line.vat_rate, 0) + cents(price)
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
