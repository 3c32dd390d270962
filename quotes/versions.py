"""Freezing a version: the working copy becomes canonical JSON with hashes, consents and notices."""

from __future__ import annotations

import hashlib
from decimal import Decimal

from quotes import french, readiness, withdrawal
from quotes.content import (
    Consent,
    Content,
    CustomerFacts,
    DepositFacts,
    LineFacts,
    Notice,
    OwnerFacts,
    WithdrawalFacts,
)
from quotes.models import Company, Customer, Quote, QuoteLine, QuoteVersion


class NotSendable(Exception):
    """What keeps a quote from being sent, in sentences for its owner."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__(" ".join(reasons))
        self.reasons = reasons


def freeze(quote: Quote, *, mail_words: str = "") -> QuoteVersion:
    """Store the next version of the working copy, or raise NotSendable. Its PDF is made later."""
    if reasons := readiness.missing(quote):
        raise NotSendable(reasons)
    version = next_version(quote)
    version.mail_words = mail_words
    version.save(force_insert=True)
    return version


def next_version(quote: Quote) -> QuoteVersion:
    """What `freeze` would store."""
    content = preview(quote)
    text = content.to_json()
    return QuoteVersion(
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
        notices=tuple(_notices(quote, company)),
        consents=tuple(_consents(quote, company)),
        withdrawal=_withdrawal_facts(quote),
        payment_methods=_payment_methods(quote, company),
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


def _payment_methods(quote: Quote, company: Company) -> tuple[str, ...]:
    """How the deposit may be paid: what the company offers, fewer if the quote says so."""
    chosen = company.payment_methods if quote.payment_methods is None else quote.payment_methods
    return tuple(method for method in Company.Method.values if method in chosen)


def _withdrawal_facts(quote: Quote) -> WithdrawalFacts | None:
    """What the version says of the right to withdraw; None where the law gives none."""
    if quote.gives_withdrawal:
        return WithdrawalFacts(days=withdrawal.DAYS)
    if not quote.withdrawal_exception or quote.customer.kind != Customer.Kind.INDIVIDUAL:
        return None
    exception = Quote.WithdrawalException(quote.withdrawal_exception).label
    return WithdrawalFacts(days=0, exception=exception, reason=quote.withdrawal_reason)


def _notices(quote: Quote, company: Company) -> list[Notice]:
    notices = []
    if quote.gives_withdrawal:
        notices.append(Notice("withdrawal", "Droit de rétractation", WITHDRAWAL_NOTICE))
        notices.append(
            Notice("withdrawal_form", "Modèle de formulaire de rétractation", _model_form(company))
        )
    elif quote.withdrawal_exception:
        notices.append(Notice("no_withdrawal", "Pas de droit de rétractation", _exception_words(quote)))
    if quote.customer.kind == Customer.Kind.INDIVIDUAL and _has_reduced_vat(quote):
        notices.append(Notice("reduced_vat", "TVA à taux réduit", REDUCED_VAT_NOTICE))
    return notices


def _has_reduced_vat(quote: Quote) -> bool:
    return any(line.counts and line.vat_rate in (Decimal("5.5"), Decimal(10)) for line in quote.lines.all())


WITHDRAWAL_NOTICE = (
    f"Vous avez le droit de vous rétracter du présent contrat sans donner de motif dans un délai de {withdrawal.DAYS} "
    "jours après le jour de la conclusion du contrat. S'il finit un samedi, un dimanche ou un jour férié, il va "
    "jusqu'à la fin du premier jour ouvrable suivant.\n\n"
    "Pour exercer ce droit, utilisez la fonction «\u00a0Renoncer au contrat ici\u00a0» de la page de votre devis, ou "
    "dites-le-nous sans ambiguïté, par mail ou par courrier, aux adresses de ce devis\u00a0; le modèle de formulaire "
    "ci-dessous peut servir, sans être obligatoire. Il suffit que votre message parte avant la fin du délai.\n\n"
    "En cas de rétractation, nous vous remboursons tous les paiements reçus, au plus tard 14 jours après en avoir été "
    "informés, par le moyen de paiement que vous avez utilisé et sans frais. Si vous avez demandé que les travaux "
    "commencent pendant le délai, vous payez un montant proportionnel à ce qui a été fait jusque-là."
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
    if quote.gives_withdrawal:
        consents.append(Consent("early_start", EARLY_START, required=False))
    return consents


def _model_form(company: Company) -> str:
    """Annexe à l'article R221-1 du code de la consommation, addressed to the company."""
    address = ", ".join(company.address.splitlines())
    return (
        "(À compléter et à renvoyer seulement si vous souhaitez vous rétracter du contrat.)\n\n"
        f"À l'attention de {company.legal_name}, {address}, {company.email}\u00a0:\n"
        "Je/nous (*) vous notifie/notifions (*) par la présente ma/notre (*) rétractation du contrat portant sur la "
        "vente du bien (*)/pour la prestation de services (*) ci-dessous\u00a0:\n"
        "Commandé le (*)/reçu le (*)\u00a0:\n"
        "Nom du (des) consommateur(s)\u00a0:\n"
        "Adresse du (des) consommateur(s)\u00a0:\n"
        "Signature du (des) consommateur(s), uniquement en cas de notification sur papier\u00a0:\n"
        "Date\u00a0:\n\n"
        "(*) Rayez la mention inutile."
    )


def _exception_words(quote: Quote) -> str:
    exception = Quote.WithdrawalException(quote.withdrawal_exception).label
    return f"{exception}\u00a0: {quote.withdrawal_reason}"


EARLY_START = (
    f"Je demande que les travaux commencent avant la fin des {withdrawal.DAYS} jours de rétractation."
)


def changes(old: Content, new: Content) -> list[str]:
    """What differs between two versions, in sentences for the customer; never empty."""
    found = _amount_changes(old, new) + _line_changes(old, new) + _text_changes(old, new)
    return found or ["La présentation du devis a été revue."]


def _amount_changes(old: Content, new: Content) -> list[str]:
    found = []
    if old.total != new.total:
        found.append(f"Total TTC\u00a0: {french.money(new.total)} au lieu de {french.money(old.total)}.")
    before, after = _deposit_words(old), _deposit_words(new)
    if before != after:
        found.append(f"Acompte\u00a0: {after} au lieu de {before}.")
    if old.valid_until != new.valid_until:
        found.append(f"Valable jusqu'au {french.day(new.valid_until)} inclus.")
    return found


def _deposit_words(content: Content) -> str:
    return french.money(content.deposit.amount) if content.deposit else "aucun"


def _line_changes(old: Content, new: Content) -> list[str]:
    before = {line.label: line for line in old.lines if line.kind == "item"}
    after = {line.label: line for line in new.lines if line.kind == "item"}
    found = [f"Ajouté\u00a0: {label}." for label in after.keys() - before.keys()]
    found += [f"Retiré\u00a0: {label}." for label in before.keys() - after.keys()]
    found += [
        f"Modifié\u00a0: {label}." for label in before.keys() & after.keys() if before[label] != after[label]
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
    "payment_methods": "Les moyens de paiement de l'acompte ont changé.",
    "contract": "La façon de conclure le contrat a changé.",
}


def _text_changes(old: Content, new: Content) -> list[str]:
    found = [words for field, words in TEXTS.items() if getattr(old, field) != getattr(new, field)]
    return list(dict.fromkeys(found))
