"""Every euro of a quote is computed here, once: pure Decimal, no database, no formatting.

Amounts are in EUR with two decimals, rounded half up. A line is rounded to the cent, VAT is computed
per rate on the sum of that rate's lines (art. 242 nonies A, annexe II CGI), the total is the sum of these. A discount
on the total is taken off before VAT; aids after it, from what the customer pays, and no VAT changes with them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Protocol

CENT = Decimal("0.01")
ZERO = Decimal("0.00")
HUNDRED = Decimal(100)
# The most a line, a total or a deposit may come to: a form says so, and every column, page and bank takes it.
MOST = Decimal("999999999.99")
# What a column of 14 digits holds, of what an older form let through.
MOST_STORED = Decimal("999999999999.99")
# All that a column takes; which of them a company may choose says quotes/law/vat.py.
VAT_RATES = tuple(Decimal(rate) for rate in ("20", "13", "10", "8.5", "5.5", "2.1", "0.9", "0"))


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
class Discount:
    """What is taken off the total excl. tax: `percent` of it, or an `amount` in euros; the other is None."""

    percent: Decimal | None = None
    amount: Decimal | None = None

    def of(self, gross: Decimal) -> Decimal:
        """In euros, to the cent; never more than there is."""
        if self.percent is not None:
            return min(percentage_of(gross, self.percent), gross)
        return min(self.amount or ZERO, gross)


@dataclass(frozen=True)
class Totals:
    """The sums of a quote in euros; `vat` from the highest rate down, on bases from which `discount` is taken off."""

    excl_tax: Decimal
    vat: tuple[VatShare, ...]
    discount: Decimal = ZERO

    @property
    def gross(self) -> Decimal:
        """The sum of the lines, before the discount on the total."""
        return self.excl_tax + self.discount

    @property
    def vat_total(self) -> Decimal:
        return sum((share.amount for share in self.vat), ZERO)

    @property
    def incl_tax(self) -> Decimal:
        return self.excl_tax + self.vat_total


def totals(lines: Iterable[Priced], *, discount: Discount | None = None) -> Totals:
    """Sum the lines that count: options, sections and free texts stay outside every total."""
    bases: dict[Decimal, Decimal] = {}
    for line in lines:
        if line.counts:
            rate = line.vat_rate.normalize()
            bases[rate] = bases.get(rate, ZERO) + line.total
    taken = discount.of(sum(bases.values(), ZERO)) if discount else ZERO
    for rate, part in spread(taken, bases).items():
        bases[rate] -= part
    shares = tuple(
        VatShare(rate=rate, base=bases[rate], amount=to_cent(bases[rate] * rate / HUNDRED))
        for rate in sorted(bases, reverse=True)
    )
    return Totals(excl_tax=sum(bases.values(), ZERO), vat=shares, discount=taken)


def spread(amount: Decimal, bases: Mapping[Decimal, Decimal]) -> dict[Decimal, Decimal]:
    """An amount over the bases of the rates, in proportion to them, to the cent and without a cent lost.

    By largest remainder; of equal remainders the one of the higher rate goes first.
    """
    cents = {rate: int(base / CENT) for rate, base in bases.items()}
    whole, to_give = sum(cents.values()), int(amount / CENT)
    if not whole:
        return {}
    parts = {rate: divmod(to_give * share, whole) for rate, share in cents.items()}
    left = to_give - sum(part for part, _ in parts.values())
    first = sorted(parts, key=lambda rate: (parts[rate][1], rate), reverse=True)[:left]
    return {rate: (part + (rate in first)) * CENT for rate, (part, _) in parts.items()}


def percentage_of(amount: Decimal, percent: Decimal) -> Decimal:
    """A share of an amount in euros, to the cent: the deposit of a percentage."""
    return to_cent(amount * percent / HUNDRED)
