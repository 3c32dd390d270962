"""Forms of the desk."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.db import models
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from quotes import french, money
from quotes.fields import TypedDecimalField
from quotes.models import Company, Quote
from quotes.models.line import Line

# Decimal fields are typed and read with a comma, whatever the browser's language.
DECIMALS = {
    models.DecimalField: {
        "form_class": TypedDecimalField,
        "widget": UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal"}),
        "localize": True,
    }
}


def trimmed(value: Decimal) -> Decimal:
    """Without useless zeros: a quantity of `1,000` reads like a thousand."""
    return Decimal(f"{value.normalize():f}")


class WithDeposit(forms.ModelForm):  # type: ignore[type-arg]
    """What a quote and a template of quotes ask alike of their deposit."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and "deposit_value" in self.fields:
            self.initial["deposit_value"] = trimmed(self.instance.deposit_value)

    def clean(self) -> dict[str, Any]:
        super().clean()
        self._check_deposit()
        return self.cleaned_data

    def _check_deposit(self) -> None:
        kind, value = self.cleaned_data.get("deposit_kind"), self.cleaned_data.get("deposit_value")
        if kind == Quote.DepositKind.NONE:
            self.cleaned_data["deposit_value"] = Decimal(0)
        elif value is not None and value <= 0:
            self.add_error("deposit_value", "Indiquez un acompte supérieur à zéro, ou « Pas d'acompte ».")
        elif kind == Quote.DepositKind.PERCENT and value is not None and value > 100:
            self.add_error("deposit_value", "Un pourcentage ne dépasse pas 100.")


def new_customer_link() -> SafeString:
    """Beside the form with script (customer.js); without it, there and back to a new quote with that customer."""
    address = f"{reverse('admin:quotes_customer_add')}?pour=devis"
    return format_html('<a id="add_id_customer" class="desk-link" href="{}">Nouveau client</a>', address)


class QuoteForm(WithDeposit):
    payment_methods = forms.MultipleChoiceField(
        label="Moyens de paiement de l'acompte",
        choices=Company.Method,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="Rien de coché : ceux de l'entreprise.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        customer = self.fields.get("customer")
        if customer is not None and getattr(customer.widget, "can_add_related", False):
            customer.widget.can_add_related = False  # a link in sight, not an entry of a menu
            customer.help_text = new_customer_link()

    def clean(self) -> dict[str, Any]:
        super().clean()
        self._check_dates()
        self._check_exception()
        return self.cleaned_data

    def clean_payment_methods(self) -> list[str] | None:
        return self.cleaned_data["payment_methods"] or None

    def _check_dates(self) -> None:
        issued, until = self.cleaned_data.get("issued_on"), self.cleaned_data.get("valid_until")
        if issued and until and until < issued:
            self.add_error("valid_until", "La validité finit avant la date du devis.")

    def _check_exception(self) -> None:
        """An exception of art. L221-28 takes the customer's right away: it has a reason, which they read."""
        exception, reason = (self.cleaned_data.get(f"withdrawal_{name}") for name in ("exception", "reason"))
        if exception and not reason:
            self.add_error("withdrawal_reason", "Dites au client pourquoi cette exception s'applique.")
        elif reason and not exception:
            self.add_error("withdrawal_exception", "Choisissez l'exception que cette raison explique.")


def _rate(typed: str) -> Decimal:
    """One of the rates; Django asks before it has looked whether the choice exists."""
    known = {str(rate): rate for rate in money.VAT_RATES}
    if typed not in known:
        raise ValueError(typed)
    return known[typed]


def vat_choice() -> forms.TypedChoiceField:
    """Rates as text: the database's 5.50 is the choice 5.5, whatever the decimal sign."""
    return forms.TypedChoiceField(
        label="TVA",
        choices=[(str(rate), french.percent(rate)) for rate in money.VAT_RATES],
        coerce=_rate,
        widget=UnfoldAdminSelectWidget,
    )


class RankField(forms.IntegerField):
    """Where a line stands: written by the page's script, which is no change of the line itself."""

    widget = forms.HiddenInput

    def has_changed(self, initial: Any, data: Any) -> bool:
        return False


class LineForm(forms.ModelForm):  # type: ignore[type-arg]
    vat_rate = vat_choice()
    position = RankField(required=False, min_value=0, max_value=100_000)
    NO_FIGURES: ClassVar = {
        "quantity": Decimal(1), "unit": "", "unit_price": Decimal(0), "discount": Decimal(0),
        "vat_rate": Decimal(20), "option": False,
    }  # fmt: skip

    class Meta:
        labels: ClassVar = {"unit_price": "Prix HT (€)", "option": "Option"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("quantity", "discount"):
            self.initial[name] = trimmed(getattr(self.instance, name))
        self.initial["vat_rate"] = str(trimmed(self.instance.vat_rate))
        self.fields["discount"].required = False
        if not self.instance.pk:
            self.initial["position"] = ""

    def clean_discount(self) -> Decimal:
        return self.cleaned_data["discount"] or Decimal(0)

    def clean(self) -> dict[str, Any]:
        """A heading or a text has no figures: what stands in their hidden fields is neither wrong nor kept."""
        super().clean()
        if self.cleaned_data.get("kind") in (Line.Kind.SECTION, Line.Kind.TEXT):
            for name, value in self.NO_FIGURES.items():
                self.errors.pop(name, None)
                self.cleaned_data[name] = value
        return self.cleaned_data

    @property
    def line_total(self) -> str:
        """As it was last saved; the page's script follows what is typed."""
        line: Line = self.instance
        return french.money(line.total) if line.pk and line.kind == Line.Kind.ITEM else ""


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label="Raison", max_length=300, required=False, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3})
    )

    def __init__(self, *args: Any, label: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].label = label

    @property
    def said(self) -> str:
        return str(self.cleaned_data["reason"])


class AnswerForm(forms.Form):
    text = forms.CharField(
        label="Votre réponse",
        max_length=8000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 6}),
        error_messages={"required": "Écrivez votre réponse."},
    )
