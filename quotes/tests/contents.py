"""Frozen texts of versions for documents: no database, every field filled."""

from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import Decimal
from typing import Any, TypeVar

from quotes.content import (
    CompanyFacts,
    Content,
    CustomerFacts,
    DepositFacts,
    DocumentFacts,
    LegalNotice,
    LineFacts,
    OwnerFacts,
    PhotoFacts,
    Terms,
)
from quotes.grounds import Grounds
from quotes.law import mentions
from quotes.money import line_total, percentage_of, totals

T = TypeVar("T")
# Fields that choose how a document is made and are not free texts: the software writes them, or checks their form.
CHOICES = {"kind", "contract", "colour", "id", "when", "sha256", "small_sha256", "type"}
PHOTO = PhotoFacts("aa" * 32, 960, 720, "ab" * 32, 480, "La cave", "")
DOCUMENT = DocumentFacts("ba" * 32, "Fiche produit", 2, 1000, in_contract=True, line="")

COMPANY = CompanyFacts(
    name="Thermo Rhône",
    legal_name="Thermo Rhône",
    legal_form="SARL",
    capital="20\u202f000\u00a0€",
    siret="91234567500017",
    vat_number="FR00912345675",
    registration="RCS Lyon",
    address="18 quai des Tanneurs\n69009 Lyon",
    phone="04 65 71 08 42",
    email="devis@thermo-rhone.example",
    website="https://thermo-rhone.example",
    tagline="Chauffage et pompes à chaleur",
    hours="",
    colour="#0c5a6e",
    insurer="Mutuelle Exemple, contrat n° 000 000, France métropolitaine",
    mediator="Médiateur Exemple, 1 place de l'Exemple, 75000 Paris",
    travel_costs="compris dans les prix",
    quote_cost="Devis gratuit",
)
CUSTOMER = CustomerFacts(
    kind="individual",
    name="Mme Claire Morel",
    greeting="Madame",
    contact="",
    siren="",
    address="12 chemin des Vignes\n69450 Saint-Cyr-au-Mont-d'Or",
)


GROUNDS = Grounds(
    law=mentions.Facts(
        day=dt.date(2026, 11, 20), consumer=True, off_premises=False, goods=True, seller=mentions.Seller()
    ),
    vat_regime="normal",
    territory="metropole",
    vat_reason="",
    vat_detail="",
    withdrawal_reason="",
    giving_back="fetched",
    rge_proof="",
    aids=(),
)


def section(label: str) -> LineFacts:
    return LineFacts(kind="section", label=label)


def item(label: str, *, price: str = "100", vat: str = "10", **fields: Any) -> LineFacts:
    quantity, discount = fields.pop("quantity", Decimal(1)), fields.pop("discount", Decimal(0))
    unit_price = Decimal(price)
    return LineFacts(
        kind="item",
        label=label,
        quantity=quantity,
        unit="unité",
        unit_price=unit_price,
        discount=discount,
        vat_rate=Decimal(vat),
        total=line_total(quantity=quantity, unit_price=unit_price, discount=discount),
        **fields,
    )


LINES = (
    section("Dépose"),
    item("Dépose de la chaudière", description="Vidange et transport en déchetterie."),
    section("Fourniture et pose"),
    item("Pompe à chaleur air-eau", price="6890", vat="5.5", discount=Decimal(5)),
    item("Ballon tampon", price="690", vat="5.5"),
    item("Thermostat d'ambiance", price="249", option=True),
)


def make_content(*, lines: tuple[LineFacts, ...] = LINES, **fields: Any) -> Content:
    sums = totals(lines)
    deposit = percentage_of(sums.incl_tax, Decimal(30))
    defaults: dict[str, Any] = {
        "number": "D-2026-0148",
        "version": 1,
        "title": "Remplacement de la chaudière gaz par une pompe à chaleur",
        "issued_on": dt.date(2026, 11, 20),
        "valid_until": dt.date(2026, 12, 20),
        "contract": "distance",
        "company": COMPANY,
        "customer": CUSTOMER,
        "owner": OwnerFacts("Julien Faure", "julien@thermo-rhone.example", "06 39 98 12 34"),
        "worksite": "12 chemin des Vignes",
        "start": "3 semaines après la signature",
        "duration": "2 jours",
        "intro": "Voici notre proposition.",
        "outro": "Nous restons à votre écoute.",
        "conditions": "Solde à la mise en service.",
        "deposit": DepositFacts("percent", Decimal(30), deposit, sums.incl_tax - deposit),
        "terms": Terms("text", text="Article 1. Nos prix sont fermes."),
        "notices": (
            LegalNotice("withdrawal", "Droit de rétractation", "Vous disposez de 14 jours."),
            LegalNotice("withdrawal_form", "Modèle de formulaire de rétractation", "Commandé le :\nDate :"),
        ),
        "consents": (),
    }
    return Content(lines=lines, totals=sums, **defaults | fields)


def poisoned(facts: T, poison: str) -> T:
    """The same facts, with `poison` in every free text, however deep."""
    if isinstance(facts, str):
        return poison  # type: ignore[return-value]
    if isinstance(facts, tuple):
        return tuple(poisoned(one, poison) for one in facts)  # type: ignore[return-value]
    if not dataclasses.is_dataclass(facts) or isinstance(facts, type):
        return facts
    texts = {field.name for field in dataclasses.fields(facts)} - CHOICES
    return dataclasses.replace(facts, **{name: poisoned(getattr(facts, name), poison) for name in texts})
