"""VAT of a quote: which rates may be chosen, what a reduced or a zero rate asks for, and in which words.

Rates: art. 278 s. (mainland), 297 (Corsica: all works on buildings at 10 %, whoever asks for them), 294 and 296
(overseas) of the CGI. Certification of the customer: BOI-LETTRE-000280 of 22 October 2025.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, StrEnum

from lib import french
from lib.folding import folded
from lib.french import NBSP
from quotes.law.references import cite

ZERO_RATE = Decimal(0)


class Regime(StrEnum):
    NORMAL = "normal"
    FRANCHISE = "franchise"


class Territory(StrEnum):
    """Where the company works; « DOM » are those in which VAT is due."""

    MAINLAND = "metropole"
    CORSICA = "corse"
    OVERSEAS = "dom"
    WITHOUT_VAT = "guyane_mayotte"


class ZeroReason(StrEnum):
    """Why a company that charges VAT charges none here."""

    REVERSE_CHARGE = "reverse_charge"
    OUT_OF_SCOPE = "out_of_scope"
    EXEMPT = "exempt"
    WITHOUT_VAT = "guyane_mayotte"


RATES: dict[Territory, tuple[Decimal, ...]] = {
    Territory.MAINLAND: tuple(map(Decimal, ("20", "10", "5.5", "2.1", "0"))),
    Territory.CORSICA: tuple(map(Decimal, ("20", "13", "10", "5.5", "2.1", "0.9", "0"))),
    Territory.OVERSEAS: tuple(map(Decimal, ("8.5", "2.1", "0"))),
    Territory.WITHOUT_VAT: (ZERO_RATE,),
}
# Reduced because the works are done in an old dwelling, as the customer certifies.
CERTIFIED: dict[Territory, tuple[Decimal, ...]] = {
    Territory.MAINLAND: (Decimal(10), Decimal("5.5")),
    Territory.CORSICA: (Decimal("5.5"),),
    Territory.OVERSEAS: (Decimal("2.1"),),
    Territory.WITHOUT_VAT: (),
}


def offered(regime: str, territory: str) -> tuple[Decimal, ...]:
    """The rates that a line may bear, the usual one first; in percent."""
    return (ZERO_RATE,) if regime == Regime.FRANCHISE else RATES[Territory(territory)]


def full_rate(territory: str) -> Decimal:
    return RATES[Territory(territory)][0]


# A reduced rate is certified by the customer


@dataclass(frozen=True)
class Certificate:
    """A box that must be ticked to sign; `otherwise` says what to do to whoever cannot tick it."""

    id: str
    rate: Decimal
    words: str
    otherwise: str


OLD_DWELLING = (
    "Je certifie, en qualité de preneur de la prestation, que les travaux réalisés concernent des locaux à usage "
    "d'habitation achevés depuis plus de deux ans et qu'ils n'ont pas eu pour effet, sur une période de deux ans au "
    "plus, de concourir à la production d'un immeuble neuf au sens du 2° du 2 du I de l'article 257 du CGI, ni "
    f"d'entraîner une augmentation de la surface de plancher des locaux existants supérieure à 10{NBSP}%"
)
ENERGY = " et qu'ils ont la nature de travaux de rénovation énergétique"
ENERGY_RATE = Decimal("5.5")


def certificates(rates: Iterable[Decimal], territory: str) -> tuple[Certificate, ...]:
    """One a reduced rate that is there, the higher first."""
    present = {rate.normalize() for rate in rates}
    full = french.percent(full_rate(territory))
    return tuple(
        Certificate(
            id=f"vat_{rate}".replace(".", "_"),
            rate=rate,
            words=f"TVA à {french.percent(rate)}{NBSP}: {OLD_DWELLING}{ENERGY if rate == ENERGY_RATE else ''}.",
            otherwise=f"Si vous ne pouvez pas le certifier, demandez un devis à {full}.",
        )
        for rate in CERTIFIED[Territory(territory)]
        if rate.normalize() in present
    )


def certificate_notice(asked: Iterable[Certificate]) -> str:
    """What the quote says of it before one signs; empty where nothing is asked for."""
    rates = french.listed([french.percent(one.rate) for one in asked])
    if not rates:
        return ""
    return (
        f"La TVA à {rates} suppose votre certification, à cocher avant de signer. "
        "Une fausse déclaration peut vous être réclamée par l'administration."
    )


# A zero rate has its reason


@dataclass(frozen=True)
class ZeroRate:
    """`line` stands in the totals instead of « TVA 0 % »; `words` under them, if there is more to say."""

    line: str
    words: str = ""


def franchise_words(*, on: dt.date) -> str:
    return f"TVA non applicable, {cite('vat_franchise', on=on)}"


def zero_rate(regime: str, territory: str, reason: str, detail: str, *, on: dt.date) -> ZeroRate | None:
    """How a rate of zero is justified on that day; None where nobody has said why."""
    if regime == Regime.FRANCHISE:
        return ZeroRate(franchise_words(on=on))
    if territory == Territory.WITHOUT_VAT or reason == ZeroReason.WITHOUT_VAT:
        words = f"TVA non applicable en Guyane et à Mayotte, {cite('vat_overseas', on=on)}."
        return ZeroRate("TVA non applicable", words)
    if reason == ZeroReason.REVERSE_CHARGE:
        words = f"Autoliquidation – TVA due par le preneur, {cite('vat_reverse_charge', on=on)}. {detail}"
        return ZeroRate("TVA due par le preneur", words.strip())
    if reason == ZeroReason.OUT_OF_SCOPE:
        return ZeroRate("Hors champ de la TVA", detail)
    if reason == ZeroReason.EXEMPT:
        return ZeroRate("Exonéré de TVA", f"Exonération de TVA, {detail}.")
    return None


# What does not stand up


@dataclass(frozen=True)
class VatFacts:
    """A quote as VAT sees it. `rates`: of every line with a price, options too; `sold`: of those that count."""

    regime: str
    territory: str
    number: str
    rates: frozenset[Decimal]
    sold: frozenset[Decimal]
    reason: str
    detail: str
    is_business: bool
    siren: str
    worksite: str


class Fault(Enum):
    CHARGED_IN_FRANCHISE = "charged_in_franchise"
    NO_NUMBER = "no_number"
    NOT_OF_THE_TERRITORY = "not_of_the_territory"
    NO_REASON = "no_reason"
    REASON_WITHOUT_ZERO = "reason_without_zero"
    REVERSE_CHARGE_TO_A_STRANGER = "reverse_charge_to_a_stranger"
    NO_MAIN_SITE = "no_main_site"
    NO_ARTICLE = "no_article"
    NO_WORKSITE = "no_worksite"


def faults(facts: VatFacts) -> frozenset[Fault]:
    """Everything that keeps the VAT of this quote from standing up before the administration."""
    found: set[Fault] = set()
    charged = any(facts.rates)
    if facts.regime == Regime.FRANCHISE:
        return frozenset({Fault.CHARGED_IN_FRANCHISE} if charged else ())
    if charged and not facts.number:
        found.add(Fault.NO_NUMBER)
    if any(rate not in offered(facts.regime, facts.territory) for rate in facts.rates):
        found.add(Fault.NOT_OF_THE_TERRITORY)
    if certificates(facts.sold, facts.territory) and not facts.worksite:
        found.add(Fault.NO_WORKSITE)
    return frozenset(found | _zero_faults(facts))


def _zero_faults(facts: VatFacts) -> set[Fault]:
    if ZERO_RATE not in facts.rates:
        return {Fault.REASON_WITHOUT_ZERO} if facts.reason and facts.rates else set()
    if facts.territory == Territory.WITHOUT_VAT:
        return set()
    if not facts.reason:
        return {Fault.NO_REASON}
    if facts.reason == ZeroReason.EXEMPT and not facts.detail:
        return {Fault.NO_ARTICLE}
    if facts.reason != ZeroReason.REVERSE_CHARGE:
        return set()
    found = set() if facts.detail else {Fault.NO_MAIN_SITE}
    return found if facts.is_business and facts.siren else found | {Fault.REVERSE_CHARGE_TO_A_STRANGER}


# Boilers that burn gas or oil: full rate since 1 March 2025

FOSSIL = re.compile(
    r"\bchaudieres?\b.*\b(gaz|fioul|fuel|propane)\b|\b(gaz|fioul|fuel|propane)\b.*\bchaudieres?\b"
)
NOT_NEW = re.compile(r"entretien|repar|depann|ramon|depos|pompes? a chaleur")


def is_fossil_boiler(words: str) -> bool:
    """A new boiler for gas, oil or propane, by the words of its line: not its upkeep, repair or removal."""
    plain = " ".join(folded(words).split())
    return bool(FOSSIL.search(plain)) and not NOT_NEW.search(plain)
