"""What the quotes application writes to people. Called inside the transaction of the fact that it tells."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from notifications import outbox, rendering, vault
from notifications.models import OutgoingEmail
from notifications.staff import who_may
from quotes import french, journal, links, withdrawal
from quotes.colour import Palette
from quotes.journal import Actor
from quotes.models import AccessLink, Answer, Company, Question, Quote, QuoteVersion
from quotes.models.access import end_of_link


def company_context() -> dict[str, str]:
    """The seller's identity, as every mail bears it."""
    company = Company.current()
    palette = Palette.of(company.colour)
    return {
        "name": company.name,
        "phone": french.phone(company.phone),
        "phone_address": french.phone_address(company.phone),
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
        "owner": quote.owner.get_full_name() or quote.owner.get_username(),
        "customer": quote.customer.name,
        "admin_url": links.desk_address(quote),
        "quote_url": links.quote_address(quote),
    }


def amounts(version: QuoteVersion) -> dict[str, str]:
    return {
        "total": french.money(version.total),
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


def to_staff(message: str, quote: Quote, *, kind: str, text: str, context: dict[str, Any]) -> None:
    """Tell the owner by mail and in the application, as each person chose."""
    everything = common(quote) | context
    mail = outbox.StaffMail(message, everything, sender_name=everything["company"]["name"])
    for person in staff_of(quote):
        notice(person, quote, kind=kind, text=text, mail=mail)


def notice(person: User, quote: Quote, *, kind: str, text: str, mail: outbox.StaffMail | None = None) -> None:
    url = links.desk_address(quote)
    outbox.tell(person, kind=kind, text=text, about=quote.number, url=url, mail=mail)


def with_link(message: str, quote: Quote, link: AccessLink, address: str, *, context: dict[str, Any]) -> None:
    """A mail that carries a link: it is not sent once the link has died."""
    to_customer(
        message,
        quote,
        to=link.email,
        context={"link_until": french.moment(link.expires_at)} | context,
        secrets={"link": address},
        expires_at=link.expires_at,
    )


def as_read(message: str, quote: Quote, *, context: dict[str, Any]) -> tuple[str, rendering.Rendering]:
    """Subject and words of a mail that carries a link, before there is one."""
    everything = common(quote) | {"link_until": french.moment(end_of_link())} | context
    subject = rendering.subject(message, everything)
    return subject, rendering.render(message, everything, vault.masked({"link": ""}), subject=subject)


def usual_words(message: str, quote: Quote) -> str:
    """What a mail says after the greeting unless its sender writes something else."""
    return rendering.words(message.removeprefix("quotes/"), {"title": quote.title})


def sent(quote: Quote, version: QuoteVersion, link: AccessLink, address: str) -> None:
    context = amounts(version) | {"words": version.mail_words}
    with_link("quotes/link", quote, link, address, context=context)


def new_version(
    quote: Quote, version: QuoteVersion, link: AccessLink, address: str, *, changes: list[str]
) -> None:
    context = amounts(version) | {"changes": changes, "words": version.mail_words}
    with_link("quotes/new_version", quote, link, address, context=context)


def reminder(quote: Quote, version: QuoteVersion, link: AccessLink, address: str, *, words: str) -> None:
    with_link("quotes/reminder", quote, link, address, context=amounts(version) | {"words": words})


def expiring(quote: Quote, version: QuoteVersion) -> None:
    """The owner may still remind the customer, or give them more time."""
    context = amounts(version)
    text = f"Le devis {quote.number} pour {quote.customer.name} expire le {context['valid_until']}."
    to_staff("quotes/expiring_owner", quote, kind="expiring", text=text, context=context)


def new_link(quote: Quote, link: AccessLink, address: str) -> None:
    with_link("quotes/new_link", quote, link, address, context={})


def question_asked(question: Question) -> None:
    quote = question.quote
    context = {"text": question.text, "phone": question.phone}
    text = f"{quote.customer.name} pose une question sur {quote.number}."
    to_staff("quotes/question_owner", quote, kind="question", text=text, context=context)
    to_customer("quotes/question_received", quote, context=context)


def answered(answer: Answer, link: AccessLink, address: str) -> None:
    context = {"question": answer.question.text, "text": answer.text}
    with_link("quotes/answer", answer.question.quote, link, address, context=context)


def refused(quote: Quote, *, reason: str) -> None:
    context = {"reason": reason}
    text = f"{quote.customer.name} a refusé le devis {quote.number}."
    to_staff("quotes/refused_owner", quote, kind="refused", text=text, context=context)
    to_customer("quotes/refused", quote, context=context)


def withdrawn(quote: Quote, *, name: str, email: str) -> None:
    """The receipt that the law wants (art. L221-21), at the address that the customer gave, and word to the owner."""
    at = quote.withdrawn_at or timezone.now()
    context = {
        "declaration": f"Je soussigné(e) {name} renonce au contrat {quote.number}, {french.quoted(quote.title)}.",
        "withdrawn_at": f"{french.day(french.in_paris(at).date())} à {french.second(at)}",
        "refund_by": french.day(withdrawal.refund_by(at)),
    }
    to_customer("quotes/withdrawn", quote, to=email, context=context)
    text = f"{name} renonce au contrat {quote.number}."
    to_staff("quotes/withdrawn_owner", quote, kind="withdrawn", text=text, context=context)


def sending_failed(quote: Quote, *, reason: str) -> None:
    text = f"Le devis {quote.number} n'est pas parti : son PDF n'a pas pu être fait."
    to_staff("quotes/sending_failed_owner", quote, kind="failure", text=text, context={"reason": reason})


def delivered(email: OutgoingEmail) -> None:
    """Called by the outbox when a mail about a quote was sent, has failed or is outdated."""
    quote = Quote.objects.with_parties().filter(number=email.about).first()
    if quote is None:
        return
    if email.state in (OutgoingEmail.State.FAILED, OutgoingEmail.State.ATTENTION):
        text = f"Un mail du devis {quote.number} à {email.to} n'est pas parti."
        for person in staff_of(quote):
            notice(person, quote, kind="failure", text=text)
    journal.append(
        quote,
        f"mail_{email.state}",
        actor=Actor.system(),
        message=email.message,
        to=email.to,
        message_id=email.message_id,
        smtp_reply=email.smtp_reply or "",
        attempts=email.attempts,
    )
