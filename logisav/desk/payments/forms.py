"""Forms of the desk about money. Their token names one filling of the form: sent twice, it is done once."""

from __future__ import annotations

import hashlib
import secrets
from decimal import Decimal
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from unfold.widgets import (
    UnfoldAdminDateWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from lib import french
from lib.day import today_in_paris
from lib.fields import LineField, TypedDecimalField
from payments import rules
from payments.models import Payment
from quotes import money
from quotes.models import Quote

CENT = Decimal("0.01")
TOKEN = RegexValidator(r"\A[0-9a-f]{32}\Z")


def new_token() -> str:
    return secrets.token_hex(16)


class EuroField(TypedDecimalField):
    """Euros as people type or paste them: `2 681,81 €`."""

    SIGNS = "€"

    def __init__(self, *, label: str) -> None:
        widget = UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal", "autocomplete": "off"})
        super().__init__(
            label=label,
            max_digits=14,
            decimal_places=2,
            min_value=CENT,
            max_value=money.MOST,
            localize=True,
            widget=widget,
        )


class FilledOnce(forms.Form):
    token = forms.CharField(initial=new_token, validators=[TOKEN], widget=forms.HiddenInput)

    def key(self, about: str) -> str:
        """Bound to what the form is about: a token of another page names nothing here."""
        return hashlib.sha256(f"{about}:{self.cleaned_data['token']}".encode()).hexdigest()[:32]


class TransferForm(FilledOnce):
    """A transfer that arrived, or a cheque that the owner holds."""

    method = forms.ChoiceField(
        label="Reçu par",
        choices=(
            (Payment.Method.TRANSFER.value, Payment.Method.TRANSFER.label),
            (Payment.Method.CHEQUE.value, Payment.Method.CHEQUE.label),
        ),
        initial=Payment.Method.TRANSFER.value,
        widget=UnfoldAdminSelectWidget,
    )
    amount = EuroField(label="Montant reçu (€)")
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
    amount = EuroField(label="Montant à rembourser (€)")
    reason = LineField(
        label="Raison (le client ne la voit pas)",
        max_length=200,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        error_messages={"required": "Dites pourquoi : la raison reste dans l'historique du devis."},
    )

    share_done = TypedDecimalField(
        label="Part des travaux exécutée (%)",
        max_digits=5,
        decimal_places=2,
        min_value=Decimal(0),
        max_value=Decimal(100),
        initial=Decimal(0),
        localize=True,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        help_text="Au jour de la rétractation. Cette part du prix TTC vous reste due.",
    )

    def __init__(self, *args: Any, payment: Payment, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.payment = payment
        quote = payment.deposit.quote
        self.initial.setdefault("share_done", rules.share_kept(payment.deposit))
        if quote.state != Quote.State.WITHDRAWN:
            del self.fields["share_done"]
        elif not rules.keeps_a_share(quote):
            self.fields["share_done"].disabled = True
            self.fields["share_done"].help_text = (
                "Le client n'a pas demandé, case cochée, que les travaux commencent pendant le délai\u00a0: "
                "rien ne vous est dû (article L221-25)."
            )

    def clean(self) -> dict[str, Any]:
        """What is kept goes no further than the share that was done: the rest is the customer's."""
        super().clean()
        share, amount = self.cleaned_data.get("share_done"), self.cleaned_data.get("amount")
        if share and amount is not None:
            kept = rules.kept_for(self.payment.deposit, share)
            due = min(self.payment.refundable, max(self.payment.deposit.received - kept, Decimal(0)))
            if amount < due:
                self.add_error("amount", f"Pour cette part exécutée, il reste {french.money(due)} à rendre.")
        return self.cleaned_data

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
