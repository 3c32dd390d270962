"""What a version rests on beside what it shows: the facts that the modules of law and money were asked with.

Frozen with the version, so that another choice of options is computed from it as any version is, whatever the
company's settings and the working copy have become.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, is_dataclass
from decimal import Decimal
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from quotes.law import mentions

AID_WORDS = {"cee": "Prime CEE", "mpr": "MaPrimeRénov'", "other": "Aide"}


@dataclass(frozen=True)
class AidFacts:
    """An aid after the total, in euros; one that is deducted lessens what is left to pay and no VAT."""

    kind: str
    payer: str
    amount: Decimal
    conditional: bool
    deducted: bool

    @property
    def words(self) -> str:
        named = AID_WORDS[self.kind]
        return f"{named}, {self.payer}{', sous réserve' if self.conditional else ''}"


@dataclass(frozen=True)
class GivenAid(AidFacts):
    """An aid of the quote, whether it stands with this choice of options or not; `lines` as of `Aid`."""

    lines: tuple[str, ...]


@dataclass(frozen=True)
class Grounds:
    """`law` as it was asked on the day of freezing; `rge_proof` is the company's, whether it travels or not."""

    law: mentions.Facts
    vat_regime: str
    territory: str
    vat_reason: str
    vat_detail: str
    withdrawal_reason: str
    giving_back: str
    rge_proof: str
    aids: tuple[GivenAid, ...]


def read(kind: Any, value: Any) -> Any:
    """A value of this type from its JSON, all the way down."""
    if get_origin(kind) is UnionType:
        (kind,) = (one for one in get_args(kind) if one is not NoneType)
        return None if value is None else read(kind, value)
    if get_origin(kind) is tuple:
        return tuple(read(get_args(kind)[0], one) for one in value)
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return kind(**{name: read(hints[name], one) for name, one in value.items()})  # type: ignore[operator]
    if kind is dt.date:
        return dt.date.fromisoformat(value)
    return Decimal(value) if kind is Decimal else value
