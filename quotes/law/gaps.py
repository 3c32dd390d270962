"""What a quote still lacks of what the law has it say, each with who asks for it: pure, as `mentions`.

Blocking is what would make the contract void, or cost a fine that nothing cures once the quote has left.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from lib import french
from quotes.law import dates
from quotes.law.mentions import Facts, Seller, mentions
from quotes.law.references import cite, in_force

NBSP = french.NBSP
NAMELESS_MEDIATOR = "Cass. 1re civ., 18 septembre 2024, n° 22-19.583"
VAGUE_DELAY = "Cass. 1re civ., 15 juin 2022, n° 21-11.747"
UNSAID_GUARANTEE = "Cass. 1re civ., 8 octobre 2025, n° 24-13.232"


@dataclass(frozen=True)
class Gap:
    """`name` says which; `field` is to be filled in on the quote, or in the company's settings (`of_company`)."""

    name: str
    sentence: str
    field: str
    law: str = ""
    blocking: bool = False
    of_company: bool = False


def gaps(facts: Facts) -> list[Gap]:
    """What stops the quote first."""
    found = [
        *_identity(facts.seller, facts.day),
        *_mediator(facts),
        *_insurer(facts),
        *_dates(facts),
        *_guarantees(facts),
        *_waste(facts),
        *_energy(facts),
        *_late_payment(facts),
    ]
    return sorted(found, key=lambda gap: not gap.blocking)


def _law(*parts: str, on: dt.date) -> str:
    """Articles by their subject, decisions as they are."""
    cited = (cite(part, on=on) if part.isidentifier() else part for part in parts)
    words = f"{NBSP}; ".join(cited)
    return words[:1].upper() + words[1:]


def _identity(seller: Seller, day: dt.date) -> Iterator[Gap]:
    if not seller.legal_form:
        yield Gap(
            "legal_form",
            "Choisissez la forme juridique de l'entreprise\u00a0: «\u00a0EI\u00a0» suit le nom d'un entrepreneur "
            "individuel, une société nomme sa forme.",
            "legal_form",
            _law("sole_trader", "seller", on=day),
            blocking=True,
            of_company=True,
        )


def _mediator(facts: Facts) -> Iterator[Gap]:
    mediator = facts.seller.mediator
    if not facts.consumer or mediator.is_complete:
        return
    missing = next(name for name in ("name", "address", "site") if not getattr(mediator, name))
    void = f"{NBSP}: hors établissement, le contrat est nul sans eux" if facts.off_premises else ""
    yield Gap(
        "mediator",
        f"Nommez votre médiateur de la consommation, avec son adresse postale et son site{void}.",
        f"mediator_{missing}",
        _law(*(("off_premises",) if facts.off_premises else ()), "mediator", NAMELESS_MEDIATOR, on=facts.day),
        blocking=facts.off_premises,
        of_company=True,
    )


def _insurer(facts: Facts) -> Iterator[Gap]:
    insurer = facts.seller.insurer
    if insurer.is_complete:
        return
    missing = next(name for name in ("name", "contract", "territory") if not getattr(insurer, name))
    yield Gap(
        "insurer",
        "Nommez l'assureur de votre garantie obligatoire, par exemple décennale, son contrat avec ses coordonnées, et "
        "le territoire couvert\u00a0; ou dites pourquoi elle est sans objet.",
        f"insurer_{missing}",
        _law("insurer", on=facts.day),
        blocking=facts.at_home,
        of_company=True,
    )


HOW_TO_SAY = "une date, ou un nombre de semaines après la signature"
WHEN = {
    "delivery": (f"Dites quand vous livrez ({HOW_TO_SAY}).", "La date de livraison est passée."),
    "start": (f"Dites quand vous commencez ({HOW_TO_SAY}).", "La date de début est passée."),
}
VOID = "Hors établissement, le contrat est nul sans cela."


def _dates(facts: Facts) -> Iterator[Gap]:
    if not facts.consumer and not facts.at_home:
        return
    asked = ("delivery", "start") if facts.goods else ("start",)
    law = _law(*(("off_premises",) if facts.at_home else ()), "dates", VAGUE_DELAY, on=facts.day)
    for field in asked:
        said = dates.known(getattr(facts, field))
        if said is not None and not said.is_past(facts.day):
            continue
        sentence = WHEN[field][0 if said is None else 1]
        if facts.at_home and said is None:
            sentence = f"{sentence} {VOID}"
        yield Gap(field, sentence, field, law, blocking=facts.at_home)
    if not facts.at_home:
        return
    if not facts.duration:
        yield Gap("duration", "Dites combien de temps durent les travaux.", "duration", law)
    if not facts.formalities:
        yield Gap(
            "formalities",
            "Dites qui fait les démarches (mairie, raccordement, aides) et quand, ou «\u00a0aucune\u00a0».",
            "formalities",
            law,
        )


def _guarantees(facts: Facts) -> Iterator[Gap]:
    """The built-in notice is in every consumer's quote; this holds the promise, should it ever not be."""
    if (facts.consumer or facts.at_home) and not any(
        mention.id == "guarantees" for mention in mentions(facts)
    ):
        yield Gap(
            "guarantees",
            "La notice «\u00a0Garanties\u00a0» manque\u00a0: hors établissement, le contrat est nul sans elle.",
            "after_sales",
            _law("guarantees", UNSAID_GUARANTEE, on=facts.day),
            blocking=facts.at_home,
            of_company=True,
        )


def _waste(facts: Facts) -> Iterator[Gap]:
    if not facts.needs_waste:
        return
    law, waste = _law("waste", on=facts.day), facts.waste
    if not waste.quantity:
        yield Gap(
            "waste",
            "Dites la quantité de déchets du chantier, par exemple 150 kg, ou cochez «\u00a0Dépannage ou "
            "entretien\u00a0: sans objet\u00a0».",
            "waste_quantity",
            law,
        )
    missing = next((name for name in ("sorting", "points", "cost") if not getattr(waste, name)), None)
    if missing:
        yield Gap(
            "waste_defaults",
            "Dites comment vos déchets de chantier sont triés et enlevés, leur point de collecte et ce que cela coûte.",
            f"waste_{missing}",
            law,
            of_company=True,
        )


def _energy(facts: Facts) -> Iterator[Gap]:
    if not facts.energy_counts:
        return
    yield from _rge(facts.seller, facts.day)
    yield from _rge_that_ends(facts)
    # What its own words alone suggest is asked for, and does not stop a quote that only sounds like it.
    flagged, law = facts.energy == "yes", _law("energy_works", on=facts.day)
    if not facts.subcontractors and not facts.without_subcontractors:
        yield Gap(
            "subcontractors",
            "Nommez vos sous-traitants, ou cochez «\u00a0Sans sous-traitance\u00a0»\u00a0: le devis de travaux "
            "d'économies d'énergie le dit.",
            "subcontractors",
            law,
            blocking=flagged,
        )
    recorded = facts.requested_on is not None and bool(facts.requested_by)
    if facts.consumer and not recorded and in_force("canvassing", on=facts.day):
        missing = "requested_by" if facts.requested_on else "requested_on"
        yield Gap(
            "request",
            "Notez la demande du client, son jour et son moyen\u00a0: démarcher un particulier pour des travaux "
            "d'économies d'énergie coûte jusqu'à 375\u202f000\u00a0€.",
            missing,
            _law("canvassing", on=facts.day),
            blocking=flagged,
        )


def _rge(seller: Seller, day: dt.date) -> Iterator[Gap]:
    """Loi n° 2025-594: who holds the label proves it before the signature, who does not says so in the contract."""
    field = sentence = ""
    if not seller.rge:
        field, sentence = "rge", "Dites si l'entreprise est RGE ou non\u00a0: le devis de ces travaux le dit."
    elif seller.rge == "no":
        return
    elif not seller.qualifications:
        field, sentence = "rge_qualifications", "Donnez le numéro RGE, son domaine et sa fin de validité."
    elif not seller.valid_qualifications(day):
        last = max(one.until for one in seller.qualifications)
        field = "rge_qualifications"
        sentence = f"Le certificat RGE a expiré le {french.day(last)}\u00a0: donnez le nouveau."
    elif not seller.rge_proof:
        field, sentence = (
            "rge_proof",
            "Joignez l'attestation RGE en PDF\u00a0: le client la reçoit avant de signer.",
        )
    if field:
        yield Gap("rge", sentence, field, _law("energy_works", on=day), blocking=True, of_company=True)


def _rge_that_ends(facts: Facts) -> Iterator[Gap]:
    """The proof is worth something on the day of the signature, which may be the last one of the quote."""
    seller, until = facts.seller, facts.valid_until
    holds = seller.valid_qualifications(facts.day) if seller.rge == "yes" else ()
    if not holds or until is None or seller.valid_qualifications(until):
        return
    yield Gap(
        "rge_ends",
        f"Votre certificat RGE finit le {french.day(max(one.until for one in holds))}, avant la validité de ce "
        "devis\u00a0: signé plus tard, il n'ouvrirait plus droit aux aides. Raccourcissez la validité, ou donnez le "
        "nouveau certificat.",
        "valid_until",
        _law("energy_works", on=facts.day),
    )


def _late_payment(facts: Facts) -> Iterator[Gap]:
    seller = facts.seller
    if facts.consumer or (seller.payment_days is not None and seller.late_rate):
        return
    yield Gap(
        "late_payment",
        "Dites le délai de paiement et le taux des pénalités de retard\u00a0: un devis entre professionnels les porte.",
        "late_rate" if seller.payment_days is not None else "payment_days",
        _law("late_payment", on=facts.day),
        of_company=True,
    )
