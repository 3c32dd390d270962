"""Forms of the desk."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.contrib.admin.widgets import AutocompleteSelect
from django.db import models
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from lib import french
from lib.day import today_in_paris
from lib.fields import LineField, ParagraphsField, TypedDecimalField, whole
from logisav.desk.law_fields import PointsField, SubcontractorsField, check_quantity, check_when
from quotes import money
from quotes.models import Company, Customer, Quote
from quotes.models.line import Line

# Decimal fields are typed and read with a comma, whatever the browser's language.
DECIMALS = {
    models.DecimalField: {
        "form_class": TypedDecimalField,
        "widget": UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal"}),
        "localize": True,
    }
}


HUNDRED = Decimal(100)


def trimmed(value: Decimal) -> Decimal:
    """Without useless zeros: a quantity of `1,000` reads like a thousand."""
    return Decimal(f"{value.normalize():f}")


WHEN = (
    "Une date, ou un délai\u00a0: «\u00a03 semaines après la signature\u00a0». Obligatoire pour un particulier hors "
    "établissement."
)


class WithDeposit(forms.ModelForm):  # type: ignore[type-arg]
    """What a quote and a template of quotes ask alike: deposit, discount, an exception, what the law has them say."""

    payment_methods = forms.MultipleChoiceField(
        label="Moyens de paiement de l'acompte",
        choices=Company.Method,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="Rien de coché : ceux de l'entreprise.",
    )
    waste_points = PointsField(
        label="Points de collecte", help_text=f"{PointsField.HOW} Vide\u00a0: ceux de l'entreprise."
    )
    subcontractors = SubcontractorsField(label="Sous-traitants")

    class Meta:
        help_texts: ClassVar = {
            "worksite": "Vide à la création\u00a0: l'adresse du client, s'il est un particulier.",
            "delivery": WHEN,
            "start": WHEN,
            "formalities": "Mairie, raccordement, aides\u00a0: qui, et quand\u00a0; ou «\u00a0aucune\u00a0».",
            "waste_quantity": "Par exemple\u00a0: 150 kg ou 2 m³.",
            "waste_sorting": "Vide\u00a0: ce que dit l'entreprise.",
            "waste_cost": "Vide\u00a0: ce que dit l'entreprise. Par exemple\u00a0: compris dans le prix.",
            "energy_works": (
                "Pompe à chaleur, isolation, solaire\u00a0: le devis dit si l'entreprise est RGE, qui sous-traite, et "
                "quand le client a demandé ce devis."
            ),
            "requested_on": "Le mail au client le rappelle.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.edited_in = self
        if self.instance.pk and "deposit_value" in self.fields:
            self.initial["deposit_value"] = trimmed(self.instance.deposit_value)
        if "discount_value" in self.fields:
            self.fields["discount_value"].required = False
            self.initial["discount_value"] = trimmed(self.instance.discount_value)

    def clean(self) -> dict[str, Any]:
        super().clean()
        self._check_deposit()
        self._check_discount()
        self._check_exception()
        check_when(self, "delivery", "start")
        check_quantity(self, "waste_quantity")
        self._check_subcontractors()
        return self.cleaned_data

    def clean_payment_methods(self) -> list[str] | None:
        return self.cleaned_data["payment_methods"] or None

    def _check_deposit(self) -> None:
        kind, value = self.cleaned_data.get("deposit_kind"), self.cleaned_data.get("deposit_value")
        if kind == Quote.DepositKind.NONE:
            self.cleaned_data["deposit_value"] = Decimal(0)
        elif value is not None and value <= 0:
            self.add_error("deposit_value", "Indiquez un acompte supérieur à zéro, ou « Pas d'acompte ».")
        elif value is not None and value > money.MOST:
            self.add_error("deposit_value", f"Un acompte ne dépasse pas {french.money(money.MOST)}.")
        elif kind == Quote.DepositKind.PERCENT and value is not None and value > 100:
            self.add_error("deposit_value", "Un pourcentage ne dépasse pas 100.")

    def _check_discount(self) -> None:
        """More than the total is told once the lines are known: see LineFormSet."""
        kind, value = (self.cleaned_data.get(f"discount_{name}") for name in ("kind", "value"))
        if kind == Quote.DiscountKind.NONE or (value is None and "discount_value" not in self.errors):
            self.cleaned_data["discount_value"] = Decimal(0)
        if kind == Quote.DiscountKind.NONE or "discount_value" in self.errors:
            return
        if not value:
            self.add_error(
                "discount_value", "Écrivez la remise, par exemple 5, ou «\u00a0Pas de remise\u00a0»."
            )
        elif kind == Quote.DiscountKind.PERCENT and value > HUNDRED:
            self.add_error(
                "discount_value", "Une remise ne dépasse pas 100\u00a0%\u00a0: écrivez un nombre de 0 à 100."
            )
        elif value > money.MOST:
            self.add_error("discount_value", f"Une remise ne dépasse pas {french.money(money.MOST)}.")

    def _check_subcontractors(self) -> None:
        if self.cleaned_data.get("without_subcontractors") and self.cleaned_data.get("subcontractors"):
            self.add_error(
                "without_subcontractors", "Des sous-traitants sont nommés\u00a0: décochez, ou retirez-les."
            )

    def _check_exception(self) -> None:
        """An exception of art. L221-28 takes the customer's right away: it has a reason, which they read."""
        exception, reason = (self.cleaned_data.get(f"withdrawal_{name}") for name in ("exception", "reason"))
        if exception and not reason:
            self.add_error("withdrawal_reason", "Dites au client pourquoi cette exception s'applique.")
        elif reason and not exception:
            self.add_error("withdrawal_exception", "Choisissez l'exception que cette raison explique.")


class CustomerSelect(AutocompleteSelect):
    """A quote's own customer was read with it: their name is asked for only where another one was chosen."""

    known: Customer | None = None

    def optgroups(self, name: str, value: Sequence[str], attr: Any = None) -> Any:
        if self.known is None or list(value) != [str(self.known.pk)]:
            # The field itself says that the others are no customers; to ask the database for them would fail.
            keys = [one for one in value if not one or whole(str(one)) is not None]
            return super().optgroups(name, keys, attr)
        return [(None, [self.create_option(name, self.known.pk, str(self.known), selected=True, index=0)], 0)]


class QuoteForm(WithDeposit):
    new_customer: forms.ModelForm[Customer] | None = None  # beside it on the page: see quotes/new_customer.py

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        customer = self.fields.get("customer")
        if customer is not None and getattr(customer.widget, "can_add_related", False):
            customer.widget.can_add_related = False  # a panel in sight, not a window
            customer.required = not self.makes_customer
            customer.widget.widget.known = self.instance.customer if self.instance.pk else None
        self._keep_customer()

    @property
    def makes_customer(self) -> bool:
        """Never of a quote whose customer is fixed, whatever is sent."""
        customer = self.fields.get("customer")
        may_choose = customer is not None and not customer.disabled
        return self.new_customer is not None and self.new_customer.is_bound and may_choose

    def clean(self) -> dict[str, Any]:
        super().clean()
        self._check_new_customer()
        self._check_customer()
        self._check_dates()
        self._check_request()
        self._follow_customer()
        return self.cleaned_data

    def _keep_customer(self) -> None:
        """Whoever holds the quote holds a link to it: another customer gets a quote of their own."""
        quote: Quote = self.instance
        why = quote.why_no_other_customer() if quote.pk and "customer" in self.fields else None
        if why is not None:
            words = quote.words_for(why)
            self.fields["customer"].disabled = True
            self.fields["customer"].help_text = f"{words[:1].upper()}{words[1:]}"

    def _check_customer(self) -> None:
        """A page that is older than the version may still send another one."""
        field = self.fields.get("customer")
        sent = self.data.get(self.add_prefix("customer"))
        if field is not None and field.disabled and sent not in (None, str(self.instance.customer_id)):
            self.add_error("customer", field.help_text)

    def _get_validation_exclusions(self) -> set[str]:
        """A customer who is made with the quote has no key yet."""
        left_out: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return left_out | ({"customer"} if self.makes_customer else set())

    def _check_new_customer(self) -> None:
        """Who is typed here goes before who was chosen."""
        if not self.makes_customer or self.new_customer is None:
            return
        if self.new_customer.is_valid():
            self.cleaned_data["customer"] = self.new_customer.instance
        else:
            self.add_error("customer", "Le nouveau client n'est pas complet\u00a0: voyez ses champs.")

    def _check_request(self) -> None:
        asked = self.cleaned_data.get("requested_on")
        if asked and asked > today_in_paris():
            self.add_error(
                "requested_on", "Ce jour est à venir\u00a0: donnez celui où le client a demandé ce devis."
            )

    def _follow_customer(self) -> None:
        """A worksite that was taken from one customer's address is not another one's."""
        quote, customer = self.instance, self.cleaned_data.get("customer")
        if quote.pk is None or customer is None or customer.pk == self.initial.get("customer"):
            return
        before = Customer.objects.get(pk=self.initial["customer"])
        if self.cleaned_data.get("worksite") == before.address:
            self.cleaned_data["worksite"] = customer.address if customer.is_individual else ""

    def _check_dates(self) -> None:
        issued, until = self.cleaned_data.get("issued_on"), self.cleaned_data.get("valid_until")
        if issued and until and until < issued:
            self.add_error("valid_until", "La validité finit avant la date du devis.")


def _rate(typed: str) -> Decimal:
    """One of the rates; Django asks before it has looked whether the choice exists."""
    known = {str(rate): rate for rate in money.VAT_RATES}
    if typed not in known:
        raise ValueError(typed)
    return known[typed]


def vat_choices(rates: Iterable[Decimal]) -> list[tuple[str, str]]:
    return [(str(rate), french.percent(rate)) for rate in rates]


def offer_rates(form: forms.ModelForm[Any], rates: tuple[Decimal, ...]) -> None:
    """Those of the company, the usual one for what is new; a row keeps the one that it has, whatever it is."""
    own = Decimal(f"{form.instance.vat_rate.normalize():f}") if form.instance.pk else rates[0]
    form.fields["vat_rate"].choices = vat_choices((*rates, *({own} - set(rates))))  # type: ignore[attr-defined]
    form.initial["vat_rate"] = str(own)


def vat_choice(widget: type[forms.Select] = UnfoldAdminSelectWidget) -> forms.TypedChoiceField:
    """Rates as text: the database's 5.50 is the choice 5.5, whatever the decimal sign."""
    return forms.TypedChoiceField(
        label="TVA",
        choices=vat_choices(money.VAT_RATES),
        coerce=_rate,
        widget=widget,
    )


class RankField(forms.IntegerField):
    """Where a line stands: written by the page's script, which is no change of the line itself."""

    widget = forms.HiddenInput

    def has_changed(self, initial: Any, data: Any) -> bool:
        return False


class IdentityField(LineField):
    """Which line it is: the page's script gives it to those that it adds, which are then one however often sent."""

    widget = forms.HiddenInput

    def has_changed(self, initial: Any, data: Any) -> bool:
        return False


def shown_price(price: Decimal) -> Decimal:
    """`3,50` and not `3,5000`; parts of a cent where there are any."""
    return price.quantize(money.CENT) if price == round(price, 2) else trimmed(price)


OF_AN_OPTION = ("chosen", "choice_group", "choice_kind")


def _option(line: Line) -> str:
    if not line.option:
        return ""
    return "option comprise" if line.chosen else "option"


class LineForm(forms.ModelForm):  # type: ignore[type-arg]
    vat_rate = vat_choice(forms.Select)
    position = RankField(required=False, min_value=0, max_value=100_000)
    NO_FIGURES: ClassVar = {
        "quantity": Decimal(1), "unit": "", "unit_price": Decimal(0), "discount": Decimal(0),
        "vat_rate": Decimal(20), "option": False, "chosen": False, "choice_group": "",
        "choice_kind": Line.ChoiceKind.AT_MOST_ONE,
    }  # fmt: skip

    class Meta:
        labels: ClassVar = {
            "unit_price": "Prix HT (€)",
            "option": "Option",
            "chosen": "Comprise dans le total",
            "choice_group": "Au choix dans le groupe",
            "choice_kind": "Choix dans le groupe",
        }

    def __init__(self, *args: Any, rates: tuple[Decimal, ...] = money.VAT_RATES, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("quantity", "discount"):
            self.initial[name] = trimmed(getattr(self.instance, name))
        if self.instance.pk:
            self.initial["unit_price"] = shown_price(self.instance.unit_price)
        offer_rates(self, rates)
        self.fields["discount"].required = False
        self.fields["choice_kind"].widget.choices = Line.ChoiceKind.choices
        self.fields["choice_kind"].required = False
        if not self.instance.pk:
            self.initial["position"] = ""

    def clean_choice_kind(self) -> str:
        return self.cleaned_data["choice_kind"] or Line.ChoiceKind.AT_MOST_ONE

    def clean_discount(self) -> Decimal:
        return self.cleaned_data["discount"] or Decimal(0)

    def clean(self) -> dict[str, Any]:
        """A heading or a text has no figures: what stands in their hidden fields is neither wrong nor kept."""
        super().clean()
        if self.cleaned_data.get("kind") in (Line.Kind.SECTION, Line.Kind.TEXT):
            for name, value in self.NO_FIGURES.items():
                self.errors.pop(name, None)
                self.cleaned_data[name] = value
        if not self.cleaned_data.get("option"):
            for name in OF_AN_OPTION:
                self.cleaned_data[name] = self.NO_FIGURES[name]
        self._check_total()
        return self.cleaned_data

    def _check_total(self) -> None:
        factors: dict[str, Any] = {
            name: self.cleaned_data.get(name) for name in ("quantity", "unit_price", "discount")
        }
        if None in factors.values():
            return
        total = money.line_total(**factors)
        if total > money.MOST:
            most = french.money(money.MOST)
            self.add_error(
                "unit_price",
                f"Cette ligne fait {french.money(total)}\u00a0: une ligne ne dépasse pas {most}.",
            )

    @property
    def marks(self) -> str:
        """What is folded away and counts, under the line's total; the page's script follows what is typed."""
        line: Line = self.instance
        discount = f"remise {french.percent(line.discount)}" if line.discount else ""
        return " · ".join(filter(None, [discount, _option(line)]))

    @property
    def has_folded_error(self) -> bool:
        folded = ("kind", "description", "discount", "option", *OF_AN_OPTION)
        return any(name in self.errors for name in folded)

    @property
    def line_total(self) -> str:
        """As it was last saved; the page's script follows what is typed."""
        line: Line = self.instance
        return french.money(line.total) if line.pk and line.kind == Line.Kind.ITEM else ""


class QuoteLineForm(LineForm):
    """A line that was removed and is kept after all is the one that it was: aids and later versions know it."""

    # Not by the name of the model's field, whose rule is kept by the formset: it sees all lines.
    own_identity = IdentityField(required=False)
    IDENTITY = re.compile("[0-9a-f]{12}")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["own_identity"] = self.instance.identity if self.instance.pk else ""

    def clean(self) -> dict[str, Any]:
        super().clean()
        given = self.cleaned_data.get("own_identity") or ""
        if not self.instance.pk and self.IDENTITY.fullmatch(given):
            self.instance.identity = given
        return self.cleaned_data


class ReasonForm(forms.Form):
    reason = ParagraphsField(
        label="Raison", max_length=300, required=False, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3})
    )

    def __init__(self, *args: Any, label: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].label = label

    @property
    def said(self) -> str:
        return str(self.cleaned_data["reason"])


class AnswerForm(forms.Form):
    text = ParagraphsField(
        label="Votre réponse",
        max_length=8000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 6}),
        error_messages={"required": "Écrivez votre réponse."},
    )
