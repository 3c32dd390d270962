"""What the quotes application writes to people. Called inside the transaction of the fact that it tells."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import User
from django.urls import reverse

from lib import addresses, french, limiter, phones
from notifications import events, outbox, rendering, vault
from notifications.models import OutgoingEmail
from notifications.outbox import Attachment
from notifications.staff import who_may
from notifications.strangers import defused
from quotes import journal, links, rules
from quotes.colour import Palette
from quotes.facts import FAILURE, fact_of
from quotes.journal import Actor
from quotes.law import days
from quotes.models import AccessLink, Answer, Company, Customer, Declaration, Question, Quote, QuoteVersion
from quotes.models.access import end_of_link
from quotes.models.declaration import NUMBER
from quotes.rules import Verb

OF_NO_CONTRACT = "Rétractation"
"""What a mail is about that answers a declaration in which no contract was recognized."""


def company_context() -> dict[str, str]:
    """The seller's identity, as every mail bears it."""
    company = Company.current()
    palette = Palette.of(company.colour)
    return {
        "name": company.name,
        "phone": phones.shown(company.phone),
        "phone_address": phones.dialled(company.phone),
        "email": company.email,
        "legal_line": company.legal_line,
        "band": palette.band,
        "accent": palette.accent,
        "on_accent": palette.on_accent,
        "accent_dark": palette.accent_dark,
        "on_accent_dark": palette.on_accent_dark,
    }


def common(quote: Quote) -> dict[str, Any]:
    return {
        "company": company_context(),
        "greeting": quote.customer.greeting,
        "number": quote.number,
        "title": quote.title,
        "requested_on": french.day(quote.requested_on) if quote.requested_on else "",
        "owner": quote.owner.get_full_name() or quote.owner.get_username(),
        "customer": quote.customer.name,
        "admin_url": links.desk_address(quote),
        "quote_url": links.quote_address(quote),
    }


def amounts(version: QuoteVersion) -> dict[str, str]:
    return {
        "total": french.money(version.total),
        "payable": french.money(version.reading.payable) if version.reading.deducted else "",
        "deposit": french.money(version.deposit) if version.deposit else "",
        "valid_until": french.day(version.valid_until),
        "version": str(version.number),
    }


def to_customer(message: str, quote: Quote, *, to: str = "", **options: Any) -> OutgoingEmail:
    """Queue a mail to the customer, answers going to the quote's owner."""
    context = common(quote) | options.pop("context", {})
    return outbox.queue(
        message,
        to=to or quote.customer.email,
        about=quote.number,
        context=context,
        reply_to=quote.owner.email or context["company"]["email"],
        sender_name=context["company"]["name"],
        url=quote.get_absolute_url(),
        **options,
    )


def staff_of(quote: Quote) -> list[User]:
    """The owner; when inactive, those who manage all quotes."""
    if quote.owner.is_active:
        return [quote.owner]
    return list(who_may("quotes.manage_all_quotes"))


def to_staff(
    message: str, quote: Quote, *, text: str, context: dict[str, Any], also: Iterable[User] = ()
) -> None:
    """Tell the owner, and whom `also` names, by mail and in the application, as each person chose."""
    everything = common(quote) | context
    mail = outbox.StaffMail(message, everything, sender_name=everything["company"]["name"])
    for person in {user.pk: user for user in (*staff_of(quote), *also)}.values():
        tell(person, quote, kind=events.notice_of(message).name, text=text, mail=mail)


def tell(person: User, quote: Quote, *, kind: str, text: str, mail: outbox.StaffMail | None = None) -> None:
    url = links.desk_address(quote)
    outbox.tell(person, kind=kind, text=text, about=quote.number, url=url, mail=mail)


def with_link(
    message: str, quote: Quote, link: AccessLink, address: str, *, context: dict[str, Any], **options: Any
) -> None:
    """A mail that carries a link: it is not sent once the link has died."""
    to_customer(
        message,
        quote,
        to=link.email,
        context={"link_until": french.moment(link.expires_at)} | context,
        secrets={"link": address},
        expires_at=link.expires_at,
        **options,
    )


def travelling(version: QuoteVersion) -> list[Attachment]:
    """What is handed over with a version: the « cadre de contribution » where a CEE is deducted, and its documents."""
    content, pdf = version.reading, "application/pdf"
    cadre = content.handed_contribution
    found = [Attachment(name="cadre-de-contribution.pdf", type=pdf, path=cadre.path)] if cadre else []
    return found + [
        Attachment(name=one.file_name, type=pdf, path=one.path, may_lack=True)
        for one in content.mailed_documents
    ]


def handed_over(version: QuoteVersion) -> dict[str, list[dict[str, str]]]:
    """How its mail names the documents: those that it carries, and those that only the page has."""
    content = version.reading
    return {
        name: [{"title": one.title, "sha256": one.sha256} for one in documents]
        for name, documents in (
            ("attached", content.mailed_documents),
            ("too_heavy", content.unmailed_documents),
        )
    }


def as_read(message: str, quote: Quote, *, context: dict[str, Any]) -> tuple[str, rendering.Rendering]:
    """Subject and words of a mail that carries a link, before there is one."""
    everything = common(quote) | {"link_until": french.moment(end_of_link())} | context
    subject = rendering.subject(message, everything)
    return subject, rendering.render(message, everything, vault.masked({"link": ""}), subject=subject)


def usual_words(message: str, quote: Quote) -> str:
    """What a mail says after the greeting unless its sender writes something else."""
    return rendering.words(message.removeprefix("quotes/"), {"title": quote.title})


def sent(quote: Quote, version: QuoteVersion, link: AccessLink, address: str) -> None:
    context = amounts(version) | handed_over(version) | {"words": version.mail_words}
    with_link("quotes/link", quote, link, address, context=context, attachments=travelling(version))


def new_version(
    quote: Quote, version: QuoteVersion, link: AccessLink, address: str, *, changes: list[str]
) -> None:
    context = amounts(version) | handed_over(version) | {"changes": changes, "words": version.mail_words}
    with_link("quotes/new_version", quote, link, address, context=context, attachments=travelling(version))


def reminder(quote: Quote, version: QuoteVersion, link: AccessLink, address: str, *, words: str) -> None:
    with_link("quotes/reminder", quote, link, address, context=amounts(version) | {"words": words})


def expiring(quote: Quote, version: QuoteVersion) -> None:
    """The owner may still remind the customer, or give them more time."""
    context = amounts(version)
    text = f"Le devis {quote.number} pour {quote.customer.name} expire le {context['valid_until']}."
    to_staff("quotes/expiring_owner", quote, text=text, context=context)


def new_link(quote: Quote, link: AccessLink, address: str) -> None:
    with_link("quotes/new_link", quote, link, address, context={})


def question_asked(question: Question) -> None:
    quote = question.quote
    context = {"text": defused(question.text), "phone": phones.shown(question.phone)}
    text = f"{quote.customer.name} pose une question sur {quote.number}."
    to_staff("quotes/question_owner", quote, text=text, context=context)
    to_customer("quotes/question_received", quote, context=context)


def answered(answer: Answer, link: AccessLink, address: str) -> None:
    context = {"question": defused(answer.question.text), "text": answer.text}
    with_link("quotes/answer", answer.question.quote, link, address, context=context)


def refused(quote: Quote, *, reason: str) -> None:
    context = {"reason": defused(reason)}
    text = f"{quote.customer.name} a refusé le devis {quote.number}."
    to_staff("quotes/refused_owner", quote, text=text, context=context)
    to_customer("quotes/refused", quote, context=context)


def address_changed(customer: Customer, *, old: str) -> None:
    """To the old address, which may be a stranger's by now: neither the new one nor a quote is named."""
    company = company_context()
    outbox.queue(
        "quotes/address_changed",
        to=old,
        about=f"client {customer.pk}",
        context={"company": company, "greeting": customer.greeting},
        reply_to=company["email"],
        sender_name=company["name"],
    )


def address_changed_by(actor: Actor, quotes: list[Quote], *, old: str, new: str) -> None:
    """To everybody whose quotes it concerns, once each, save to whoever did it."""
    latest = {person: quote for quote in quotes for person in staff_of(quote)}
    for person, quote in latest.items():
        if actor.kind == "staff" and actor.name == person.get_username():
            continue
        text = f"L'adresse mail de {quote.customer.name} a changé\u00a0: {new}."
        context = common(quote) | {"old": old, "new": new, "by": actor.name}
        mail = outbox.StaffMail(
            "quotes/address_changed_owner", context, sender_name=context["company"]["name"]
        )
        kind = events.notice_of("quotes/address_changed_owner").name
        tell(person, quote, kind=kind, text=text, mail=mail)


# A withdrawal. Of what was typed only the name goes into a mail, and of it only what a name is made of.


def _words(quote: Quote, declaration: Declaration) -> dict[str, Any]:
    title = french.quoted(quote.title)
    words = f"Je soussigné(e) {declaration.signed_name} renonce au contrat {quote.number}, {title}."
    declared_at = moment(declaration.declared_at)
    received = f"Déclaration reçue le {declared_at} (heure de Paris)."
    if declaration.channel != Declaration.Channel.PAGE:  # a letter bears no hour, and its words are its own
        declared_at = french.day(french.in_paris(declaration.declared_at).date())
        received = f"Rétractation reçue {declaration.in_words}, envoyée le {declared_at}."
        words = f"Rétractation du contrat {quote.number}, {title}, au nom de {declaration.signed_name}."
    declared_on = french.in_paris(declaration.declared_at).date()
    signed_on = french.day(french.in_paris(quote.accepted_at).date()) if quote.accepted_at else ""
    return {
        "declared_at": declared_at,
        "received": received,
        "signed_on": signed_on,
        "asked_early_start": quote.early_start,
        "goods": quote.delivered_on is not None,
        "declaration": words,
        "came_with_link": declaration.proof != Declaration.Proof.NONE,
        "answer_until": french.moment(declaration.answer_until),
        "refund_by": french.day(days.refund_by(quote.withdrawal_known_on or declared_on)),
    }


def moment(at: dt.datetime) -> str:
    return f"{french.day(french.in_paris(at).date())} à {french.second(at)}"


def declared(quote: Quote, declaration: Declaration, address: str) -> None:
    """The receipt that the law wants (art. L221-21), always at the contract's address; with the page to answer on."""
    to_customer("quotes/declared", quote, context=_words(quote, declaration), secrets={"page": address})


def copy_of_declaration(declaration: Declaration, *, number: str) -> None:
    """The receipt at an address that anybody may have typed: rarely, and with hardly a word of theirs."""
    company = Company.objects.first()
    if company is None or not declaration.email:
        return
    once_a_day = limiter.TYPED_RECEIPT.of(address=declaration.email.lower())
    if limiter.take(once_a_day, limiter.TYPED_RECEIPTS.of()).wait is not None:
        return
    seller = company_context()
    outbox.queue(
        "quotes/declared_copy",
        to=declaration.email,
        about=number or OF_NO_CONTRACT,
        context={
            "company": seller,
            "declared_at": moment(declaration.declared_at),
            "declaration": declared_words(declaration, number=number),
        },
        reply_to=seller["email"],
        sender_name=seller["name"],
    )


def declared_words(declaration: Declaration, *, number: str) -> str:
    """`number` where it has the form of one; with a name of which nothing is left the sentence still stands."""
    contract = f"au contrat {number}" if NUMBER.fullmatch(number) else "à mon contrat"
    return f"Je soussigné(e) {declaration.signed_name} renonce {contract}.".replace("  ", " ")


def declared_owner(quote: Quote, declaration: Declaration) -> None:
    text = f"Rétractation déclarée au nom de {declaration.signed_name} pour {quote.number}, à confirmer."
    to_staff("quotes/declared_owner", quote, text=text, context=_words(quote, declaration))


def declared_again_owner(quote: Quote, declaration: Declaration) -> None:
    """Owner and managers, each once."""
    text = f"Une rétractation déclarée pour {quote.number} est toujours à rapprocher."
    managers, context = who_may("quotes.manage_all_quotes"), _words(quote, declaration)
    to_staff("quotes/declared_again_owner", quote, text=text, context=context, also=managers)


def declared_of_no_contract(declaration: Declaration, quote: Quote | None) -> None:
    """Behind the bell alone: of the owner where it names their quote, else of whoever manages all."""
    at, name = french.moment(declaration.declared_at), declaration.signed_name
    kind = events.notice_of("quotes/declared_owner").name
    if quote is not None:
        text = f"Rétractation déclarée au nom de {name} le {at} pour {quote.number}, qui n'y est pas ouvert."
        for person in staff_of(quote):
            tell(person, quote, kind=kind, text=text)
        return
    text = f"Rétractation déclarée au nom de {name} le {at}, sans contrat reconnu : cherchez ce client."
    url = addresses.absolute(reverse("admin:quotes_quote_changelist"))
    for person in who_may("quotes.manage_all_quotes"):
        outbox.tell(person, kind=kind, text=text, about=OF_NO_CONTRACT, url=url)


def withdrawal_code(quote: Quote, declaration: Declaration, *, code: str) -> None:
    expires_at = declaration.code_expires_at
    context = {"code_until": french.hour(expires_at) if expires_at else ""}
    to_customer(
        "quotes/withdrawal_code", quote, context=context, secrets={"code": code}, expires_at=expires_at
    )


def disowned(quote: Quote, declaration: Declaration) -> None:
    context = _words(quote, declaration)
    to_customer("quotes/disowned", quote, context=context)
    text = f"{quote.customer.name} dément la rétractation déclarée pour {quote.number}."
    to_staff("quotes/disowned_owner", quote, text=text, context=context)


def withdrawn(quote: Quote, declaration: Declaration) -> None:
    """The contract is over as of the declaration: to the contract's address, and word to the owner."""
    context = _words(quote, declaration)
    to_customer("quotes/withdrawn", quote, context=context)
    text = f"{declaration.signed_name or quote.customer.name} renonce au contrat {quote.number}."
    to_staff("quotes/withdrawn_owner", quote, text=text, context=context)


def delivered_goods(quote: Quote, *, last_day: dt.date) -> None:
    """From the delivery on the right to withdraw has an end, and whoever has it knows when."""
    day = french.day(quote.delivered_on) if quote.delivered_on else ""
    context = {
        "delivered_on": day,
        "last_day": french.day(last_day),
        "function": links.withdrawal_address(quote),
    }
    to_customer("quotes/delivered", quote, context=context)


def sending_failed(quote: Quote, *, reason: str) -> None:
    text = f"Le devis {quote.number} n'est pas parti : son PDF n'a pas pu être fait."
    to_staff("quotes/sending_failed_owner", quote, text=text, context={"reason": reason})


def choice_failed(quote: Quote, *, reason: str) -> None:
    text = f"Devis {quote.number}\u00a0: le choix d'options du client n'a pas pu être préparé."
    to_staff("quotes/choice_failed_owner", quote, text=text, context={"reason": reason})


def version_lost(quote: Quote, version: QuoteVersion, *, reason: str) -> None:
    text = f"Le devis {quote.number} n'est plus signable : le PDF de sa version {version.number} est perdu."
    context = {"version": str(version.number), "reason": reason}
    to_staff("quotes/version_lost_owner", quote, text=text, context=context)


def stuck(quote: Quote, *, what: str, effect: str, to_do: str, reason: str) -> None:
    context = {"what": what, "effect": effect, "to_do": to_do, "reason": reason}
    text = f"{quote.number}\u00a0: {what}"
    to_staff("quotes/stuck_owner", quote, text=text, context=context)


def mail_stuck(email: OutgoingEmail) -> None:
    """Called by the outbox when a mail about a quote cannot be written for now."""
    quote = Quote.objects.with_parties().filter(number=email.about).first()
    if quote is None:
        return
    text = f"Un mail du devis {quote.number} à {email.to} ne part pas encore\u00a0: prévenez qui administre Logisav."
    for person in staff_of(quote):
        tell(person, quote, kind=FAILURE.name, text=text)


def why_held(email: OutgoingEmail) -> str:
    """Why a mail about a quote is not repeated now; empty: it may be."""
    quote = Quote.objects.with_parties().filter(number=email.about).first()
    if quote is None:
        return ""
    why = rules.why_not(Verb.REPEAT_MAIL, quote.circumstances(quote.current_version()))
    return "" if why is None else f"« Renvoyer » n'est pas possible : {quote.words_for(why)}"


def delivered(email: OutgoingEmail) -> None:
    """Called by the outbox when a mail about a quote was sent, has failed or is outdated."""
    quotes = Quote.objects.with_parties().filter(number=email.about)
    if email.state != OutgoingEmail.State.SENT:  # lists tell it, so it is written under the quote's lock
        quotes = quotes.select_for_update(of=("self",), no_key=True)
    quote = quotes.first()
    if quote is None:
        return
    kind = f"mail_{email.state}"
    if (notice := fact_of(kind).notice) is not None:
        text = f"Un mail du devis {quote.number} à {email.to} n'est pas parti."
        for person in staff_of(quote):
            tell(person, quote, kind=notice.name, text=text)
    journal.append(
        quote,
        kind,
        actor=Actor.system(),
        message=email.message,
        to=email.to,
        message_id=email.message_id,
        smtp_reply=email.smtp_reply or "",
        attempts=email.attempts,
    )
