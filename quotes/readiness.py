"""What is missing before a quote is sent: what stops it, and what the law or good sense would still have it say.

Blocking is what cannot be sent at all, contradicts itself, or would make the contract void. The rest is advice: a
fine may be due for it, but the quote binds both sides, and only its owner knows whether it applies to their trade.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from functools import cached_property

from quotes import money
from quotes.models import Company, Customer, Quote, QuoteLine
from quotes.models.quote import today_in_paris


class Place(Enum):
    """Where something is mended."""

    QUOTE = "quote"
    CUSTOMER = "customer"
    COMPANY = "company"


@dataclass(frozen=True)
class Finding:
    """`field` names what to fill in at that place; `law` says who asks for it, if not good sense alone."""

    sentence: str
    place: Place
    field: str
    law: str = ""
    blocking: bool = False


class Draft:
    """A working copy as it stands, read once."""

    def __init__(self, quote: Quote) -> None:
        self.quote = quote
        self.company = Company.objects.first() or Company()
        self.lines = list(quote.lines.all())

    @property
    def priced(self) -> list[QuoteLine]:
        return [line for line in self.lines if line.kind == QuoteLine.Kind.ITEM]

    @cached_property
    def for_consumer(self) -> bool:
        return self.quote.customer.kind == Customer.Kind.INDIVIDUAL

    @property
    def at_home(self) -> bool:
        """Off premises with a consumer: what art. L221-9 asks for is asked for on pain of nullity."""
        return self.for_consumer and self.quote.contract == Quote.Contract.OFF_PREMISES

    @property
    def has_vat(self) -> bool:
        return any(line.vat_rate for line in self.priced)

    @property
    def has_dates(self) -> bool:
        return bool(self.quote.start or self.quote.duration)

    @property
    def company_is_complete(self) -> bool:
        company = self.company
        return all((company.siret, company.legal_name, company.address, company.phone, company.email))

    @property
    def says_its_capital(self) -> bool:
        """Companies of these forms name it; others have none."""
        forms = ("SARL", "EURL", "SAS", "SASU", "SA")
        return self.company.legal_form.upper() not in forms or bool(self.company.capital)

    @property
    def deposit_is_too_much(self) -> bool:
        """A share of the total never is."""
        quote = self.quote
        in_euros = quote.deposit_kind == Quote.DepositKind.AMOUNT
        return in_euros and quote.deposit_value > money.totals(self.lines).incl_tax

    @property
    def deposit_can_be_paid(self) -> bool:
        chosen = self.quote.payment_methods
        methods = self.company.payment_methods if chosen is None else chosen
        return self.quote.deposit_kind == Quote.DepositKind.NONE or bool(methods)


DECREE = "Arrêté du 24 janvier 2017, dépannage et travaux dans le bâtiment"
NAMES_OF_SELLER = "Art. R123-237 du code de commerce"

CHECKS: tuple[tuple[Finding, Callable[[Draft], bool]], ...] = (
    (
        Finding("Ajoutez au moins une ligne avec un prix.", Place.QUOTE, "lines", blocking=True),
        lambda draft: not any(line.counts for line in draft.lines),
    ),
    (
        Finding("La date de validité est passée.", Place.QUOTE, "valid_until", DECREE, blocking=True),
        lambda draft: draft.quote.valid_until < today_in_paris(),
    ),
    (
        Finding("Le client n'a pas d'adresse mail.", Place.CUSTOMER, "email", blocking=True),
        lambda draft: not draft.quote.customer.email,
    ),
    (
        Finding("L'acompte dépasse le total TTC.", Place.QUOTE, "deposit_value", blocking=True),
        lambda draft: draft.deposit_is_too_much,
    ),
    (
        Finding(
            "Complétez l'entreprise\u00a0: dénomination, SIRET, adresse, téléphone et mail.",
            Place.COMPANY,
            "siret",
            NAMES_OF_SELLER,
            blocking=True,
        ),
        lambda draft: not draft.company_is_complete,
    ),
    (
        Finding(
            "Le devis compte de la TVA et dit «\u00a0TVA non applicable\u00a0»\u00a0: donnez le numéro de TVA.",
            Place.COMPANY,
            "vat_number",
            "Art. 283, 3 et 293 B du code général des impôts",
            blocking=True,
        ),
        lambda draft: draft.has_vat and not draft.company.vat_number,
    ),
    (
        Finding(
            "Nommez votre médiateur de la consommation\u00a0: hors établissement, le contrat est nul sans lui.",
            Place.COMPANY,
            "mediator",
            "Art. L221-9 et L616-1 du code de la consommation\u00a0; Cass. 1re civ., 18 septembre 2024, n° 22-19.583",
            blocking=True,
        ),
        lambda draft: draft.at_home and not draft.company.mediator,
    ),
    (
        Finding(
            "Dites le début ou la durée des travaux\u00a0: hors établissement, le contrat est nul sans délai.",
            Place.QUOTE,
            "start",
            "Art. L221-9 et L111-1, 3° du code de la consommation",
            blocking=True,
        ),
        lambda draft: draft.at_home and not draft.has_dates,
    ),
    (
        Finding(
            "Nommez votre médiateur de la consommation, avec son adresse et son site.",
            Place.COMPANY,
            "mediator",
            "Art. L616-1 et R616-1 du code de la consommation",
        ),
        lambda draft: draft.for_consumer and not draft.at_home and not draft.company.mediator,
    ),
    (
        Finding(
            "Dites le début ou la durée des travaux.",
            Place.QUOTE,
            "start",
            "Art. L111-1, 3° du code de la consommation",
        ),
        lambda draft: draft.for_consumer and not draft.at_home and not draft.has_dates,
    ),
    (
        Finding(
            "Nommez l'assureur de votre garantie obligatoire, par exemple décennale, et le territoire couvert.",
            Place.COMPANY,
            "insurer",
            "Art. L243-2 du code des assurances et, pour les artisans, art. 22-2 de la loi du 5 juillet 1996",
        ),
        lambda draft: not draft.company.insurer,
    ),
    (
        Finding(
            "Dites ce que coûte le déplacement, même s'il est compris.", Place.COMPANY, "travel_costs", DECREE
        ),
        lambda draft: draft.for_consumer and not draft.company.travel_costs,
    ),
    (
        Finding("Dites si le devis est gratuit ou payant.", Place.COMPANY, "quote_cost", DECREE),
        lambda draft: draft.for_consumer and not draft.company.quote_cost,
    ),
    (
        Finding(
            "Donnez une unité à chaque prix\u00a0: heure, m², forfait.",
            Place.QUOTE,
            "lines",
            DECREE,
        ),
        lambda draft: draft.for_consumer and any(not line.unit for line in draft.priced),
    ),
    (
        Finding("Indiquez l'adresse du chantier.", Place.QUOTE, "worksite", DECREE),
        lambda draft: draft.for_consumer and not draft.quote.worksite,
    ),
    (
        Finding("Une ligne est à 0\u00a0€\u00a0: est-elle offerte\u00a0?", Place.QUOTE, "lines"),
        lambda draft: any(line.counts and line.total == Decimal(0) for line in draft.lines),
    ),
    (
        Finding("Le client n'a pas d'adresse postale.", Place.CUSTOMER, "address"),
        lambda draft: not draft.quote.customer.address,
    ),
    (
        Finding(
            "Aucun moyen de paiement n'est proposé pour l'acompte\u00a0: le client ne pourra pas le régler en ligne.",
            Place.QUOTE,
            "payment_methods",
        ),
        lambda draft: not draft.deposit_can_be_paid,
    ),
    (
        Finding("Donnez le RCS ou le RNE de l'entreprise.", Place.COMPANY, "registration", NAMES_OF_SELLER),
        lambda draft: not draft.company.registration,
    ),
    (
        Finding(
            "Donnez le capital de la société.",
            Place.COMPANY,
            "capital",
            "Art. R123-238 du code de commerce",
        ),
        lambda draft: not draft.says_its_capital,
    ),
    (
        Finding(
            "Joignez vos conditions générales\u00a0: entre professionnels, elles fixent les pénalités de retard.",
            Place.COMPANY,
            "terms_text",
            "Art. L441-10 du code de commerce",
        ),
        lambda draft: not draft.for_consumer and draft.company.terms is None,
    ),
    (
        Finding(
            "Joignez vos conditions générales\u00a0: elles rappellent au client les garanties légales.",
            Place.COMPANY,
            "terms_text",
            "Art. L111-1, 5° du code de la consommation",
        ),
        lambda draft: draft.for_consumer and draft.company.terms is None,
    ),
)


def findings(quote: Quote) -> list[Finding]:
    """Everything that is missing, what stops the quote first."""
    draft = Draft(quote)
    return [finding for finding, is_missing in CHECKS if is_missing(draft)]


def missing(quote: Quote) -> list[str]:
    """What must be mended before sending; an empty list when nothing is."""
    return [finding.sentence for finding in findings(quote) if finding.blocking]
