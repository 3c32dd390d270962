"""Forms of the desk about money. Their token names one filling of the form: sent twice, it is done once."""

from __future__ import annotations

import hashlib
import secrets
from decimal import Decimal
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from unfold.widgets import UnfoldAdminDateWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from payments.models import Payment
from quotes import french
from quotes.fields import TypedDecimalField
from quotes.models import Quote
from quotes.models.quote import today_in_paris

CENT = Decimal("0.01")
TOKEN = RegexValidator(r"\A[0-9a-f]{32}\Z")


def new_token() -> str:
    return secrets.token_hex(16)


class AmountField(TypedDecimalField):
    """Euros as people type or paste them: `2 681,81 €`."""

    SIGNS = "€"

    def __init__(self, *, label: str) -> None:
        widget = UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal", "autocomplete": "off"})
        super().__init__(
            label=label, max_digits=14, decimal_places=2, min_value=CENT, localize=True, widget=widget
        )


class FilledOnce(forms.Form):
    token = forms.CharField(initial=new_token, validators=[TOKEN], widget=forms.HiddenInput)

    def key(self, about: str) -> str:
        """Bound to what the form is about: a token of another page names nothing here."""
        return hashlib.sha256(f"{about}:{self.cleaned_data['token']}".encode()).hexdigest()[:32]


class TransferForm(FilledOnce):
    amount = AmountField(label="Montant reçu (€)")
    received_on = forms.DateField(
        label="Reçu le", widget=UnfoldAdminDateWidget, initial=today_in_paris, localize=True
    )

    def __init__(self, *args: Any, quote: Quote, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.quote = quote

    def clean_received_on(self) -> Any:
        day, accepted_at = self.cleaned_data["received_on"], self.quote.accepted_at
        if day > today_in_paris():
            raise forms.ValidationError("Cette date n'est pas encore venue.")
        if accepted_at is not None and day < french.in_paris(accepted_at).date():
            raise forms.ValidationError("Le devis n'était pas encore signé à cette date.")
        return day


class RefundForm(FilledOnce):
    amount = AmountField(label="Montant à rembourser (€)")
    reason = forms.CharField(
        label="Raison (le client ne la voit pas)",
        max_length=200,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        error_messages={"required": "Dites pourquoi : la raison reste dans l'historique du devis."},
    )

    def __init__(self, *args: Any, payment: Payment, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.payment = payment

    @property
    def refund_key(self) -> str:
        return self.key(f"refund {self.payment.pk}")

    @property
    def is_done(self) -> bool:
        """This very filling was sent before: a second press of the button."""
        if not self.is_bound or "token" in self.errors:
            return False
        return self.payment.refunds.filter(key=self.refund_key).exists()

    def clean_amount(self) -> Decimal:
        amount: Decimal = self.cleaned_data["amount"]
        if amount > self.payment.refundable:
            most = french.money(self.payment.refundable)
            raise forms.ValidationError(f"Il reste {most} à rembourser sur ce paiement.")
        return amount
