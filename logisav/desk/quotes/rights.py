"""What a contract's right to withdraw means for its owner, and which old contracts still have to be looked at."""

from __future__ import annotations

from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from lib import french
from logisav.desk.paging import Figure
from quotes import rules
from quotes.law import contract
from quotes.law.contract import Nature
from quotes.models import Customer, Declaration, Quote
from quotes.rules import Verb

BINDING = rules.states(Verb.MARK_DELIVERED)


def right_words(quote: Quote) -> str:
    """For the owner; empty where the customer has no right to withdraw, or the contract stands no more."""
    facts = quote.law() if quote.state in BINDING else None
    period = contract.withdrawal(facts) if facts else None
    if facts is None or period is None:
        return ""
    late = (
        ""
        if contract.is_well_informed(facts)
        else " L'avis signé annonçait un autre délai\u00a0: 12\u00a0mois de plus."
    )
    if facts.nature is Nature.UNKNOWN:
        return (
            f"Fourniture ou main-d'œuvre\u00a0? D'ici là le client peut renoncer sans limite de date.{late}"
        )
    if period.last_day is not None:
        return (
            f"Le client peut renoncer jusqu'au {french.day(period.last_day)} inclus\u00a0: "
            f"poser avant est à vos risques.{late}"
        )
    if quote.state == Quote.State.DONE:
        return (
            f"Terminé sans date de livraison\u00a0: le droit de rétractation n'a pas de fin, notez-la.{late}"
        )
    until = "jusqu'à 14\u00a0jours après la livraison"
    return f"Le client peut renoncer {until}\u00a0: poser avant est à vos risques.{late}"


def received_otherwise(quote: Quote) -> Declaration | None:
    """What ended this contract by other ways than our pages."""
    if quote.state != Quote.State.WITHDRAWN:
        return None
    found: Declaration | None = quote.declarations.exclude(channel=Declaration.Channel.PAGE).last()
    return found


def of_unknown_nature(quotes: QuerySet[Quote]) -> QuerySet[Quote]:
    """Contracts with a right to withdraw that were signed before anybody asked what they are."""
    return _of_the_old_notice(quotes).filter(nature=Quote.Nature.UNKNOWN)


def badly_informed(quotes: QuerySet[Quote]) -> QuerySet[Quote]:
    """Supplies whose signed notice told the wrong start: their period is twelve months longer."""
    return _of_the_old_notice(quotes).filter(nature=Quote.Nature.GOODS)


def _of_the_old_notice(quotes: QuerySet[Quote]) -> QuerySet[Quote]:
    """With a right as the working copy says it: what was signed, unless it was changed while a version was out."""
    signed = quotes.filter(state__in=BINDING, accepted_at__isnull=False, signed_notice__in=["", "old"])
    consumers = signed.filter(customer__kind=Customer.Kind.INDIVIDUAL, withdrawal_exception="")
    return consumers.exclude(contract=Quote.Contract.ON_PREMISES)


class ByRight(SimpleListFilter):
    title, parameter_name = "droit de rétractation", "droit"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [("nature", "Fourniture ou main-d'œuvre, à dire"), ("avis", "Avis ancien, 12 mois de plus")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Quote]) -> QuerySet[Quote]:
        match self.value():
            case "nature":
                return of_unknown_nature(queryset)
            case "avis":
                return badly_informed(queryset)
        return queryset


def figures(quotes: QuerySet[Quote]) -> list[Figure]:
    """On the first page, while there are any."""
    address = reverse("admin:quotes_quote_changelist") + "?droit="
    found = [
        Figure.of(
            of_unknown_nature(quotes),
            "contrat\u00a0: fourniture ou main-d'œuvre\u00a0?",
            "contrats\u00a0: fourniture ou main-d'œuvre\u00a0?",
            address + "nature",
        ),
        Figure.of(
            badly_informed(quotes),
            "contrat à l'avis ancien\u00a0: 12\u00a0mois de plus",
            "contrats à l'avis ancien\u00a0: 12\u00a0mois de plus",
            address + "avis",
        ),
    ]
    return [figure for figure in found if figure.count]
