"""What a version says: the frozen text of a quote, read from and written to canonical JSON (`schema: 1`).

Everything that the customer sees stands in here, and pages, mails and PDFs of a sent quote read nothing else:
what is displayed, what is hashed and what is signed are one.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict, dataclass, fields
from decimal import Decimal
from typing import Any, TypeVar

from quotes import french
from quotes.money import ZERO, Totals, VatShare

SCHEMA = 1
Json = dict[str, Any]
T = TypeVar("T")


def canonical(document: Any) -> str:
    """Canonical JSON: sorted keys, no spaces, UTF-8 text as it is. Numbers are whole; amounts are strings."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


@dataclass(frozen=True)
class Logo:
    sha256: str
    type: str


@dataclass(frozen=True)
class CompanyFacts:
    """The seller as it stood when the version was frozen."""

    name: str
    legal_name: str
    legal_form: str
    capital: str
    siret: str
    vat_number: str
    registration: str
    address: str
    phone: str
    email: str
    website: str
    tagline: str
    hours: str
    colour: str
    insurer: str
    mediator: str
    logo: Logo | None = None
    travel_costs: str = ""
    quote_cost: str = ""

    @property
    def legal_line(self) -> str:
        """Who sells, as the law wants it at the foot of a quote, a page and a mail (art. R123-237 C. com.)."""
        form = f"{self.legal_form} au capital de {self.capital}" if self.capital else self.legal_form
        siret = french.NBSP.join((self.siret[:3], self.siret[3:6], self.siret[6:9], self.siret[9:]))
        vat = f"TVA {self.vat_number}" if self.vat_number else "TVA non applicable, art. 293 B du CGI"
        identity = ", ".join(filter(None, [self.legal_name, form, ", ".join(self.address.splitlines())]))
        numbers = ", ".join(filter(None, [f"SIRET{french.NBSP}{siret}", self.registration, vat]))
        return f"{identity}. {numbers}."


@dataclass(frozen=True)
class CustomerFacts:
    kind: str
    name: str
    greeting: str
    contact: str
    siren: str
    address: str

    @property
    def is_business(self) -> bool:
        return self.kind == "business"


@dataclass(frozen=True)
class OwnerFacts:
    name: str
    email: str
    phone: str


@dataclass(frozen=True)
class LineFacts:
    """A line of the quote; amounts in euros excl. tax, `discount` and `vat_rate` in percent."""

    kind: str
    label: str
    description: str = ""
    quantity: Decimal = ZERO
    unit: str = ""
    unit_price: Decimal = ZERO
    discount: Decimal = ZERO
    vat_rate: Decimal = ZERO
    option: bool = False
    total: Decimal = ZERO

    @property
    def counts(self) -> bool:
        return self.kind == "item" and not self.option


@dataclass(frozen=True)
class Section:
    """A heading and its lines; the first section may have no heading."""

    label: str
    description: str
    lines: tuple[LineFacts, ...]


@dataclass(frozen=True)
class DepositFacts:
    """`kind` percent or amount; `value` is what was agreed, `amount` and `balance` in euros incl. tax."""

    kind: str
    value: Decimal
    amount: Decimal
    balance: Decimal


@dataclass(frozen=True)
class Terms:
    """The general terms: `kind` text (then `text`) or pdf (then `sha256` and `pages`)."""

    kind: str
    text: str = ""
    sha256: str = ""
    pages: int = 0


@dataclass(frozen=True)
class Notice:
    id: str
    title: str
    text: str


@dataclass(frozen=True)
class Consent:
    """Words that the signatory ticks, never ticked beforehand."""

    id: str
    words: str
    required: bool
    when: str = "signature"


@dataclass(frozen=True)
class WithdrawalFacts:
    """The consumer's right to withdraw: `days` days, or 0 with the `exception` of art. L221-28 and its `reason`."""

    days: int
    exception: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Content:
    number: str
    version: int
    title: str
    issued_on: dt.date
    valid_until: dt.date
    contract: str
    company: CompanyFacts
    customer: CustomerFacts
    owner: OwnerFacts
    worksite: str
    start: str
    duration: str
    intro: str
    outro: str
    conditions: str
    lines: tuple[LineFacts, ...]
    totals: Totals
    deposit: DepositFacts | None
    terms: Terms | None
    notices: tuple[Notice, ...]
    consents: tuple[Consent, ...]
    withdrawal: WithdrawalFacts | None = None
    payment_methods: tuple[str, ...] | None = None

    @property
    def total(self) -> Decimal:
        """What the customer pays in all, in euros incl. tax."""
        return self.totals.incl_tax

    @property
    def contract_words(self) -> str:
        return CONTRACT_WORDS[self.contract]

    @property
    def sections(self) -> tuple[Section, ...]:
        """The lines that are sold, under their headings; a heading without a line is kept."""
        groups: list[tuple[LineFacts | None, list[LineFacts]]] = [(None, [])]
        for line in self.lines:
            if line.kind == "section":
                groups.append((line, []))
            elif not line.option:
                groups[-1][1].append(line)
        return tuple(
            Section(head.label if head else "", head.description if head else "", tuple(lines))
            for head, lines in groups
            if head or lines
        )

    @property
    def options(self) -> tuple[LineFacts, ...]:
        return tuple(line for line in self.lines if line.option)

    def to_json(self) -> str:
        """The canonical JSON that is hashed and kept."""
        return canonical({"schema": SCHEMA, **_plain(asdict(self))})

    @classmethod
    def from_json(cls, text: str) -> Content:
        """Read a frozen version back; a schema that this software does not know is refused."""
        document = json.loads(text)
        if document.pop("schema") != SCHEMA:
            raise ValueError("unknown schema of a version")
        return cls(**(document | _parts(document)))


CONTRACT_WORDS = {
    "distance": "Conclu à distance",
    "off_premises": "Conclu hors établissement",
    "on_premises": "Conclu en établissement",
}


def _plain(value: Any) -> Any:
    """Dates and amounts as strings, all the way down."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, dt.date) else value


def _facts(kind: type[T], document: Json) -> T:
    """One dataclass from its JSON; the fields typed Decimal are read as such."""
    decimals = {field.name for field in fields(kind) if field.type == "Decimal"}  # type: ignore[arg-type]
    return kind(**{key: Decimal(item) if key in decimals else item for key, item in document.items()})


def _parts(document: Json) -> Json:
    company = document["company"]
    logo = company.pop("logo")
    totals, deposit, terms = document["totals"], document["deposit"], document["terms"]
    withdrawal, methods = document.get("withdrawal"), document.get("payment_methods")
    return {
        "issued_on": dt.date.fromisoformat(document["issued_on"]),
        "valid_until": dt.date.fromisoformat(document["valid_until"]),
        "company": CompanyFacts(**company, logo=Logo(**logo) if logo else None),
        "customer": CustomerFacts(**document["customer"]),
        "owner": OwnerFacts(**document["owner"]),
        "lines": tuple(_facts(LineFacts, line) for line in document["lines"]),
        "totals": Totals(
            excl_tax=Decimal(totals["excl_tax"]),
            vat=tuple(_facts(VatShare, share) for share in totals["vat"]),
        ),
        "deposit": _facts(DepositFacts, deposit) if deposit else None,
        "terms": Terms(**terms) if terms else None,
        "notices": tuple(Notice(**notice) for notice in document["notices"]),
        "withdrawal": WithdrawalFacts(**withdrawal) if withdrawal else None,
        "payment_methods": None if methods is None else tuple(methods),
        "consents": tuple(Consent(**consent) for consent in document["consents"]),
    }
