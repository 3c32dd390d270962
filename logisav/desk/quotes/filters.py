"""Filters of the list of quotes."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest

from lib import french
from lib.fields import whole
from logisav.desk import access
from logisav.desk.quotes import figures, listing, months
from notifications.staff import member
from quotes.models import Declaration, Quote, Turn
from quotes.models.company import sees_all


class ByTurn(SimpleListFilter):
    title = "à qui de jouer"
    parameter_name = "tour"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("question", "Question à traiter"),
            ("nous", "À nous"),
            ("faire", "À finir, envoyer ou renouveler"),
            ("client", "Au client"),
            ("bientot", "Validité bientôt passée"),
            ("expire", "Validité passée"),
            ("regle", "Réglé"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "question":
                return queryset.filter(turn=Turn.QUESTION)
            case "nous":
                return queryset.filter(turn__lte=Turn.OURS)
            case "faire":
                return queryset.filter(turn=Turn.OURS)
            case "client":
                return queryset.filter(turn=Turn.THEIRS)
            case "bientot":
                return listing.expiring(queryset)
            case "expire":
                return listing.lapsed(queryset)
            case "regle":
                return queryset.filter(turn=Turn.SETTLED)
        return queryset


class Declared(SimpleListFilter):
    """Contracts that somebody wants to withdraw from: money waits until it is settled."""

    title, parameter_name = "rétractation", "retractation"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("rapprocher", "À rapprocher"), ("declaree", "Déclarée")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        standing = Declaration.objects.standing()
        match self.value():
            case "rapprocher":
                return queryset.filter(pk__in=standing.filter(proof=Declaration.Proof.NONE).values("quote"))
            case "declaree":
                return queryset.filter(pk__in=standing.values("quote"))
        return queryset


class ByCustomer(SimpleListFilter):
    """Where the customer's page and their count lead: one customer, and nothing to choose from."""

    title, parameter_name = "client", "client"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        chosen = whole(request.GET.get(self.parameter_name, ""))
        customer = access.visible_customers(request).filter(pk=chosen).first() if chosen is not None else None
        return [(str(customer.pk), customer.name)] if customer else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = whole(self.value() or "")
        return queryset if chosen is None else queryset.filter(customer=chosen)


class Owner(SimpleListFilter):
    """For those who see all: whose quotes."""

    title = "responsable"
    parameter_name = "responsable"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        if not sees_all(member(request)):
            return []
        people = User.objects.filter(Exists(Quote.objects.filter(owner=OuterRef("pk")))).order_by(
            "last_name", "first_name"
        )
        return [(str(person.pk), person.get_full_name() or person.get_username()) for person in people]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Quote]) -> QuerySet[Quote]:
        owner = whole(self.value() or "")
        return queryset if owner is None else queryset.filter(owner=owner)


CENTURY = range(2000, 2100)  # beyond, a calendar ends somewhere


class ByMonth(SimpleListFilter):
    """A month of Paris, or the twelve of the first page, whose charts lead here."""

    parameter_name: str
    moment: str

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Beside the whole year, only the month that was asked for: twelve would hide the other filters."""
        month = _month(request.GET.get(self.parameter_name, ""))
        chosen = [(f"{month:%Y-%m}", months.Month(month).name)] if month else []
        return [(figures.LAST_YEAR, "Les douze derniers mois"), *chosen]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value() or ""
        first = months.first_of_year() if value == figures.LAST_YEAR else _month(value)
        if first is None:
            return queryset
        found = self.wanted(queryset).filter(**{f"{self.moment}__gte": months.start(first)})
        if value == figures.LAST_YEAR:
            return found
        return found.filter(**{f"{self.moment}__lt": months.start(months.following(first))})

    def wanted(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset


class BySignature(ByMonth):
    title, parameter_name, moment = "signé", "signe", "accepted_at"

    def wanted(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(months.STANDS)


class BySending(ByMonth):
    title, parameter_name, moment = "premier envoi", "envoye", "first_sent_at"


def _month(value: str) -> dt.date | None:
    """`2026-11`; None for whatever else was typed into the address."""
    try:
        month = dt.datetime.strptime(value, "%Y-%m").replace(tzinfo=french.PARIS).date()
    except ValueError:
        return None
    return month if month.year in CENTURY else None
