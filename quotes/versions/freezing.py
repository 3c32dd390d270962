"""Freezing a version: the working copy becomes canonical JSON with hashes, consents and notices."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, replace
from decimal import Decimal
from pathlib import PurePath
from typing import Any

from lib import french, phones
from quotes import money
from quotes.content import (
    Consent,
    Content,
    Contribution,
    CustomerFacts,
    DepositFacts,
    DiscountFacts,
    DocumentFacts,
    LawFacts,
    LegalNotice,
    LineFacts,
    OwnerFacts,
    PhotoFacts,
    WithdrawalFacts,
    ZeroRateFacts,
)
from quotes.grounds import AidFacts, GivenAid, Grounds
from quotes.law import days, mentions, notices, vat
from quotes.links import withdrawal_address
from quotes.models import Aid, Company, Customer, Quote, QuoteEnclosure, QuoteLine, QuoteVersion
from quotes.readiness import Draft


class NotSendable(Exception):
    """What keeps a quote from being sent, in sentences for its owner."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__(" ".join(reasons))
        self.reasons = reasons


def freeze(quote: Quote, *, number: int, mail_words: str = "") -> QuoteVersion:
    """Store the next version of the working copy, or raise NotSendable. Its PDF is made later."""
    draft = Draft(quote)
    if reasons := draft.missing():
        raise NotSendable(reasons)
    version = _version(draft, number=number)
    version.mail_words = mail_words
    version.save(force_insert=True)
    return version


def next_version(quote: Quote) -> QuoteVersion:
    """What `freeze` would store."""
    return _version(Draft(quote), number=_next_number(quote))


def still_says(quote: Quote, version: QuoteVersion) -> bool:
    """Whether the working copy would freeze to this very version, and may still be sent."""
    draft = Draft(quote)
    return not draft.missing() and _content(draft, version=version.number).to_json() == version.content


def _next_number(quote: Quote) -> int:
    return quote.versions.count() + 1


def _version(draft: Draft, *, number: int) -> QuoteVersion:
    return row_of(draft.quote, _content(draft, version=number), email=draft.quote.customer.email)


def row_of(quote: Quote, content: Content, *, email: str) -> QuoteVersion:
    """Of a version that is not stored yet."""
    text = content.to_json()
    return QuoteVersion(
        quote=quote,
        number=content.version,
        content=text,
        content_sha256=hashlib.sha256(text.encode()).hexdigest(),
        valid_until=content.valid_until,
        total=content.total,
        deposit=content.deposit.amount if content.deposit else Decimal(0),
        email=email,
    )


def preview(quote: Quote) -> Content:
    """What the next version would say: the owner's preview and the frozen text are made alike."""
    return _content(Draft(quote), version=_next_number(quote))


def _content(draft: Draft, *, version: int) -> Content:
    quote, company = draft.quote, draft.company
    return Content(
        number=quote.number,
        version=version,
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
        lines=tuple(_line_facts(line) for line in draft.lines),
        terms=company.terms,
        payment_methods=_payment_methods(quote, company),
        email=quote.customer.email,
        law=_law_facts(quote),
        discount=_discount_facts(quote),
        contribution=_contribution(quote),
        delivery=quote.delivery if draft.law.goods else "",
        formalities=quote.formalities,
        requested_on=quote.requested_on,
        requested_by=quote.get_requested_by_display() if quote.requested_by else "",
        grounds=_grounds(draft),
        photos=tuple(_photo_facts(one, draft) for one in draft.enclosures if one.is_photo),
        documents=tuple(_document_facts(one, draft) for one in draft.enclosures if not one.is_photo),
        **computed(draft, version=version, has_terms=company.terms is not None),
    )


def computed(draft: Draft, *, version: int, has_terms: bool) -> dict[str, Any]:
    """What follows from the lines that count, and from the law as it is today."""
    return {
        "totals": draft.totals,
        "deposit": _deposit_facts(draft),
        "notices": tuple(_notices(draft)),
        "consents": tuple(_consents(draft, version=version, has_terms=has_terms)),
        "withdrawal": _withdrawal_facts(draft),
        "zero_rate": ZeroRateFacts(**asdict(draft.zero_rate)) if draft.zero_rate else None,
        "aids": tuple(_aid_facts(aid) for aid in draft.aids),
        "rge_proof": draft.company.rge_proof_for_quote if draft.law.energy_counts else "",
    }


def _grounds(draft: Draft) -> Grounds:
    company, quote = draft.company, draft.quote
    return Grounds(
        # The day is another one whenever it is asked again; here it would make two texts of the same copy.
        law=replace(draft.law, day=quote.issued_on),
        vat_regime=company.vat_regime,
        territory=company.territory,
        vat_reason=quote.vat_reason,
        vat_detail=quote.vat_detail,
        withdrawal_reason=quote.withdrawal_reason,
        giving_back=company.giving_back,
        rge_proof=company.rge_proof_for_quote,
        aids=tuple(GivenAid(**asdict(_aid_facts(aid)), lines=tuple(aid.lines)) for aid in draft.all_aids),
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
        unit_price=_without_zeros(line.unit_price),
        discount=line.discount,
        vat_rate=line.vat_rate,
        option=line.option,
        total=line.total,
        identity=line.identity,
        chosen=line.option and line.chosen,
        choice_group=line.choice_group if line.option else "",
        choice_kind=line.choice_kind if line.option and line.choice_group else "",
    )


def _deposit_facts(draft: Draft) -> DepositFacts | None:
    if draft.quote.deposit_kind == Quote.DepositKind.NONE:
        return None
    return DepositFacts(
        kind=draft.quote.deposit_kind,
        value=draft.quote.deposit_value,
        amount=draft.deposit,
        balance=draft.payable - draft.deposit,
    )


def _without_zeros(price: Decimal) -> Decimal:
    """A price of whole cents as it was frozen when prices had no more than these."""
    return price.quantize(money.CENT) if price == round(price, 2) else price


def _discount_facts(quote: Quote) -> DiscountFacts | None:
    """None also for a discount of nothing: nobody reads « Remise de 0 % »."""
    if quote.discount is None or not quote.discount_value:
        return None
    return DiscountFacts(kind=quote.discount_kind, value=quote.discount_value)


def _aid_facts(aid: Aid) -> AidFacts:
    return AidFacts(
        kind=aid.kind,
        payer=aid.payer,
        amount=aid.amount,
        conditional=aid.conditional,
        deducted=aid.is_deducted,
    )


def _contribution(quote: Quote) -> Contribution | None:
    """The file is named by its content."""
    if not quote.contribution or quote.contribution_on is None:
        return None
    return Contribution(sha256=PurePath(str(quote.contribution)).stem, dated=quote.contribution_on)


def _photo_facts(photo: QuoteEnclosure, draft: Draft) -> PhotoFacts:
    return PhotoFacts(
        sha256=photo.sha256,
        width=photo.width,
        height=photo.height,
        small_sha256=photo.small_sha256,
        small_width=photo.small_width,
        caption=photo.label,
        line=draft.line_of(photo),
    )


def _document_facts(document: QuoteEnclosure, draft: Draft) -> DocumentFacts:
    return DocumentFacts(
        sha256=document.sha256,
        title=document.label,
        pages=document.pages,
        size=document.size,
        in_contract=document.in_contract,
        line=draft.line_of(document),
    )


def _payment_methods(quote: Quote, company: Company) -> tuple[str, ...]:
    """How the deposit may be paid: what the company offers, fewer if the quote says so."""
    chosen = company.payment_methods if quote.payment_methods is None else quote.payment_methods
    return tuple(method for method in Company.Method.values if method in chosen)


def _law_facts(quote: Quote) -> LawFacts:
    return LawFacts(
        nature=quote.nature,
        exempt=quote.withdrawal_exception,
        is_small=quote.small_business,
        visited_on=quote.visited_on,
    )


def _withdrawal_facts(draft: Draft) -> WithdrawalFacts | None:
    """What the version says of the right to withdraw; None where the law gives none."""
    quote, needs = draft.quote, draft.needs
    if needs.start:
        return WithdrawalFacts(days=days.DAYS, start=needs.start)
    if "no_withdrawal" not in needs.notices:
        return None
    exception = Quote.WithdrawalException(quote.withdrawal_exception).label
    return WithdrawalFacts(days=0, exception=exception, reason=quote.withdrawal_reason)


def _notices(draft: Draft) -> list[LegalNotice]:
    found, quote, needs = [], draft.quote, draft.needs
    if needs.start:
        seller = _seller(draft)
        words = notices.withdrawal_notice(needs.start, seller)
        found.append(LegalNotice("withdrawal", "Droit de rétractation", words))
        form = notices.withdrawal_form(seller)
        found.append(LegalNotice("withdrawal_form", "Modèle de formulaire de rétractation", form))
    if "no_withdrawal" in needs.notices:
        words = notices.no_withdrawal(draft.facts.exempt, quote.withdrawal_reason)
        found.append(LegalNotice("no_withdrawal", "Pas de droit de rétractation", words))
    if certified := vat.certificate_notice(draft.certificates):
        found.append(LegalNotice("reduced_vat", "TVA à taux réduit", certified))
    found += [LegalNotice(one.id, one.title, one.text) for one in mentions.mentions(draft.law)]
    return found


def _seller(draft: Draft) -> notices.Seller:
    company = draft.company
    return notices.Seller(
        company=company.signed_name,
        address=", ".join(company.address.splitlines()),
        phone=phones.shown(company.phone),
        email=company.email,
        function=withdrawal_address(draft.quote),
        giving_back=company.giving_back,
    )


ELECTRONIC = (
    "Je signe par voie électronique, "
    "et j'accepte de recevoir mon exemplaire signé par mail plutôt que sur papier."
)
WORDS = {
    "urgent_repair": (
        "J'ai demandé cette intervention en urgence chez moi. "
        "Je comprends que je ne pourrai pas me rétracter de ce dépannage."
    ),
    "early_start": (
        "Je demande que les travaux commencent avant la fin du délai de rétractation. Je reconnais que, s'ils sont "
        f"entièrement terminés avant cette fin, je ne pourrai plus me rétracter{french.NBSP}; si je me rétracte avant, "
        "je paierai la part déjà faite."
    ),
}


def _consents(draft: Draft, *, version: int, has_terms: bool) -> list[Consent]:
    """The words beside each box, kept with the version: what is ticked is what is signed."""
    subject = f"J'ai lu le devis {draft.quote.number}, version{french.NBSP}{version},"
    beside = [
        *(["ses conditions générales"] if has_terms else []),
        *(["les documents qui font partie du contrat"] if draft.has_contract_documents else []),
        *(["les informations sur mes droits"] if draft.needs.notices else []),
    ]
    if beside:
        read = f"{french.listed(beside) if len(beside) > 1 else f'et {beside[0]}'}. Je les accepte"
    else:
        read = "et je l'accepte"
    consents = [
        Consent("quote", f"{subject} {read}. Bon pour accord.", required=True),
        Consent("electronic", ELECTRONIC, required=True),
    ]
    consents += [
        Consent(one.id, one.words, required=True, otherwise=one.otherwise) for one in draft.certificates
    ]
    consents += [Consent(name, WORDS[name], required=True) for name in draft.needs.required]
    consents += [Consent(name, WORDS[name], required=False) for name in draft.needs.asked]
    return consents
