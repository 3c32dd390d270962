"""Freezing a version: the working copy becomes canonical JSON with hashes, consents and notices."""

from __future__ import annotations

import hashlib
from decimal import Decimal

from quotes import french
from quotes.content import (
    Consent,
    Content,
    CustomerFacts,
    DepositFacts,
    LineFacts,
    Notice,
    OwnerFacts,
)
from quotes.models import Company, Customer, Quote, QuoteLine, QuoteVersion
from quotes.models.quote import today_in_paris

WITHDRAWAL_DAYS = 14


class NotSendable(Exception):
    """What keeps a quote from being sent, in sentences for its owner."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__(" ".join(reasons))
        self.reasons = reasons


def missing(quote: Quote) -> list[str]:
    """What must be mended before sending; an empty list when nothing is."""
    totals = quote.totals
    checks = {
        "Ajoutez au moins une ligne avec un prix.": not any(line.counts for line in quote.lines.all()),
        "La date de validité est passée.": quote.valid_until < today_in_paris(),
        "Le client n'a pas d'adresse mail.": not quote.customer.email,
        "L'acompte dépasse le total TTC.": quote.deposit_amount > totals.incl_tax,
        "Complétez l'entreprise : SIRET, adresse, téléphone et mail.": not _company_is_complete(),
    }
    return [sentence for sentence, holds in checks.items() if holds]


def _company_is_complete() -> bool:
    company = Company.objects.first()
    return company is not None and all((company.siret, company.address, company.phone, company.email))


def freeze(quote: Quote) -> QuoteVersion:
    """Store the next version of the working copy, or raise NotSendable. Its PDF is made later."""
    if reasons := missing(quote):
        raise NotSendable(reasons)
    content = preview(quote)
    text = content.to_json()
    return QuoteVersion.objects.create(
        quote=quote,
        number=content.version,
        content=text,
        content_sha256=hashlib.sha256(text.encode()).hexdigest(),
        valid_until=content.valid_until,
        total=content.total,
        deposit=content.deposit.amount if content.deposit else Decimal(0),
    )


def preview(quote: Quote) -> Content:
    """What the next version would say: the owner's preview and the frozen text are made alike."""
    company = Company.current()
    return Content(
        number=quote.number,
        version=quote.versions.count() + 1,
        title=quote.title,
        issued_on=quote.issued_on,
        valid_until=quote.valid_until,
        contract=quote.contract,
        company=company.facts,
        customer=_customer_facts(quote.customer),
        owner=OwnerFacts(
            name=quote.owner.get_full_name() or quote.owner.get_username(),
            email=quote.owner.email,
            phone=company.phone,
        ),
        worksite=quote.worksite,
        start=quote.start,
        duration=quote.duration,
        intro=quote.intro,
        outro=quote.outro,
        conditions=quote.conditions,
        lines=tuple(_line_facts(line) for line in quote.lines.all()),
        totals=quote.totals,
        deposit=_deposit_facts(quote),
        terms=company.terms,
        notices=tuple(_notices(quote)),
        consents=tuple(_consents(quote, company)),
    )


def _customer_facts(customer: Customer) -> CustomerFacts:
    return CustomerFacts(
        kind=customer.kind,
        name=customer.name,
        greeting=customer.greeting,
        contact=customer.contact,
        siren=customer.siren,
        address=customer.address,
    )


def _line_facts(line: QuoteLine) -> LineFacts:
    return LineFacts(
        kind=line.kind,
        label=line.label,
        description=line.description,
        quantity=line.quantity,
        unit=line.unit,
        unit_price=line.unit_price,
        discount=line.discount,
        vat_rate=line.vat_rate,
        option=line.option,
        total=line.total,
    )


def _deposit_facts(quote: Quote) -> DepositFacts | None:
    if quote.deposit_kind == Quote.DepositKind.NONE:
        return None
    amount = quote.deposit_amount
    return DepositFacts(
        kind=quote.deposit_kind,
        value=quote.deposit_value,
        amount=amount,
        balance=quote.totals.incl_tax - amount,
    )


def can_withdraw(quote: Quote) -> bool:
    """Consumers have 14 days for contracts at a distance or off premises (art. L221-18)."""
    return quote.customer.kind == Customer.Kind.INDIVIDUAL and quote.contract != Quote.Contract.ON_PREMISES


def _notices(quote: Quote) -> list[Notice]:
    notices = []
    if can_withdraw(quote):
        notices.append(Notice("withdrawal", "Droit de rétractation", WITHDRAWAL_NOTICE))
    if quote.customer.kind == Customer.Kind.INDIVIDUAL and _has_reduced_vat(quote):
        notices.append(Notice("reduced_vat", "TVA à taux réduit", REDUCED_VAT_NOTICE))
    return notices


def _has_reduced_vat(quote: Quote) -> bool:
    return any(line.counts and line.vat_rate in (Decimal("5.5"), Decimal(10)) for line in quote.lines.all())


WITHDRAWAL_NOTICE = (
    f"Vous disposez de {WITHDRAWAL_DAYS} jours après la signature pour vous rétracter, sans donner de motif "
    "et sans frais. Il suffit de nous le dire avant la fin de ce délai, par mail ou par courrier, aux adresses "
    "de ce devis (articles L221-18 et suivants du code de la consommation). Si vous avez demandé que les travaux "
    "commencent avant la fin du délai, vous payez la part déjà faite."
)
REDUCED_VAT_NOTICE = (
    "Les taux réduits s'appliquent aux travaux dans un logement achevé depuis plus de deux ans "
    "(articles 278-0 bis A et 279-0 bis du code général des impôts). En signant, vous certifiez que c'est le cas."
)


def _consents(quote: Quote, company: Company) -> list[Consent]:
    """The words beside each box, kept with the version: what is ticked is what is signed."""
    nbsp = french.NBSP
    subject = f"le devis {quote.number}, version{nbsp}{quote.versions.count() + 1}"
    words = (
        f"J'ai lu {subject}, et les conditions générales, et je les accepte."
        if company.terms
        else f"J'ai lu {subject}, et je l'accepte."
    )
    read = f"{words} «{nbsp}Bon pour accord.{nbsp}»"
    consents = [
        Consent("quote", read, required=True),
        Consent("electronic", "Je signe par voie électronique.", required=True),
    ]
    if can_withdraw(quote):
        consents.append(Consent("early_start", EARLY_START, required=False))
    return consents


EARLY_START = (
    f"Je demande que les travaux commencent avant la fin des {WITHDRAWAL_DAYS} jours de rétractation."
)


def changes(old: Content, new: Content) -> list[str]:
    """What differs between two versions, in sentences for the customer; never empty."""
    found = _amount_changes(old, new) + _line_changes(old, new) + _text_changes(old, new)
    return found or ["La présentation du devis a été revue."]


def _amount_changes(old: Content, new: Content) -> list[str]:
    found = []
    if old.total != new.total:
        found.append(f"Total TTC : {french.money(new.total)} au lieu de {french.money(old.total)}.")
    before, after = _deposit_words(old), _deposit_words(new)
    if before != after:
        found.append(f"Acompte : {after} au lieu de {before}.")
    if old.valid_until != new.valid_until:
        found.append(f"Valable jusqu'au {french.day(new.valid_until)} inclus.")
    return found


def _deposit_words(content: Content) -> str:
    return french.money(content.deposit.amount) if content.deposit else "aucun"


def _line_changes(old: Content, new: Content) -> list[str]:
    before = {line.label: line for line in old.lines if line.kind == "item"}
    after = {line.label: line for line in new.lines if line.kind == "item"}
    found = [f"Ajouté : {label}." for label in after.keys() - before.keys()]
    found += [f"Retiré : {label}." for label in before.keys() - after.keys()]
    found += [
        f"Modifié : {label}." for label in before.keys() & after.keys() if before[label] != after[label]
    ]
    return sorted(found)


TEXTS: dict[str, str] = {
    "title": "L'objet du devis a changé.",
    "worksite": "L'adresse du chantier a changé.",
    "start": "Le début prévu a changé.",
    "duration": "La durée prévue a changé.",
    "intro": "Le texte du devis a changé.",
    "outro": "Le texte du devis a changé.",
    "conditions": "Les conditions particulières ont changé.",
    "terms": "Les conditions générales ont changé.",
    "notices": "Les informations légales ont changé.",
    "customer": "Les coordonnées du client ont changé.",
    "contract": "La façon de conclure le contrat a changé.",
}


def _text_changes(old: Content, new: Content) -> list[str]:
    found = [words for field, words in TEXTS.items() if getattr(old, field) != getattr(new, field)]
    return list(dict.fromkeys(found))
