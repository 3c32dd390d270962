"""What the three pages that the law asks of a site say: the site's own notice, persons' data, accessibility.

All of it is read from the company's row and the installation's settings; `missing` names what they still lack.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.core.files.storage import FileSystemStorage, default_storage

from lib.day import today_in_paris
from quotes.findings import Finding, MendedAt
from quotes.law import retention
from quotes.law.references import cite
from quotes.models import Company


@dataclass(frozen=True)
class DataFacts:
    """What of « Vos données personnelles » depends on the installation."""

    takes_cards: bool
    stores_elsewhere: bool
    prospects: retention.Period = retention.PROSPECTS
    traces: retention.Period = retention.TRACES
    contracts: retention.Period = retention.CONTRACTS

    @property
    def law(self) -> dict[str, str]:
        subjects = ("personal_data", "archive_of_contracts", "archive_of_accounts")
        return {subject: cite(subject, on=today_in_paris()) for subject in subjects}


def data_facts() -> DataFacts:
    return DataFacts(
        takes_cards=bool(settings.STRIPE_SECRET_KEY),
        stores_elsewhere=not isinstance(default_storage, FileSystemStorage),
    )


State = Company.Accessibility
# Field of the company, who asks for it, what to do, and when it is lacking; in the order of the company's form.
ASKED: tuple[tuple[str, str, str, Callable[[Company], bool]], ...] = (
    (
        "publication_director",
        "legal_notice",
        "Nommez le directeur de la publication\u00a0: pour une société, c'est son représentant légal.",
        lambda company: not company.publication_director,
    ),
    (
        "host",
        "legal_notice",
        "Donnez le nom et l'adresse de l'hébergeur de ce site.",
        lambda company: not company.host,
    ),
    (
        "host_phone",
        "legal_notice",
        "Donnez le numéro de téléphone de l'hébergeur.",
        lambda company: not company.host_phone,
    ),
    (
        "accessibility",
        "accessibility",
        "Dites où en est l'accessibilité de vos pages, ou que vous êtes une microentreprise.",
        lambda company: company.accessibility == State.NOT_ASSESSED and not company.is_micro,
    ),
    (
        "accessibility_tested_on",
        "accessibility",
        "Donnez la date de l'essai d'accessibilité.",
        lambda company: company.accessibility != State.NOT_ASSESSED and not company.accessibility_tested_on,
    ),
    (
        "accessibility_gaps",
        "accessibility",
        "Dites ce qui n'est pas encore accessible.",
        lambda company: (
            company.accessibility in (State.NONE, State.PARTIAL) and not company.accessibility_gaps
        ),
    ),
)


def missing(company: Company) -> list[Finding]:
    """What these pages cannot say yet."""
    today = today_in_paris()
    return [
        Finding(sentence, MendedAt.COMPANY, field, cite(subject, on=today))
        for field, subject, sentence, lacks in ASKED
        if lacks(company)
    ]
