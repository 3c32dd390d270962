"""The aids of a quote, edited in its form, below its lines."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.core.validators import MinValueValidator
from django.forms import BaseInlineFormSet
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminTextInputWidget

from lib import french
from lib.fields import TypedDecimalField
from logisav.desk.base import DeskTable
from logisav.desk.forms import DECIMALS, shown_price
from logisav.desk.lines import OfQuote
from quotes.models import Aid, QuoteLine
from quotes.models.aid import deducted

GONE = "Ligne retirée"


class AidForm(forms.ModelForm):  # type: ignore[type-arg]
    amount = TypedDecimalField(
        label="Montant (€)",
        max_digits=12,
        decimal_places=2,
        localize=True,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal"}),
        validators=[
            MinValueValidator(
                Decimal("0.01"), "Écrivez le montant de l'aide, par exemple 1500\u00a0: il est positif."
            )
        ],
        error_messages={"required": "Écrivez le montant de l'aide, par exemple 1500."},
    )
    lines = forms.MultipleChoiceField(label="Pour ces lignes seulement", required=False)

    class Meta:
        error_messages = {
            "payer": {"required": "Dites qui verse cette aide, par exemple le nom de l'obligé."}
        }

    def __init__(self, *args: Any, sold: list[QuoteLine], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["amount"] = shown_price(self.instance.amount)
        known = [(line.identity, line.label) for line in sold]
        there = {identity for identity, _ in known}
        # What an aid was tied to stays with it, or it would count again once the line is gone.
        gone = [(identity, GONE) for identity in self.instance.lines if identity not in there]
        self.fields["lines"].choices = known + gone  # type: ignore[attr-defined]


class AidFormSet(BaseInlineFormSet):  # type: ignore[type-arg]
    def get_queryset(self) -> Any:
        if self.is_bound or getattr(self.instance, "has_aids", True):
            return super().get_queryset()
        return Aid.objects.none()

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        return super().get_form_kwargs(index) | {"sold": self.sold}

    @property
    def sold(self) -> list[QuoteLine]:
        """The lines as they are saved: what an aid can be tied to; read once."""
        if not hasattr(self, "_sold"):
            lines = getattr(self.instance, "shown_lines", None)
            if lines is None:
                lines = self.instance.lines.all() if self.instance.pk else []
            self._sold = [line for line in lines if line.kind == QuoteLine.Kind.ITEM]
        return self._sold

    def ranked(self) -> list[Any]:
        """As they stand on the page."""
        return self.forms

    def clean(self) -> None:
        """Against the total of the lines that were sent with them."""
        super().clean()
        if any(self.errors) or self.instance.typed is None or not self.instance.typed.totals.vat:
            return  # nothing is sold yet: « Avant d'envoyer » asks again
        lines, total = self.instance.typed.lines, self.instance.typed.totals.incl_tax
        kept = [form for form in self.forms if form not in self.deleted_forms]
        kept = [form for form in kept if form.has_changed() or form.instance.pk]
        for form in kept:
            if form.instance.amount > total:
                form.add_error("amount", _too_much("Cette aide dépasse", total))
        off = [form for form in kept if form.instance.is_deducted and form.instance.stands(lines)]
        if deducted([form.instance for form in off]) > total and not off[-1].errors:
            off[-1].add_error("amount", _too_much("Les primes déduites dépassent ensemble", total))


def _too_much(beginning: str, total: Decimal) -> str:
    return f"{beginning} le total TTC, {french.money(total)}\u00a0: écrivez ce que le client reçoit pour ces travaux."


class AidInline(OfQuote, DeskTable):
    model = Aid
    form = AidForm
    formset = AidFormSet
    template = "desk/lines/aids.html"
    fields = ("kind", "payer", "amount", "conditional", "lines")
    formfield_overrides = DECIMALS
    verbose_name_plural = "Aides, après le total TTC"

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        return 1

    def get_queryset(self, request: HttpRequest) -> Any:
        return Aid.objects.order_by("pk")
