"""The lines of a quote or of a template, edited in its form."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.forms import BaseInlineFormSet, Script
from django.http import HttpRequest

from lib import french
from lib.fields import whole
from logisav.desk.access import company_of
from logisav.desk.base import DeskTable
from logisav.desk.forms import DECIMALS, LineForm, QuoteLineForm
from quotes import money
from quotes.models import Quote, QuoteLine


@dataclass(frozen=True)
class Typed:
    """The lines of a form as they would be saved, and their sums; left on the row for who is checked after them."""

    lines: list[Any]
    totals: money.Totals


class LineFormSet(BaseInlineFormSet):  # type: ignore[type-arg]
    rates: tuple[Decimal, ...] = money.VAT_RATES  # that the company may charge

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        return super().get_form_kwargs(index) | {"rates": self.rates}

    def get_queryset(self) -> Any:
        """A page that is only shown reads its lines once: the aids below them are tied to these."""
        found = super().get_queryset()
        if not self.is_bound:
            self.instance.shown_lines = found
        return found

    def clean(self) -> None:
        """The sum is bounded too: it is stored, and stands in every list."""
        super().clean()
        if any(self.errors):
            return
        kept = [form for form in self.forms if form not in self.deleted_forms]
        lines = [form.instance for form in kept if form.has_changed() or form.instance.pk]
        totals = self.instance.totals_of(lines)
        self.instance.typed = Typed(lines, totals)
        if totals.incl_tax > money.MOST:
            most = french.money(money.MOST)
            raise ValidationError(
                f"Le total TTC fait {french.money(totals.incl_tax)}\u00a0: il ne dépasse pas {most}."
            )
        self._check_discount(totals)

    def _check_discount(self, totals: money.Totals) -> None:
        """The form of the quote was read before its lines: the sentence stands at its field, and nothing is saved."""
        discount = self.instance.discount
        if discount is None or not totals.vat or (discount.amount or money.ZERO) <= totals.gross:
            return  # nothing is sold yet: « Avant d'envoyer » asks again
        words = f"La remise dépasse le total HT, {french.money(totals.gross)}\u00a0: écrivez un montant plus petit."
        if self.instance.edited_in is not None:
            self.instance.edited_in.add_error("discount_value", words)
        raise ValidationError("La remise dépasse le total HT de ces lignes.")

    def ranked(self) -> list[Any]:
        """As they stand on the page: a form that is shown again keeps the order that was made in it."""

        def rank(form: Any) -> tuple[bool, int]:
            position = whole(str(form["position"].value()))
            return position is None, position or 0

        return sorted(self.forms, key=rank)


class LinesInline(DeskTable):
    """The table of lines of a quote, or of a template of quotes."""

    form = LineForm
    formset = LineFormSet
    template = "desk/lines/lines.html"
    fields = (
        "kind", "label", "description", "quantity", "unit", "unit_price", "discount", "vat_rate", "option",
        "chosen", "choice_group", "choice_kind", "position",
    )  # fmt: skip
    verbose_name_plural = "Lignes"
    # Django's own fields: a line bears its own style (static/desk/editor.css), and there are sixty of them.
    formfield_overrides = {
        models.CharField: {"widget": forms.TextInput},
        models.TextField: {"widget": forms.Textarea(attrs={"rows": 1})},
        models.DecimalField: DECIMALS[models.DecimalField]
        | {"widget": forms.TextInput(attrs={"inputmode": "decimal"})},
    }

    class Media:
        js = tuple(
            Script(f"desk/{name}.js", defer=True)
            for name in (
                *("money", "lines", "catalogue", "line_keys", "paste", "totals"),
                *("customer", "folds", "leaving", "autosave"),
            )
        )

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return super().formfield_for_choice_field(db_field, request, **(kwargs | {"widget": forms.Select}))

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        formset = super().get_formset(request, obj, **kwargs)
        formset.rates = company_of(request).vat_rates
        return formset

    def get_extra(self, request: HttpRequest, obj: models.Model | None = None, **kwargs: Any) -> int:
        """For who has no script: with it they are taken away, and lines are added with buttons."""
        return 3

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return self.model._default_manager.order_by("position", "pk")


class OfQuote:
    """Their permissions are the quote's: whoever may change it may change its lines and aids."""

    def has_view_permission(self, request: HttpRequest, obj: Quote | None = None) -> bool:
        return request.user.has_perm("quotes.view_quote") or request.user.has_perm("quotes.change_quote")

    def has_change_permission(self, request: HttpRequest, obj: Quote | None = None) -> bool:
        if obj is None:
            return request.user.has_perm("quotes.add_quote")
        return obj.is_editable and request.user.has_perm("quotes.change_quote")

    def has_add_permission(self, request: HttpRequest, obj: Quote | None = None) -> bool:
        return self.has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Quote | None = None) -> bool:
        return self.has_change_permission(request, obj)


class QuoteLineFormSet(LineFormSet):
    def clean(self) -> None:
        """Two lines that say that they are the same, in a page that somebody copied, are two."""
        super().clean()
        there: set[str] = set()
        for form in self.forms:
            if form in self.deleted_forms:
                continue
            if form.instance.identity in there:
                form.instance.identity = QuoteLine._meta.get_field("identity").get_default()
            there.add(form.instance.identity)


class LineInline(OfQuote, LinesInline):
    model = QuoteLine
    form = QuoteLineForm
    formset = QuoteLineFormSet


def in_order(formset: Any) -> None:
    """Number the lines as they stand on the page; those without a rank come last, as they were added."""
    kept = [form for form in formset.forms if form not in formset.deleted_forms]
    kept = [form for form in kept if form.has_changed() or form.instance.pk]
    kept.sort(
        key=lambda one: (one.cleaned_data.get("position") is None, one.cleaned_data.get("position") or 0)
    )
    for rank, form in enumerate(kept):
        form.instance.position = rank
        if form.instance.pk is not None:
            formset.model.objects.filter(pk=form.instance.pk).update(position=rank)
