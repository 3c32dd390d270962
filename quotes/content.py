"""What a version says: the frozen text of a quote, read from and written to canonical JSON (`SCHEMA`).

Everything that the customer sees stands in here, and pages, mails and PDFs of a sent quote read nothing else:
what is displayed, what is hashed and what is signed are one. Stored text is never written anew: a schema that has been
frozen once is read for ever (`LATER`).
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, fields, replace
from decimal import Decimal
from typing import Any, TypeVar

from django.utils import timezone

from lib import french
from quotes import grounds, money
from quotes.grounds import AidFacts, Grounds
from quotes.law import contract
from quotes.law.contract import Exempt, Facts, Kind, Nature, Notice, Place
from quotes.money import ZERO, Totals, VatShare

SCHEMA = 5
MOST_MAILED = 5 * 1024 * 1024
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
    vat_notice: str = ""  # why it charges no VAT, in words; empty for who does

    @property
    def legal_line(self) -> str:
        """Who sells, as the law wants it at the foot of a quote, a page and a mail (art. R123-237 C. com.)."""
        form = f"{self.legal_form} au capital de {self.capital}" if self.capital else self.legal_form
        siret = french.NBSP.join((self.siret[:3], self.siret[3:6], self.siret[6:9], self.siret[9:]))
        vat = f"TVA {self.vat_number}" if self.vat_number else ""
        identity = ", ".join(filter(None, [self.legal_name, form, ", ".join(self.address.splitlines())]))
        numbers = ", ".join(
            filter(None, [f"SIRET{french.NBSP}{siret}", self.registration, vat, self.vat_notice])
        )
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
    """A line of the quote; amounts in euros excl. tax, `discount` and `vat_rate` in percent.

    `identity` is the same in every version of the quote; empty in schema 1, which had none.
    """

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
    identity: str = ""
    chosen: bool = False
    choice_group: str = ""
    choice_kind: str = ""

    @property
    def counts(self) -> bool:
        return self.kind == "item" and not self.is_aside

    @property
    def is_aside(self) -> bool:
        """An option that is not chosen: outside every total."""
        return self.option and not self.chosen

    @property
    def incl_tax(self) -> Decimal:
        """In euros incl. tax, as its customer weighs it; VAT itself is computed on the sum of each rate."""
        return money.to_cent(self.total * (1 + self.vat_rate / 100))


@dataclass(frozen=True)
class ChoiceGroup:
    """Options among which one chooses; without a name it is one option by itself."""

    name: str
    must_choose: bool
    lines: tuple[LineFacts, ...]

    @property
    def chosen(self) -> tuple[LineFacts, ...]:
        return tuple(line for line in self.lines if line.chosen)

    @property
    def is_sound(self) -> bool:
        """One that counts where there must be one, and never two of a group."""
        return not self.name or (len(self.chosen) == 1 if self.must_choose else len(self.chosen) <= 1)


@dataclass(frozen=True)
class Section:
    """A heading and its lines; the first section may have no heading."""

    label: str
    description: str
    lines: tuple[LineFacts, ...]

    @property
    def subtotal(self) -> Decimal | None:
        """Of what is sold under this heading, in euros excl. tax; None where nothing is."""
        sold = [line.total for line in self.lines if line.counts]
        return sum(sold, ZERO) if self.label and sold else None


@dataclass(frozen=True)
class DepositFacts:
    """`kind` percent or amount; `value` is what was agreed, `amount` and `balance` in euros incl. tax."""

    kind: str
    value: Decimal
    amount: Decimal
    balance: Decimal


@dataclass(frozen=True)
class DiscountFacts:
    """The discount on the total: `kind` percent or amount, `value` as agreed; in euros it stands in the totals."""

    kind: str
    value: Decimal


@dataclass(frozen=True)
class ZeroRateFacts:
    """What stands in the totals instead of « TVA 0 % », and the mention that goes with it."""

    line: str
    words: str


@dataclass(frozen=True)
class Contribution:
    """« Cadre de contribution »: a PDF of whoever pays the CEE, handed over before the quote is signed."""

    sha256: str
    dated: dt.date

    @property
    def path(self) -> str:
        return f"contributions/{self.sha256}.pdf"


@dataclass(frozen=True)
class PhotoFacts:
    """A photo in its two sizes, in pixels; `line` is the identity of the line that it belongs to, empty for none."""

    sha256: str
    width: int
    height: int
    small_sha256: str
    small_width: int
    caption: str
    line: str

    @property
    def path(self) -> str:
        return photo_path(self.sha256)

    @property
    def small_path(self) -> str:
        return photo_path(self.small_sha256)


@dataclass(frozen=True)
class ShownPhoto:
    """A photo with the line that it belongs to."""

    photo: PhotoFacts
    line: LineFacts | None
    title: str  # of the quote

    @property
    def alt(self) -> str:
        return self.photo.caption or (self.line.label if self.line else "") or self.title


@dataclass(frozen=True)
class DocumentFacts:
    """A PDF that is handed over with the quote; `size` in bytes."""

    sha256: str
    title: str
    pages: int
    size: int
    in_contract: bool
    line: str

    @property
    def path(self) -> str:
        return document_path(self.sha256)

    @property
    def file_name(self) -> str:
        """Its title, where a name in ASCII says anything of it."""
        stem = self.title if re.search("[A-Za-z0-9]", self.title) else f"document-{self.sha256[:8]}"
        return f"{stem}.pdf"


def photo_path(sha256: str) -> str:
    return f"photos/{sha256}.jpg"


def document_path(sha256: str) -> str:
    return f"documents/{sha256}.pdf"


@dataclass(frozen=True)
class VatRow:
    """A rate as the totals name it."""

    label: str
    base: Decimal
    amount: Decimal
    is_charged: bool


@dataclass(frozen=True)
class Terms:
    """The general terms: `kind` text (then `text`) or pdf (then `sha256` and `pages`)."""

    kind: str
    text: str = ""
    sha256: str = ""
    pages: int = 0


@dataclass(frozen=True)
class LegalNotice:
    id: str
    title: str
    text: str


@dataclass(frozen=True)
class Consent:
    """Words that the signatory ticks, never ticked beforehand; `otherwise`: what to do who cannot tick them."""

    id: str
    words: str
    required: bool
    when: str = "signature"
    otherwise: str = ""


@dataclass(frozen=True)
class WithdrawalFacts:
    """The consumer's right to withdraw: `days` days, or 0 with the `exception` of art. L221-28 and its `reason`.

    `start`: from the delivery or from the conclusion; empty in schemas 1 and 2, which told the conclusion to everybody.
    """

    days: int
    exception: str = ""
    reason: str = ""
    start: str = ""


@dataclass(frozen=True)
class LawFacts:
    """What the law asks about the contract beside customer and place; values of quotes/law/contract.py."""

    nature: str
    exempt: str = ""
    is_small: bool | None = None
    visited_on: dt.date | None = None


@dataclass(frozen=True)
class Content:
    """`email` is the address that the version was made for: not shown, but hashed; empty in schema 1.

    `law` is None in schemas 1 and 2: nobody had asked for the nature of the contract.
    `requested_on` and `requested_by` (« par téléphone ») tell the customer's own request, where it was noted.
    `rge_proof` is the SHA-256 of the certificate's PDF that travels with the quote; empty: there is none.
    `grounds` is None in schemas 1 to 3: on these no options are chosen on line.
    `photos` are shown on the page and in the PDF, `documents` are handed over with it.
    """

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
    notices: tuple[LegalNotice, ...]
    consents: tuple[Consent, ...]
    withdrawal: WithdrawalFacts | None = None
    payment_methods: tuple[str, ...] | None = None
    email: str = ""
    law: LawFacts | None = None
    discount: DiscountFacts | None = None
    zero_rate: ZeroRateFacts | None = None
    aids: tuple[AidFacts, ...] = ()
    contribution: Contribution | None = None
    delivery: str = ""
    formalities: str = ""
    requested_on: dt.date | None = None
    requested_by: str = ""
    rge_proof: str = ""
    grounds: Grounds | None = None
    photos: tuple[PhotoFacts, ...] = ()
    documents: tuple[DocumentFacts, ...] = ()

    @property
    def request(self) -> str:
        """`le 3 novembre 2026, par téléphone`; empty where nothing was noted."""
        on = f"le {french.day(self.requested_on)}" if self.requested_on else ""
        return ", ".join(filter(None, (on, self.requested_by)))

    @property
    def planned(self) -> list[tuple[str, str]]:
        """What happens when, each with its word."""
        said = (
            ("Livraison", self.delivery),
            ("Début", self.start),
            ("Durée", self.duration),
            ("Démarches", self.formalities),
        )
        return [(word, when) for word, when in said if when]

    @property
    def total(self) -> Decimal:
        """The price, in euros incl. tax; aids do not change it."""
        return self.totals.incl_tax

    @property
    def deducted(self) -> tuple[AidFacts, ...]:
        return tuple(aid for aid in self.aids if aid.deducted)

    @property
    def estimates(self) -> tuple[AidFacts, ...]:
        """Aids that the customer may get: said, and taken off nothing."""
        return tuple(aid for aid in self.aids if not aid.deducted)

    @property
    def payable(self) -> Decimal:
        """What the customer pays in all: the total less the aids that are deducted from it."""
        return self.total - sum((aid.amount for aid in self.deducted), ZERO)

    @property
    def vat_rows(self) -> tuple[VatRow, ...]:
        return tuple(
            VatRow(self.zero_rate.line, share.base, share.amount, is_charged=False)
            if self.zero_rate and not share.rate
            else VatRow(f"TVA {french.percent(share.rate)}", share.base, share.amount, is_charged=True)
            for share in self.totals.vat
        )

    @property
    def contract_words(self) -> str:
        return CONTRACT_WORDS[self.contract]

    def facts(
        self,
        *,
        nature: str = "",
        concluded_at: dt.datetime | None = None,
        delivered_on: dt.date | None = None,
        performed_on: dt.date | None = None,
        early_start: bool = False,
    ) -> Facts:
        """For quotes/law/contract.py; `nature` is what the owner has said since of a version that does not say it."""
        law = self.law or LawFacts(nature or Nature.UNKNOWN, exempt=self._old_exemption)
        return Facts(
            kind=Kind(self.customer.kind),
            place=Place(self.contract),
            nature=Nature(law.nature),
            exempt=Exempt(law.exempt),
            is_small=law.is_small,
            visited_on=law.visited_on,
            concluded_at=concluded_at,
            delivered_on=delivered_on,
            performed_on=performed_on,
            notice=self._notice,
            urgency_asked=any(consent.id == "urgent_repair" for consent in self.consents),
            early_start=early_start
            and self.law is not None,  # the old box did not say that the right is lost
            reason=self.withdrawal.reason if self.withdrawal else "",
        )

    def is_visited(self, at: dt.datetime) -> bool:
        """Whether the company is at the customer's on that day, as this version says."""
        return self.law is not None and self.law.visited_on == french.in_paris(at).date()

    def protects(self, where: Place, *, at: dt.datetime) -> bool:
        """Whether this version gives what the law gives a contract that is concluded there and then.

        A place that it protects already, or more, is recorded, and its own regime applies. On the day of the visit a
        contract is off premises: the right that it gives has to be told.
        """
        if not contract.allows(where, of=Place(self.contract)):
            return False
        if self.law is None:
            return True
        return contract.start(self.facts(concluded_at=at)) is None or self.withdrawal is not None

    @property
    def _notice(self) -> Notice:
        """Which one it was frozen with."""
        if self.withdrawal is None or not self.withdrawal.days:
            return Notice.NONE
        return Notice(self.withdrawal.start or Notice.OLD)

    @property
    def _old_exemption(self) -> str:
        """Schemas 1 and 2 kept the words of an exception alone: whichever it was, it gives no right."""
        is_exempt = self.withdrawal is not None and not self.withdrawal.days
        return Exempt.MADE_TO_MEASURE if is_exempt else Exempt.NONE

    @property
    def money_waits(self) -> bool:
        """Whoever signs this version, whenever, is asked for nothing during the seven days after it.

        Versions that were frozen before said nothing of it: it holds for them, but is not printed into them.
        """
        return self.law is not None and contract.bans_money(self.facts())

    @property
    def money_waits_after_visit(self) -> bool:
        """The same, but only for whoever signs on the day of the visit: a PDF says it of any day."""
        facts = self.facts()
        return (
            not self.money_waits
            and contract.bans_money(replace(facts, place=Place.OFF_PREMISES))
            and bool(facts.visited_on)
        )

    @property
    def deposit_words(self) -> str:
        """How the deposit is called before the signature, today."""
        if contract.bans_money(self.facts(concluded_at=timezone.now())):
            return f"Acompte, 7{french.NBSP}jours après la signature au plus tôt"
        return "Acompte à la commande"

    @property
    def sections(self) -> tuple[Section, ...]:
        """The lines that are sold, under their headings; a heading without a line is kept."""
        groups: list[tuple[LineFacts | None, list[LineFacts]]] = [(None, [])]
        for line in self.lines:
            if line.kind == "section":
                groups.append((line, []))
            elif not line.is_aside:
                groups[-1][1].append(line)
        return tuple(
            Section(head.label if head else "", head.description if head else "", tuple(lines))
            for head, lines in groups
            if head or lines
        )

    @property
    def options(self) -> tuple[LineFacts, ...]:
        """Those that are not chosen."""
        return tuple(line for line in self.lines if line.is_aside)

    @property
    def choices(self) -> tuple[ChoiceGroup, ...]:
        """Every option, chosen or not, with those that it stands for choice with, in their order."""
        return choices(self.lines)

    @property
    def chosen(self) -> tuple[LineFacts, ...]:
        return tuple(line for line in self.lines if line.option and line.chosen)

    @property
    def shown_photos(self) -> tuple[ShownPhoto, ...]:
        """In the order of their lines; those of the whole quote come first."""
        ranks = {line.identity: rank for rank, line in enumerate(self.lines) if line.identity}
        ordered = sorted(self.photos, key=lambda photo: ranks.get(photo.line, -1))
        return tuple(
            ShownPhoto(photo, self.lines[ranks[photo.line]] if photo.line in ranks else None, self.title)
            for photo in ordered
        )

    @property
    def enclosed_files(self) -> list[tuple[str, str]]:
        """Where its photos and documents are stored, each with its SHA-256."""
        found = [(document.path, document.sha256) for document in self.documents]
        for photo in self.photos:
            found += [(photo.path, photo.sha256), (photo.small_path, photo.small_sha256)]
        return found

    @property
    def contract_documents(self) -> tuple[DocumentFacts, ...]:
        """Not those of an option that is not chosen: nobody buys it."""
        aside = {line.identity for line in self.lines if line.option and not line.chosen}
        return tuple(one for one in self.documents if one.in_contract and one.line not in aside)

    @property
    def handed_contribution(self) -> Contribution | None:
        """The « cadre de contribution » while its prime is deducted: with the options that bear it both fall away."""
        return self.contribution if self.deducted else None

    @property
    def paper_consents(self) -> tuple[Consent, ...]:
        """What is ticked on paper too: all but the agreement to sign on line."""
        return tuple(consent for consent in self.consents if consent.id != "electronic")

    @property
    def joined_files(self) -> list[tuple[str, str]]:
        """What is part of the contract beside its text: each file's name and SHA-256."""
        found = [(document.path, document.sha256) for document in self.contract_documents]
        if (contribution := self.handed_contribution) is not None:
            found.append((contribution.path, contribution.sha256))
        company = [self.rge_proof, self.terms.sha256 if self.terms else ""]
        return found + [(f"company/{sha256}.pdf", sha256) for sha256 in company if sha256]

    @property
    def mailed_documents(self) -> tuple[DocumentFacts, ...]:
        """Those that a mail carries: of the contract first, as long as they stay within what mailboxes take."""
        mailed, size = [], 0
        for document in sorted(self.documents, key=lambda one: one not in self.contract_documents):
            if size + document.size <= MOST_MAILED:
                mailed.append(document)
                size += document.size
        return tuple(mailed)

    @property
    def unmailed_documents(self) -> tuple[DocumentFacts, ...]:
        """Too heavy for a mail: it names them, and the page has them."""
        mailed = self.mailed_documents
        return tuple(document for document in self.documents if document not in mailed)

    def to_json(self) -> str:
        """The canonical JSON that is hashed and kept."""
        return canonical({"schema": SCHEMA, **_plain(asdict(self))})

    @classmethod
    def from_json(cls, text: str) -> Content:
        """Read a frozen version back; a schema that this software does not know is refused."""
        document = json.loads(text)
        schema = document.pop("schema")
        if schema not in range(1, SCHEMA + 1):
            raise ValueError("unknown schema of a version")
        for number in range(schema, SCHEMA):
            document = LATER[number](document)
        return cls(**(document | _parts(document)))


def _with_identities(document: Json) -> Json:
    """Schema 1 did not say which line is which, nor for whose address it was made."""
    return document | {"email": "", "lines": [line | {"identity": ""} for line in document["lines"]]}


def _with_law(document: Json) -> Json:
    """Schema 2 knew nothing of the nature of a contract, nor from when on its right to withdraw runs."""
    withdrawal = document.get("withdrawal")
    return document | {"law": None, "withdrawal": withdrawal and withdrawal | {"start": ""}}


def _with_money(document: Json) -> Json:
    """Schema 2 knew no discount on the total and no aid, and told the VAT franchise by a number that was not there."""
    notice = "" if document["company"]["vat_number"] else "TVA non applicable, art. 293 B du CGI"
    return document | {
        "company": document["company"] | {"vat_notice": notice},
        "totals": document["totals"] | {"discount": "0.00"},
        "discount": None,
        "zero_rate": None,
        "aids": [],
        "contribution": None,
    }


def _with_mentions(document: Json) -> Json:
    """Schema 2 knew neither delivery nor formalities, nor who had asked for the quote, nor a certificate."""
    unsaid = {"delivery": "", "formalities": "", "requested_on": None, "requested_by": "", "rge_proof": ""}
    return document | unsaid


def _of_the_law(document: Json) -> Json:
    """What schema 2 did not ask for yet."""
    return _with_mentions(_with_money(_with_law(document)))


def _with_choices(document: Json) -> Json:
    """Schema 3 had options that nobody could choose on line, and kept to itself what the law was asked with."""
    unsaid = {"chosen": False, "choice_group": "", "choice_kind": ""}
    return document | {"lines": [line | unsaid for line in document["lines"]], "grounds": None}


def _with_enclosures(document: Json) -> Json:
    """Until then a quote had neither photos nor documents of its own."""
    return document | {"photos": [], "documents": []}


# A document of each schema as the next one would say it.
LATER: dict[int, Callable[[Json], Json]] = {
    1: _with_identities,
    2: _of_the_law,
    3: _with_choices,
    4: _with_enclosures,
}


def choices(lines: Iterable[Any]) -> tuple[ChoiceGroup, ...]:
    """The options among lines, frozen or of a working copy, in the order of the first of each group."""
    groups: dict[tuple[str, str], list[Any]] = {}
    for line in lines:
        if line.kind == "item" and line.option:
            key = (line.choice_group, "" if line.choice_group else line.identity)
            groups.setdefault(key, []).append(line)
    return tuple(
        ChoiceGroup(name, any(line.choice_kind == "exactly_one" for line in found), tuple(found))
        for (name, _), found in groups.items()
    )


CONTRACT_WORDS = {
    "distance": "Signé à distance",
    "off_premises": "Signé chez vous, en présence de l'entreprise (contrat hors établissement)",
    "on_premises": "Signé dans nos locaux",
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
    withdrawal, methods, law = (
        document.get("withdrawal"),
        document.get("payment_methods"),
        document.get("law"),
    )
    visited_on = law and law.get("visited_on")
    discount, zero_rate, contribution = document["discount"], document["zero_rate"], document["contribution"]
    requested = document["requested_on"]
    return {
        "issued_on": dt.date.fromisoformat(document["issued_on"]),
        "valid_until": dt.date.fromisoformat(document["valid_until"]),
        "requested_on": dt.date.fromisoformat(requested) if requested else None,
        "company": CompanyFacts(**company, logo=Logo(**logo) if logo else None),
        "customer": CustomerFacts(**document["customer"]),
        "owner": OwnerFacts(**document["owner"]),
        "lines": tuple(_facts(LineFacts, line) for line in document["lines"]),
        "totals": Totals(
            excl_tax=Decimal(totals["excl_tax"]),
            vat=tuple(_facts(VatShare, share) for share in totals["vat"]),
            discount=Decimal(totals["discount"]),
        ),
        "discount": _facts(DiscountFacts, discount) if discount else None,
        "zero_rate": ZeroRateFacts(**zero_rate) if zero_rate else None,
        "aids": tuple(_facts(AidFacts, aid) for aid in document["aids"]),
        "contribution": Contribution(contribution["sha256"], dt.date.fromisoformat(contribution["dated"]))
        if contribution
        else None,
        "deposit": _facts(DepositFacts, deposit) if deposit else None,
        "terms": Terms(**terms) if terms else None,
        "notices": tuple(LegalNotice(**notice) for notice in document["notices"]),
        "withdrawal": WithdrawalFacts(**withdrawal) if withdrawal else None,
        "law": LawFacts(**law | {"visited_on": visited_on and dt.date.fromisoformat(visited_on)})
        if law
        else None,
        "payment_methods": None if methods is None else tuple(methods),
        "consents": tuple(Consent(**consent) for consent in document["consents"]),
        "grounds": grounds.read(Grounds | None, document["grounds"]),
        "photos": tuple(PhotoFacts(**photo) for photo in document["photos"]),
        "documents": tuple(DocumentFacts(**one) for one in document["documents"]),
    }
