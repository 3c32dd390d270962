"""Real rows for tests, made through the front door wherever there is one."""

from __future__ import annotations

import hashlib
import itertools
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import Permission, User
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.test import Client

from notifications import vault
from notifications.models import OutgoingEmail
from quotes import links, list_columns, workflow
from quotes.journal import Actor
from quotes.models import AccessLink, Company, Customer, Quote, QuoteLine, QuoteVersion

SYSTEM = Actor.system()
counter = itertools.count(1)


def make_company(**fields: Any) -> Company:
    defaults = {
        "legal_name": "Thermo Rhône SARL",
        "trade_name": "Thermo Rhône",
        "legal_form": "SARL",
        "capital": Decimal(20000),
        "siret": "91234567500017",
        "vat_number": "FR65912345675",
        "insurer_name": "Mutuelle Exemple",
        "insurer_contract": "contrat n° 000 000, 2 place de l'Exemple, 69002 Lyon",
        "insurer_territory": "France métropolitaine",
        "mediator_name": "Médiateur Exemple",
        "mediator_address": "1 place de l'Exemple, 75000 Paris",
        "mediator_site": "https://mediateur.example",
        "waste_sorting": "triés et enlevés par l'entreprise",
        "waste_points": [
            {
                "name": "Déchetterie Exemple",
                "address": "3 rue de l'Exemple, 69007 Lyon",
                "kind": "déchetterie",
            }
        ],
        "waste_cost": "compris dans le prix",
        "rge": "no",
        "registration": "RCS Lyon",
        "address": "18 quai des Tanneurs\n69009 Lyon",
        "phone": "04 65 71 08 42",
        "email": "devis@thermo-rhone.example",
        "publication_director": "Julien Faure",
        "host": "Hébergeur Exemple SAS\n2 rue de l'Exemple\n59000 Lille",
        "host_phone": "03 65 71 00 00",
        "is_micro": True,
        "terms_text": "Article 1. Nos prix sont fermes pendant la durée de validité du devis.",
    }
    company, _ = Company.objects.get_or_create(defaults=defaults | fields)
    return company


def make_owner(**fields: Any) -> User:
    name = f"owner{next(counter)}"
    defaults: dict[str, Any] = {
        "username": name,
        "email": f"{name}@thermo-rhone.example",
        "first_name": "Julien",
        "last_name": "Faure",
        "is_staff": True,
    }
    return User.objects.create_user(**defaults | fields)


def make_manager(**fields: Any) -> User:
    user = make_owner(**fields)
    user.user_permissions.add(Permission.objects.get(codename="manage_all_quotes"))
    return user


def make_customer(**fields: Any) -> Customer:
    defaults = {
        "civility": "Mme",
        "first_name": "Claire",
        "last_name": "Morel",
        "email": "claire.morel@exemple.fr",
        "address": "12 chemin des Vignes\n69450 Saint-Cyr-au-Mont-d'Or",
    }
    return Customer.objects.create(**defaults | fields)


def make_business(**fields: Any) -> Customer:
    defaults = {"kind": Customer.Kind.BUSINESS, "company_name": "Boulangerie Perrin", "siren": "552100554"}
    return make_customer(**defaults | fields)


LINES: tuple[dict[str, Any], ...] = (
    {"kind": "section", "label": "Fourniture et pose"},
    {"label": "Pompe à chaleur", "unit": "unité", "unit_price": Decimal(6890), "vat_rate": Decimal("5.5")},
    {"label": "Main-d'œuvre", "quantity": Decimal(24), "unit": "h", "unit_price": Decimal(58)},
    {"label": "Thermostat", "unit": "unité", "unit_price": Decimal(249), "option": True},
)


def make_quote(*, lines: tuple[dict[str, Any], ...] = LINES, **fields: Any) -> Quote:
    """A draft with lines, of a company, an owner and a customer made for it unless given."""
    make_company()
    fields.setdefault("title", "Remplacement de la chaudière par une pompe à chaleur")
    customer = fields.pop("customer", None) or make_customer()
    fields.setdefault("worksite", customer.address)
    if fields.get("contract") == Quote.Contract.OFF_PREMISES:
        fields = {
            "delivery": "2 semaines après la signature",
            "start": "3 semaines après la signature",
        } | fields
    quote = workflow.create_quote(
        customer=customer,
        owner=fields.pop("owner", None) or make_owner(),
        actor=SYSTEM,
        **fields,
    )
    add_lines(quote, lines)
    return quote


def add_lines(quote: Quote, lines: tuple[dict[str, Any], ...]) -> None:
    start = quote.lines.count()
    QuoteLine.objects.bulk_create(
        QuoteLine(quote=quote, position=start + rank, **line) for rank, line in enumerate(lines)
    )
    list_columns.refresh(quote)


def stored_pdf(text: str = "un devis") -> tuple[str, str]:
    """A stored stand-in for the rendered PDF, where the rendering itself is not what is tested."""
    document = f"%PDF-1.7\n% {text}\n%%EOF\n".encode()
    digest = hashlib.sha256(document).hexdigest()
    name = f"versions/{digest}.pdf"
    if not default_storage.exists(name):
        default_storage.save(name, ContentFile(document))
    return name, digest


def complete(version: QuoteVersion) -> Quote:
    """What the worker does once the PDF is rendered."""
    name, digest = stored_pdf(version.content_sha256)
    return workflow.complete_sending(version.pk, pdf=name, pdf_sha256=digest)


def send(quote: Quote) -> Quote:
    """Freeze the next version and bring it into force."""
    complete(workflow.send(quote.pk, actor=SYSTEM))
    quote.refresh_from_db()
    return quote


def send_again(quote: Quote, **changes: Any) -> Quote:
    """« Nouvelle version » with these changes, sent."""
    if not Quote.objects.get(pk=quote.pk).revising:
        workflow.revise(quote.pk, actor=SYSTEM)
    Quote.objects.filter(pk=quote.pk).update(**changes)
    return send(Quote.objects.get(pk=quote.pk))


def withdraw_at_once(quote_id: int) -> bool:
    """Declared, and recorded by the owner in the same moment. False: there was nothing to withdraw from."""
    with transaction.atomic():
        declaration = workflow.declare(quote_id, name="Claire Morel", email="", actor=Actor("customer"))
        if declaration is not None:
            workflow.record_withdrawal(quote_id, actor=SYSTEM)
    return declaration is not None


def make_sent_quote(**fields: Any) -> Quote:
    return send(make_quote(**fields))


def version_of(quote: Quote) -> QuoteVersion:
    version = quote.current_version()
    assert version is not None
    return version


def make_link(quote: Quote) -> tuple[AccessLink, str]:
    """A valid link and the path that its mail would carry."""
    with transaction.atomic():
        link, address = links.make_link(quote)
    return link, "/" + address.split("/", 3)[3]


def visitor(quote: Quote) -> Client:
    """A browser that has opened a valid link of this quote."""
    client = Client()
    client.get(make_link(quote)[1])
    return client


def secrets_of(message: str, quote: Quote) -> dict[str, str]:
    """What the latest mail of this kind carries to its reader, while it waits."""
    email = mails(message, quote).latest("pk")
    assert email.sealed_secrets is not None
    return dict(vault.unseal(email.sealed_secrets))


def mails(message: str, quote: Quote) -> Any:
    return OutgoingEmail.objects.filter(message=message, about=quote.number)
