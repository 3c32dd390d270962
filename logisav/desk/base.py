"""What every page of a model has in common: what its address may ask, and what is typed into its fields."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db import models
from django.http import HttpRequest, HttpResponse
from unfold.admin import ModelAdmin, TabularInline

from lib.fields import (
    CalendarField,
    LineField,
    MailField,
    ParagraphsField,
    PrintedLineField,
    PrintedNameField,
    PrintedParagraphsField,
)
from logisav.desk import names

TYPED: dict[type[models.Field[Any, Any]], type[forms.Field]] = {
    models.CharField: PrintedLineField,
    models.TextField: PrintedParagraphsField,
    models.DateField: CalendarField,
    models.EmailField: MailField,
}
# What stays on the desk may be written in any letters; a name is asked for as a passport has it.
BY_NAME: dict[str, type[forms.Field]] = {
    "internal_note": ParagraphsField,
    "tags": LineField,
    **dict.fromkeys(("first_name", "last_name", "company_name"), PrintedNameField),
}
UNPRINTED = ("internal_note", "tags", "own_identity")


class _Typed:
    """Text is cleaned at one door, which tells what no PDF can print: see lib/fields.py."""

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if type(db_field) in TYPED and not db_field.choices:
            kind = BY_NAME.get(db_field.name, TYPED[type(db_field)])
            kwargs.setdefault("form_class", kind)
        return super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]


class DeskAdmin(_Typed, ModelAdmin):
    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return super().changelist_view(request, {"title": names.of_list(self.opts)} | (extra_context or {}))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """A title that a page has given itself is not Django's, which is glued."""
        row = kwargs.get("obj")
        if context.get("subtitle") is not None or row is None:
            listed = names.of_list(self.opts)
            context |= {"title": f"{listed} : {row}" if row else names.of_new(self.opts), "subtitle": None}
        response: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return response

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """The list's own filters, and nothing else.

        Django lets an address ask for any field of the row by any look-up: `?title__regex=` reads what the list does
        not show, and on SQLite an expression made for it keeps the whole site waiting.
        """
        shown = {
            getattr(one, "parameter_name", one[0] if isinstance(one, tuple) else one)
            for one in self.get_list_filter(request)
        }
        field, _, kind = lookup.partition("__")
        return field in shown and kind in ("", "exact", "isnull")

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """`?_to_field=` names no field; Django would ask the model for one that is called nothing."""
        return super().get_object(request, object_id, from_field or None)


class DeskTable(_Typed, TabularInline):
    """Rows of another model inside a form."""
