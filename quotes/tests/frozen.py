"""Versions as each schema froze them: real bytes, kept in `fixtures/`, and the quote that they were made of."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import time_machine
from django.core.files.base import ContentFile

from lib import files
from quotes import journal, workflow
from quotes.content import Content
from quotes.models import Aid, Company, NumberCounter, Quote, QuoteVersion
from quotes.tests.factories import SYSTEM, make_company, make_customer, make_owner, make_quote

FIXTURES = Path(__file__).parent / "fixtures"
LOGO = FIXTURES / "logo.png"
PHOTO = FIXTURES / "photo.jpg"
RGE_PROOF = b"%PDF-1.7\n%%EOF\n"
NUMBER = 148
MADE_ON = dt.datetime(2026, 11, 20, 10, tzinfo=dt.UTC)
FOR_EVER = dt.date(2099, 12, 31)  # the versions can be signed whenever the tests run

RICH_LINES: tuple[dict[str, Any], ...] = (
    {"label": "Visite et étude", "unit": "forfait", "unit_price": Decimal("120"), "discount": Decimal(100)},
    {
        "kind": "section",
        "label": "Dépose",
        "description": "Évacuation comprise.\nLe local est rendu propre.",
    },
    {"label": "Main-d'œuvre", "quantity": Decimal(6), "unit": "h", "unit_price": Decimal(58)},
    {"kind": "text", "label": "Peinture comprise", "description": "Deux couches, teinte au choix."},
    {"kind": "section", "label": "Fourniture et pose"},
    {
        "label": "Pompe à chaleur air-eau",
        "description": "8 kW, garantie cinq ans.",
        "unit": "unité",
        "unit_price": Decimal("6890.50"),
        "discount": Decimal("2.5"),
        "vat_rate": Decimal("5.5"),
    },
    {"label": "Main-d'œuvre", "quantity": Decimal("24.5"), "unit": "h", "unit_price": Decimal(58)},
    {"kind": "text", "label": "Garantie 10 ans"},
    {"label": "Thermostat d'ambiance", "unit": "unité", "unit_price": Decimal(249), "option": True},
)


def rich_quote(**fields: Any) -> Quote:
    """A draft that says something in every field: what the fixtures were frozen from."""
    company = make_company()
    company.logo = ContentFile(LOGO.read_bytes(), name="logo.png")
    company.website = "https://thermo-rhone.example"
    company.tagline = "Chauffage et pompes à chaleur"
    company.hours = "Du lundi au vendredi, de 8 h à 18 h"
    company.spare_parts = "disponibles dix ans"
    company.rge = Company.Rge.YES
    company.rge_qualifications = [{"number": "E-1", "domain": "pompes à chaleur", "until": "2099-12-31"}]
    company.rge_proof = ContentFile(RGE_PROOF, name="rge.pdf")
    company.travel_costs = "45 € HT par déplacement"
    company.payment_methods = list(Company.Method.values)
    company.save()
    year = NumberCounter.objects.get_or_create(year=MADE_ON.year)[0]
    year.last = NUMBER - 1
    year.save()
    said: dict[str, Any] = {
        "lines": RICH_LINES,
        "owner": make_owner(first_name="Julien", last_name="Faure", email="julien@thermo-rhone.example"),
        "customer": make_customer(phone="06 39 98 12 34"),
        "issued_on": MADE_ON.date(),
        "valid_until": FOR_EVER,
        "contract": Quote.Contract.OFF_PREMISES,
        "worksite": "12 chemin des Vignes\n69450 Saint-Cyr-au-Mont-d'Or",
        "delivery": "5 janvier 2099",
        "start": "3 semaines après la signature",
        "duration": "2 jours",
        "formalities": "aucune",
        "waste_quantity": "150 kg",
        "without_subcontractors": True,
        "requested_on": MADE_ON.date(),
        "requested_by": Quote.Channel.PHONE,
        "intro": "À la suite de notre visite, voici notre proposition.\n\nLes radiateurs sont conservés.",
        "outro": "Nous restons à votre écoute.",
        "conditions": "Solde à la mise en service. L'échafaudage est fourni par vos soins.",
        "deposit_kind": Quote.DepositKind.PERCENT,
        "deposit_value": Decimal(30),
    } | fields
    quote = make_quote(**said)
    _enclose(quote)
    Aid.objects.create(quote=quote, kind=Aid.Kind.MPR, payer="Anah", amount=Decimal(4000), conditional=True)
    return quote


def _enclose(quote: Quote) -> None:
    line, photo = quote.lines.get(label="Pompe à chaleur air-eau").identity, PHOTO.read_bytes()
    stored, sheet = (
        files.store(photo, folder="photos", suffix=".jpg"),
        files.store(RGE_PROOF, folder="documents"),
    )
    shown: dict[str, Any] = {
        "small": stored,
        "width": 96,
        "height": 72,
        "small_width": 96,
        "size": len(photo),
    }
    quote.enclosures.create(kind="photo", file=stored, label="Le local technique", line=line, **shown)
    size = len(RGE_PROOF)
    quote.enclosures.create(kind="document", file=sheet, label="Fiche produit", size=size, pages=1, line=line)


def fixture(name: str, suffix: str) -> Path:
    return FIXTURES / f"schema-{name}.{suffix}"


def in_force(name: str) -> Quote:
    """A sent quote whose version 1 is these bytes, written down as the software of that time did."""
    text, document = fixture(name, "json").read_text(encoding="utf-8"), fixture(name, "pdf").read_bytes()
    content, digest = Content.from_json(text), hashlib.sha256(text.encode()).hexdigest()
    with time_machine.travel(MADE_ON):
        quote = rich_quote()
        version = QuoteVersion.objects.create(
            quote=quote,
            number=1,
            content=text,
            content_sha256=digest,
            valid_until=content.valid_until,
            total=content.total,
            deposit=content.deposit.amount if content.deposit else 0,
        )
        quote.move_to(Quote.State.SENDING)
        journal.append(quote, "version_frozen", actor=SYSTEM, version=1, content_sha256=digest)
    stored = files.store(document, folder="versions")
    workflow.complete_sending(version.pk, pdf=stored, pdf_sha256=hashlib.sha256(document).hexdigest())
    return Quote.objects.get(pk=quote.pk)


def shape(document: Any) -> Any:
    """The keys of a JSON document all the way down: what a schema is."""
    if isinstance(document, dict):
        return {key: shape(value) for key, value in document.items()}
    if isinstance(document, list):
        return shape(document[0]) if document else []
    return ""


def shape_of(text: str) -> Any:
    return shape(json.loads(text))
