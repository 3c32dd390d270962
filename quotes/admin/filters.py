"""Filters of the list of quotes."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest

from quotes.admin import listing
from quotes.models import Quote


class Turn(SimpleListFilter):
    title = "à qui de jouer"
    parameter_name = "tour"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("question", "Question à traiter"),
            ("nous", "À nous"),
            ("client", "Au client"),
            ("expire", "Validité passée"),
            ("regle", "Réglé"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "question":
                return queryset.filter(has_question=True)
            case "nous":
                return queryset.filter(turn__lte=listing.OURS)
            case "client":
                return queryset.filter(turn=listing.THEIRS)
            case "expire":
                return queryset.filter(has_lapsed=True)
            case "regle":
                return queryset.filter(turn=listing.SETTLED)
        return queryset


class Owner(SimpleListFilter):
    """For managers: whose quotes."""

    title = "responsable"
    parameter_name = "responsable"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        if not request.user.has_perm("quotes.manage_all_quotes"):
            return []
        people = User.objects.filter(quotes__isnull=False).distinct().order_by("last_name", "first_name")
        return [(str(person.pk), person.get_full_name() or person.get_username()) for person in people]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Quote]) -> QuerySet[Quote]:
        value = self.value() or ""
        return queryset.filter(owner=int(value)) if value.isdecimal() else queryset
