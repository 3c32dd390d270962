"""Every euro of a quote is computed here, once: pure Decimal, no database, no formatting.

Amounts are in EUR with two decimals, rounded half up. A line is rounded to the cent, VAT is computed
per rate on the sum of that rate's lines (art. 242 nonies A, annexe II CGI), the total is the sum of these.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Protocol

CENT = Decimal("0.01")
ZERO = Decimal("0.00")
HUNDRED = Decimal(100)
VAT_RATES = tuple(Decimal(rate) for rate in ("20", "10", "5.5", "2.1", "0"))


def to_cent(amount: Decimal) -> Decimal:
    """Round an amount in euros to the cent, half up."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def line_total(*, quantity: Decimal, unit_price: Decimal, discount: Decimal) -> Decimal:
    """Total of one line in euros excl. tax; `discount` in percent, 0 to 100."""
    return to_cent(quantity * unit_price * (HUNDRED - discount) / HUNDRED)


class Priced(Protocol):
    """What a line must tell to be counted; read-only."""

    @property
    def counts(self) -> bool: ...

    @property
    def total(self) -> Decimal: ...

    @property
    def vat_rate(self) -> Decimal: ...


@dataclass(frozen=True)
class VatShare:
    """One row of the VAT recapitulation: rate in percent, base and amount in euros."""

    rate: Decimal
    base: Decimal
    amount: Decimal


@dataclass(frozen=True)
class Totals:
    """The sums of a quote in euros; `vat` from the highest rate down."""

    excl_tax: Decimal
    vat: tuple[VatShare, ...]

    @property
    def vat_total(self) -> Decimal:
        return sum((share.amount for share in self.vat), ZERO)

    @property
    def incl_tax(self) -> Decimal:
        return self.excl_tax + self.vat_total


def totals(lines: Iterable[Priced]) -> Totals:
    """Sum the lines that count: options, sections and free texts stay outside every total."""
    bases: dict[Decimal, Decimal] = {}
    for line in lines:
        if line.counts:
            rate = line.vat_rate.normalize()
            bases[rate] = bases.get(rate, ZERO) + line.total
    shares = tuple(
        VatShare(rate=rate, base=bases[rate], amount=to_cent(bases[rate] * rate / HUNDRED))
        for rate in sorted(bases, reverse=True)
    )
    return Totals(excl_tax=sum(bases.values(), ZERO), vat=shares)


def percentage_of(amount: Decimal, percent: Decimal) -> Decimal:
    """A share of an amount in euros, to the cent: the deposit of a percentage."""
    return to_cent(amount * percent / HUNDRED)
