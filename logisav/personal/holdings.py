"""Where something of a person is held: every table either says what of it is theirs, or why nothing of it is.

A person is known by a mailbox: the customers who have it, their quotes and all that hangs on those, and what went to
that mailbox beside. Of a quote whose customer has another address only what bears this one is theirs. What somebody
who works here was told about customers is the customers'.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, Q

from lib.retention import Rows
from logisav.staff.models import Invitation, RecoveryCode, SecondFactor, Session, StaffAction
from notifications.models import Notification, NotificationChoice, OutgoingEmail
from payments.models import Deposit, Dispute, Payment, Refund, StripeEvent
from quotes.models import (
    AccessLink,
    Aid,
    Answer,
    Customer,
    Declaration,
    DraftPdf,
    Question,
    Quote,
    QuoteEnclosure,
    QuoteEvent,
    QuoteLine,
    QuoteVersion,
)
from signing.models import PaperAcceptance, SealedDocument, Signature, SigningAllowance, SigningRequest


@dataclass(frozen=True)
class Person:
    """`quotes` by key and `numbers` by name; `users` is the account of who works here."""

    mail: str
    customers: tuple[int, ...]
    quotes: tuple[int, ...]
    numbers: tuple[str, ...]
    public_ids: tuple[str, ...]
    users: tuple[int, ...]


def of(mail: str) -> Person:
    customers = tuple(Customer.objects.filter(email__iexact=mail).order_by("pk").values_list("pk", flat=True))
    quotes = list(Quote.objects.filter(customer__in=customers).order_by("pk"))
    return Person(
        mail=mail,
        customers=customers,
        quotes=tuple(quote.pk for quote in quotes),
        numbers=tuple(quote.number for quote in quotes),
        public_ids=tuple(quote.public_id for quote in quotes),
        users=tuple(User.objects.filter(email__iexact=mail).order_by("pk").values_list("pk", flat=True)),
    )


def _of_quotes(person: Person) -> Q:
    return Q(quote__in=person.quotes)


def _of_quotes_or_mailbox(person: Person) -> Q:
    return _of_quotes(person) | Q(email__iexact=person.mail)


def _mails(person: Person) -> Q:
    """What went to somebody else about this person's quote is about them too."""
    about = [*person.numbers, *(f"client {pk}" for pk in person.customers)]
    if person.users:
        return Q(about__in=[*about, *(f"compte {pk}" for pk in person.users)])
    return Q(to__iexact=person.mail) | Q(about__in=about)


def _forms(person: Person) -> Q:
    """Django's log of the admin: what was typed into the person's rows."""
    kinds = ContentType.objects.get_for_models(Customer, Quote)
    of_customers = Q(content_type=kinds[Customer], object_id__in=[str(pk) for pk in person.customers])
    of_quotes = Q(content_type=kinds[Quote], object_id__in=[str(pk) for pk in person.quotes])
    return of_customers | of_quotes


def _sessions(person: Person) -> Q:
    """A browser's, that holds a grant for one of these quotes; the desk's, of this account."""
    open_ = Session.objects.filter(user=None)
    theirs = [row.pk for row in open_ if set(row.get_decoded().get("grants", {})) & set(person.public_ids)]
    return Q(pk__in=theirs) | Q(user__in=person.users)


# In the order in which the export tells them.
HELD: dict[type[Model], Callable[[Person], Q]] = {
    Customer: lambda person: Q(pk__in=person.customers),
    Quote: lambda person: Q(pk__in=person.quotes),
    QuoteLine: _of_quotes,
    Aid: _of_quotes,
    QuoteEnclosure: _of_quotes,
    QuoteVersion: _of_quotes_or_mailbox,
    DraftPdf: _of_quotes,
    AccessLink: _of_quotes_or_mailbox,
    Question: _of_quotes,
    Answer: lambda person: Q(question__quote__in=person.quotes),
    SigningRequest: _of_quotes_or_mailbox,
    SigningAllowance: _of_quotes,
    Signature: _of_quotes_or_mailbox,
    PaperAcceptance: _of_quotes,
    SealedDocument: lambda person: (
        Q(signature__quote__in=person.quotes) | Q(signature__email__iexact=person.mail)
    ),
    Declaration: _of_quotes_or_mailbox,
    Deposit: _of_quotes,
    Payment: lambda person: Q(deposit__quote__in=person.quotes) | Q(receipt_email__iexact=person.mail),
    Refund: lambda person: Q(payment__deposit__quote__in=person.quotes),
    Dispute: lambda person: Q(payment__deposit__quote__in=person.quotes),
    StripeEvent: lambda person: Q(payment__deposit__quote__in=person.quotes),
    QuoteEvent: _of_quotes,
    OutgoingEmail: _mails,
    Notification: lambda person: Q(about__in=person.numbers),
    Session: _sessions,
    LogEntry: _forms,
    User: lambda person: Q(pk__in=person.users),
    StaffAction: lambda person: Q(who__in=person.users),
    SecondFactor: lambda person: Q(user__in=person.users),
    RecoveryCode: lambda person: Q(factor__user__in=person.users),
    NotificationChoice: lambda person: Q(user__in=person.users),
    Invitation: lambda person: Q(email__iexact=person.mail),
}

_OURS = "l'entreprise elle-même, et ce qu'elle propose à tous"
_HASHES = "des empreintes et des numéros, qui ne disent rien de personne"
_MACHINE = "l'état des machines et des files"
_DJANGO = "des noms de droits et de tables"
NOT_HELD: dict[str, str] = {
    "quotes.Company": _OURS,
    "quotes.CatalogueItem": _OURS,
    "quotes.ItemEnclosure": _OURS,
    "quotes.TextTemplate": _OURS,
    "quotes.QuoteTemplate": _OURS,
    "quotes.TemplateLine": _OURS,
    "quotes.NumberCounter": "le dernier numéro de devis de chaque année",
    "quotes.JournalHead": _HASHES,
    "quotes.PurgePermit": _HASHES,
    "quotes.PurgeOpening": _HASHES,
    "quotes.PurgedEvent": _HASHES,
    "quotes.PurgedFile": _HASHES,
    "quotes.StagedImport": "un fichier lu pour un import, effacé au bout d'un jour",
    "quotes.KnownColumn": "les titres de colonnes qu'on a rapprochés en important un fichier",
    "signing.Anchor": _HASHES,
    "notifications.Restoration": _MACHINE,
    "notifications.QueueEntry": _MACHINE,
    "notifications.Reading": _MACHINE,
    "notifications.Alarm": _MACHINE,
    "lib.Counter": "des empreintes à clé, effacées au bout d'un jour au plus",
    "auth.Permission": _DJANGO,
    "auth.Group": _DJANGO,
    "contenttypes.ContentType": _DJANGO,
    "sessions.Session": "la table de Django, qui reste vide : la nôtre est logisav.Session",
}


def unaccounted() -> set[str]:
    """Tables that nobody has thought about; and names here that are no table any more."""
    known = {model._meta.label for model in HELD} | NOT_HELD.keys()
    return known ^ {model._meta.label for model in apps.get_models()}


def rows_of(person: Person) -> dict[type[Model], Rows]:
    managers: dict[type[Model], Any] = {model: model._default_manager for model in HELD}
    return {model: managers[model].filter(theirs(person)).order_by("pk") for model, theirs in HELD.items()}
