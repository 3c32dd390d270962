"""Filters of the list of quotes."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest

from notifications.staff import member
from quotes.admin import listing
from quotes.models import Quote, Turn
from quotes.models.quote import sees_all


class ByTurn(SimpleListFilter):
    title = "à qui de jouer"
    parameter_name = "tour"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("question", "Question à traiter"),
            ("nous", "À nous"),
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
            case "client":
                return queryset.filter(turn=Turn.THEIRS)
            case "bientot":
                return listing.expiring(queryset)
            case "expire":
                return listing.lapsed(queryset)
            case "regle":
                return queryset.filter(turn=Turn.SETTLED)
        return queryset


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
        value = self.value() or ""
        return queryset.filter(owner=int(value)) if value.isdecimal() else queryset
