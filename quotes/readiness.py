"""What is missing before a quote is sent: what stops it, and what the law or good sense would still have it say.

Blocking is what cannot be sent at all, contradicts itself, or would make the contract void. The rest is advice: a
fine may be due for it, but the quote binds both sides, and only its owner knows whether it applies to their trade.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from functools import cached_property, partial

from django.db import models
from django.utils import timezone

from lib import french, printable
from lib.day import today_in_paris
from lib.fields import NOT_STORABLE
from quotes import money
from quotes.content import MOST_MAILED, ChoiceGroup, choices
from quotes.findings import Finding, MendedAt
from quotes.law import contract, mentions, vat
from quotes.law.contract import Exempt, Facts, Kind, Nature, Needs, Place, Refusal
from quotes.law.gaps import Gap, gaps
from quotes.law.mentions import CollectionPoint, Subcontractor, Waste, speaks_of_energy
from quotes.models import Aid, CatalogueItem, Company, Customer, Quote, QuoteEnclosure, QuoteLine
from quotes.models.aid import deducted, standing
from quotes.money_checks import MONEY_CHECKS


class Draft:
    """A working copy as it stands, read once."""

    def __init__(
        self,
        quote: Quote,
        *,
        lines: list[QuoteLine] | None = None,
        aids: list[Aid] | None = None,
        company: Company | None = None,
    ) -> None:
        self.quote = quote
        self.company = company or Company.objects.first() or Company()
        self.lines = list(quote.lines.all()) if lines is None else lines
        if aids is None:
            aids = list(quote.aids.all()) if getattr(quote, "has_aids", True) else []
        self.all_aids = aids

    @cached_property
    def enclosures(self) -> list[QuoteEnclosure]:
        """Before there is a row, as where the company's own gaps are looked for, there are none."""
        has_some = self.quote.pk is not None and getattr(self.quote, "has_enclosures", True)
        return list(self.quote.enclosures.all()) if has_some else []

    @property
    def has_contract_documents(self) -> bool:
        """Whether whoever signs accepts documents beside the quote."""
        return bool(self.contract_documents)

    @property
    def contract_documents(self) -> list[QuoteEnclosure]:
        """Not those of an option that is not chosen: nobody buys it."""
        aside = {line.identity for line in self.lines if line.option and not line.chosen}
        return [
            one for one in self.enclosures if not one.is_photo and one.in_contract and one.line not in aside
        ]

    @property
    def sells_extras_unasked(self) -> bool:
        """To a consumer: an option with a price that its owner, and nobody else, has put into the total."""
        by_customer = self.quote.choice or ()
        return self.for_consumer and any(
            line.chosen and line.total and line.identity not in by_customer
            for group in self.choices
            if not group.must_choose
            for line in group.lines
        )

    def line_of(self, enclosure: QuoteEnclosure) -> str:
        """The identity of its line; empty once that is gone."""
        return enclosure.line if any(line.identity == enclosure.line for line in self.lines) else ""

    @cached_property
    def totals(self) -> money.Totals:
        return self.quote.totals_of(self.lines)

    @cached_property
    def aids(self) -> list[Aid]:
        """Those whose lines are still sold."""
        return standing(self.all_aids, self.lines)

    @property
    def deducted(self) -> list[Aid]:
        return [aid for aid in self.aids if aid.is_deducted]

    @property
    def estimates(self) -> list[Aid]:
        return [aid for aid in self.aids if not aid.is_deducted]

    @property
    def zero_rate(self) -> vat.ZeroRate | None:
        """Why something is sold without VAT, as it would be frozen today; None where nothing is, or nobody has said."""
        facts = self.vat_facts
        if vat.ZERO_RATE not in facts.sold:
            return None
        return vat.zero_rate(facts.regime, facts.territory, facts.reason, facts.detail, on=today_in_paris())

    @property
    def payable(self) -> Decimal:
        """What the customer pays in euros incl. tax, aids that are deducted taken off; never less than nothing."""
        return max(self.totals.incl_tax - deducted(self.aids), money.ZERO)

    @property
    def deposit(self) -> Decimal:
        """In euros incl. tax; 0 when none is asked for."""
        return self.quote.deposit_of(self.payable)

    @cached_property
    def vat_facts(self) -> vat.VatFacts:
        quote, company = self.quote, self.company
        return vat.VatFacts(
            regime=company.vat_regime,
            territory=company.territory,
            number=company.vat_number,
            rates=frozenset(line.vat_rate.normalize() for line in self.priced),
            sold=frozenset(line.vat_rate.normalize() for line in self.priced if line.counts),
            reason=quote.vat_reason,
            detail=quote.vat_detail,
            is_business=not self.for_consumer,
            siren=quote.customer.siren,
            worksite=quote.worksite,
        )

    @property
    def certificates(self) -> tuple[vat.Certificate, ...]:
        """What the customer certifies for the reduced rates, and ticks to sign."""
        return vat.certificates(self.vat_facts.sold, self.company.territory)

    @property
    def priced(self) -> list[QuoteLine]:
        return [line for line in self.lines if line.kind == QuoteLine.Kind.ITEM]

    @cached_property
    def sells_supplies(self) -> bool:
        """Whether a line is what the catalogue calls a supply; an option may be chosen. A question to the database."""
        labels = [line.label for line in self.priced]
        return CatalogueItem.objects.filter(is_supply=True, label__in=labels).exists()

    @cached_property
    def for_consumer(self) -> bool:
        return self.quote.customer.is_individual

    @cached_property
    def facts(self) -> Facts:
        """Of the contract as if it were signed now: on the day of the visit it is off premises."""
        quote = self.quote
        return Facts(
            kind=Kind(quote.customer.kind),
            place=Place(quote.contract),
            nature=Nature(quote.nature),
            exempt=Exempt(quote.withdrawal_exception),
            is_small=quote.small_business,
            visited_on=quote.visited_on,
            concluded_at=timezone.now(),
            reason=quote.withdrawal_reason,
        )

    @cached_property
    def needs(self) -> Needs:
        return contract.needs(self.facts)

    @cached_property
    def law(self) -> mentions.Facts:
        """What the law's module is told of this quote today; the company says of its waste what the quote does not."""
        quote, waste = self.quote, self.company.waste
        points = tuple(CollectionPoint(**point) for point in quote.waste_points)
        return mentions.Facts(
            day=today_in_paris(),
            consumer=self.for_consumer,
            off_premises=self.at_home,
            goods=quote.nature != Quote.Nature.SERVICES,
            seller=self.company.seller,
            small=bool(quote.small_business),
            delivery=quote.delivery,
            start=quote.start,
            duration=quote.duration,
            formalities=quote.formalities,
            no_waste=quote.no_waste,
            waste=Waste(
                quantity=quote.waste_quantity,
                sorting=quote.waste_sorting or waste.sorting,
                points=points or waste.points,
                cost=quote.waste_cost or waste.cost,
            ),
            energy=quote.energy_works,
            speaks_of_energy=speaks_of_energy((quote.title, *(line.label for line in self.lines))),
            without_subcontractors=quote.without_subcontractors,
            subcontractors=tuple(Subcontractor(**one) for one in quote.subcontractors),
            requested_on=quote.requested_on,
            requested_by=quote.requested_by,
            valid_until=quote.valid_until,
        )

    @property
    def choices(self) -> tuple[ChoiceGroup, ...]:
        return choices(self.lines)

    @property
    def customers_choice(self) -> str:
        """What the customer chose on line before this version leaves, in words; empty where they have not."""
        if self.quote.choice is None:
            return ""
        labels = [line.label for line in self.lines if line.identity in self.quote.choice]
        return french.listed([french.quoted(label) for label in labels]) or "aucune option"

    @property
    def keeps_customers_choice(self) -> bool:
        kept = {line.identity for line in self.lines if line.option and line.chosen}
        return self.quote.choice is None or kept == set(self.quote.choice)

    @property
    def at_home(self) -> bool:
        """With whoever is protected, off premises or so on the day of a visit to come: art. L221-9, else void."""
        if not contract.may_be_off(self.facts):
            return False
        return contract.protection(replace(self.facts, place=Place.OFF_PREMISES)) is Place.OFF_PREMISES

    @property
    def company_is_complete(self) -> bool:
        company = self.company
        return all((company.siret, company.legal_name, company.address, company.phone, company.email))

    @property
    def says_its_capital(self) -> bool:
        """Companies of these forms name it; others have none."""
        forms = ("SARL", "EURL", "SAS", "SASU", "SA", "SCOP")
        return self.company.legal_form not in forms or bool(self.company.capital)

    @property
    def deposit_is_too_much(self) -> bool:
        """A share of the total never is."""
        quote = self.quote
        in_euros = quote.deposit_kind == Quote.DepositKind.AMOUNT
        return in_euros and quote.deposit_value > self.payable

    @property
    def discount_is_too_much(self) -> bool:
        """A share of the total never is."""
        discount = self.quote.discount
        return discount is not None and (discount.amount or money.ZERO) > self.totals.gross

    @property
    def aids_are_too_much(self) -> bool:
        """What is deducted, together; of those that are not, each one alone."""
        alone = max((aid.amount for aid in self.aids), default=money.ZERO)
        return max(alone, deducted(self.aids)) > self.totals.incl_tax

    @property
    def is_beyond_bounds(self) -> bool:
        return any(
            amount > money.MOST for amount in (self.totals.incl_tax, *(line.total for line in self.lines))
        )

    @property
    def texts_of_quote(self) -> Iterator[str]:
        yield from _texts(self.quote)
        for row in (*self.lines, *self.enclosures):
            yield from _texts(row)

    @property
    def deposit_can_be_paid(self) -> bool:
        chosen = self.quote.payment_methods
        methods = self.company.payment_methods if chosen is None else chosen
        return self.quote.deposit_kind == Quote.DepositKind.NONE or bool(methods)

    def findings(self) -> list[Finding]:
        """Everything that is missing, what stops the quote first."""
        found = [finding for finding, is_missing in CHECKS if is_missing(self)]
        found += [_finding(gap) for gap in gaps(self.law)]
        return sorted(found, key=lambda finding: not finding.blocking)

    def missing(self) -> list[str]:
        """What must be mended before sending; an empty list when nothing is."""
        found = [finding.sentence for finding, is_missing in CHECKS if finding.blocking and is_missing(self)]
        return found + [gap.sentence for gap in gaps(self.law) if gap.blocking]

    @property
    def stops_by_its_lines(self) -> bool:
        """Of a copy that may be sent as it is, with other options: neither its words nor the law's gaps change."""
        return any(is_missing(self) for _, is_missing in BESIDE_WORDS)


def _finding(gap: Gap) -> Finding:
    place = MendedAt.COMPANY if gap.of_company else MendedAt.QUOTE
    return Finding(gap.sentence, place, gap.field, gap.law, gap.blocking)


def _texts(row: models.Model) -> Iterator[str]:
    """Whatever a row says in words, by the kinds of its columns."""
    for field in row._meta.concrete_fields:
        if isinstance(field, models.CharField | models.TextField):
            yield str(getattr(row, field.attname) or "")


def _spoils(texts: Callable[[Draft], Iterable[str]], spoils: Callable[[str], object], draft: Draft) -> bool:
    """The PDF or its description: an old row, an import by hand. The form cleans what it is given."""
    return any(spoils(text) for text in texts(draft))


DECREE = "Arrêté du 24 janvier 2017, dépannage et travaux dans le bâtiment"
NAMES_OF_SELLER = "Art. R123-237 du code de commerce"

# The field at which each refusal of the law is mended, and the article that asks for it.
REFUSALS: dict[Refusal, tuple[str, str]] = {
    Refusal.NATURE: ("nature", "Art. L221-18 du code de la consommation"),
    Refusal.SMALL: ("small_business", "Art. L221-3 du code de la consommation"),
    Refusal.VISIT: ("contract", "Art. L221-1 du code de la consommation"),
    Refusal.URGENT_NOT_AT_HOME: ("withdrawal_exception", "Art. L221-28, 8° du code de la consommation"),
    Refusal.URGENT_NOT_SERVICES: ("withdrawal_exception", "Art. L221-28, 8° du code de la consommation"),
    Refusal.MADE_OF_SERVICES: ("withdrawal_exception", "Art. L221-28, 3° du code de la consommation"),
    Refusal.MADE_WITHOUT_NAME: ("withdrawal_reason", "Art. L221-28, 3° du code de la consommation"),
}


def _is_refused(refusal: Refusal, draft: Draft) -> bool:
    return refusal in draft.needs.refusals


Check = tuple[Finding, Callable[[Draft], bool]]
# No choice of options changes them.
TEXT_CHECKS: tuple[Check, ...] = tuple(
    (Finding(f"{whose} {fault}", place, field, blocking=True), partial(_spoils, texts, spoils))
    for whose, place, field, texts in (
        ("Un texte du devis", MendedAt.QUOTE, "title", lambda draft: draft.texts_of_quote),
        (
            "La fiche du client",
            MendedAt.CUSTOMER,
            "last_name",
            lambda draft: _texts(draft.quote.customer),
        ),
        ("La fiche de l'entreprise", MendedAt.COMPANY, "legal_name", lambda draft: _texts(draft.company)),
    )
    for fault, spoils in (
        (
            "contient un signe invisible qu'un PDF ne peut pas porter\u00a0: enregistrez de nouveau cette page.",
            NOT_STORABLE.search,
        ),
        (
            "contient un signe que nos documents ne savent pas imprimer\u00a0: remplacez-le.",
            printable.not_printed,
        ),
    )
)
CHECKS: tuple[Check, ...] = (
    *(
        (Finding(refusal.value, MendedAt.QUOTE, field, law, blocking=True), partial(_is_refused, refusal))
        for refusal, (field, law) in REFUSALS.items()
    ),
    (
        Finding(
            "Ce devis est dit « main-d'œuvre », et une ligne est une fourniture de votre catalogue\u00a0: fournie et "
            "posée, elle fait une vente, dont le client peut se défaire jusqu'à 14\u00a0jours après la livraison.",
            MendedAt.QUOTE,
            "nature",
            "Cass. 1re civ., 17 mai 2023, n° 21-25.670",
        ),
        lambda draft: draft.quote.nature == Quote.Nature.SERVICES and draft.sells_supplies,
    ),
    (
        Finding(
            "Une ligne est une fourniture de votre catalogue\u00a0: un appareil de catalogue n'est pas sur mesure, et "
            "le client garde alors son droit de rétractation.",
            MendedAt.QUOTE,
            "withdrawal_exception",
            "Art. L221-28, 3° du code de la consommation",
        ),
        lambda draft: draft.facts.exempt is Exempt.MADE_TO_MEASURE and draft.sells_supplies,
    ),
    (
        Finding(
            "Un dépannage urgent ne retire le droit de rétractation que pour ce qu'il exige\u00a0: ce qui va au-delà "
            "se met dans un second devis.",
            MendedAt.QUOTE,
            "withdrawal_exception",
            "Art. L221-28, 8° du code de la consommation",
        ),
        lambda draft: draft.facts.exempt is Exempt.URGENT_REPAIR and len(draft.priced) > 1,
    ),
    (
        Finding("Ajoutez au moins une ligne avec un prix.", MendedAt.QUOTE, "lines", blocking=True),
        lambda draft: not any(line.counts for line in draft.lines),
    ),
    (
        Finding(
            "Un groupe au choix compte deux lignes dans le total, ou aucune alors qu'il en faut une\u00a0: cochez "
            "«\u00a0Comprise dans le total\u00a0» sur une seule.",
            MendedAt.QUOTE,
            "lines",
            blocking=True,
        ),
        lambda draft: not all(group.is_sound for group in draft.choices),
    ),
    (
        Finding(
            "Une option payante est comprise d'avance dans le total\u00a0: si le client ne la choisit pas lui-même, il "
            "peut s'en faire rembourser. Décochez «\u00a0Comprise dans le total\u00a0», ou faites-en une ligne "
            "du devis.",
            MendedAt.QUOTE,
            "lines",
            "Art. L121-17 du code de la consommation",
        ),
        lambda draft: draft.sells_extras_unasked,
    ),
    (
        Finding(
            "Les documents du contrat dépassent 5\u00a0Mo ensemble\u00a0: le client ne les recevrait pas avec son "
            "exemplaire signé. Allégez-en un, ou dites qu'il n'en fait pas partie.",
            MendedAt.ENCLOSURES,
            "photos-et-documents",
            "Art. L221-9 et L221-13 du code de la consommation",
        ),
        lambda draft: sum(one.size for one in draft.contract_documents) > MOST_MAILED,
    ),
    (
        Finding(
            "Le client a choisi ses options en ligne, et cette version ne reprend pas son choix\u00a0: cochez ou "
            "décochez «\u00a0Comprise dans le total\u00a0», ou dites-le-lui.",
            MendedAt.QUOTE,
            "lines",
        ),
        lambda draft: not draft.keeps_customers_choice,
    ),
    (
        Finding("La date de validité est passée.", MendedAt.QUOTE, "valid_until", DECREE, blocking=True),
        lambda draft: draft.quote.valid_until < today_in_paris(),
    ),
    (
        Finding(
            f"Une ligne ou le total dépasse {french.money(money.MOST)}.",
            MendedAt.QUOTE,
            "lines",
            blocking=True,
        ),
        lambda draft: draft.is_beyond_bounds,
    ),
    *TEXT_CHECKS,
    (
        Finding("Le client n'a pas d'adresse mail.", MendedAt.CUSTOMER, "email", blocking=True),
        lambda draft: not draft.quote.customer.email,
    ),
    (
        Finding(
            "L'acompte dépasse ce que le client doit payer.", MendedAt.QUOTE, "deposit_value", blocking=True
        ),
        lambda draft: draft.deposit_is_too_much,
    ),
    (
        Finding(
            "Complétez l'entreprise\u00a0: dénomination, SIRET, adresse, téléphone et mail.",
            MendedAt.COMPANY,
            "siret",
            NAMES_OF_SELLER,
            blocking=True,
        ),
        lambda draft: not draft.company_is_complete,
    ),
    (
        Finding(
            "Dites ce que coûte le déplacement, même s'il est compris.",
            MendedAt.COMPANY,
            "travel_costs",
            DECREE,
        ),
        lambda draft: draft.for_consumer and not draft.company.travel_costs,
    ),
    (
        Finding("Dites si le devis est gratuit ou payant.", MendedAt.COMPANY, "quote_cost", DECREE),
        lambda draft: draft.for_consumer and not draft.company.quote_cost,
    ),
    (
        Finding(
            "Donnez une unité à chaque prix\u00a0: heure, m², forfait.",
            MendedAt.QUOTE,
            "lines",
            DECREE,
            blocking=True,
        ),
        lambda draft: draft.for_consumer and any(not line.unit for line in draft.priced),
    ),
    (
        Finding("Indiquez l'adresse du chantier.", MendedAt.QUOTE, "worksite", DECREE, blocking=True),
        lambda draft: draft.for_consumer and not draft.quote.worksite and not draft.certificates,
    ),
    (
        Finding("Une ligne est à 0\u00a0€\u00a0: est-elle offerte\u00a0?", MendedAt.QUOTE, "lines"),
        lambda draft: any(line.counts and line.total == Decimal(0) for line in draft.lines),
    ),
    (
        Finding("Le client n'a pas d'adresse postale.", MendedAt.CUSTOMER, "address"),
        lambda draft: not draft.quote.customer.address,
    ),
    (
        Finding(
            "Aucun moyen de paiement n'est proposé pour l'acompte\u00a0: le client ne pourra pas le régler en ligne.",
            MendedAt.QUOTE,
            "payment_methods",
        ),
        lambda draft: not draft.deposit_can_be_paid,
    ),
    (
        Finding(
            "Donnez le RCS ou le RNE de l'entreprise.", MendedAt.COMPANY, "registration", NAMES_OF_SELLER
        ),
        lambda draft: not draft.company.registration,
    ),
    (
        Finding(
            "Donnez le capital de la société.",
            MendedAt.COMPANY,
            "capital",
            "Art. R123-238 du code de commerce",
        ),
        lambda draft: not draft.says_its_capital,
    ),
    *MONEY_CHECKS,
)
BESIDE_WORDS = tuple(check for check in CHECKS if check[0].blocking and check not in TEXT_CHECKS)


def findings(quote: Quote) -> list[Finding]:
    return Draft(quote).findings()


def missing(quote: Quote) -> list[str]:
    return Draft(quote).missing()


def gaps_of_company(company: Company) -> list[Finding]:
    """What the company's settings still lack, whichever quote it is: for its page, before there is any."""
    found: dict[str, Finding] = {}
    for kind in Customer.Kind.values:
        quote = Quote(
            customer=Customer(kind=kind),
            contract=Quote.Contract.OFF_PREMISES,
            valid_until=today_in_paris(),
            energy_works=Quote.Energy.YES,
        )
        for finding in Draft(quote, lines=[], aids=[], company=company).findings():
            if finding.place is MendedAt.COMPANY:
                found.setdefault(finding.field, finding)
    return sorted(found.values(), key=lambda finding: not finding.blocking)
