"""What the desk asks before it records a fact of a contract: its nature, a delivery, the end of works, a withdrawal."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from unfold.widgets import (
    UnfoldAdminDateWidget,
    UnfoldAdminFileFieldWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from lib import files, french
from lib.day import today_in_paris
from lib.fields import LineField
from logisav.desk import examined
from quotes.models import Declaration, Quote
from quotes.rules import Verb
from quotes.uploads import Scan


class ContractForm(forms.Form):
    """Dates are days of Paris, of this contract and not to come."""

    def __init__(self, *args: Any, quote: Quote, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.quote = quote

    @property
    def said(self) -> dict[str, Any]:
        return dict(self.cleaned_data)

    def _of_the_contract(self, day: dt.date | None) -> dt.date | None:
        if day is None:
            return None
        if day > today_in_paris():
            raise forms.ValidationError("Cette date n'est pas encore venue.")
        signed = self.quote.accepted_at
        if signed is not None and day < french.in_paris(signed).date():
            raise forms.ValidationError("Le devis n'était pas encore signé à cette date.")
        return day


def _day(label: str, **options: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=UnfoldAdminDateWidget, localize=True, **options)


class NatureForm(ContractForm):
    nature = forms.ChoiceField(
        label="Fourniture ou main-d'œuvre\u00a0?",
        choices=[choice for choice in Quote.Nature.choices if choice[0] != Quote.Nature.UNKNOWN],
        widget=UnfoldAdminRadioSelectWidget,
        error_messages={"required": "Choisissez l'un des deux."},
    )

    @property
    def said(self) -> dict[str, Any]:
        return {"nature": Quote.Nature(self.cleaned_data["nature"])}


class DeliveredForm(ContractForm):
    delivered_on = _day("Livré le (dernier colis)", initial=today_in_paris)

    def clean_delivered_on(self) -> dt.date | None:
        day, known = self._of_the_contract(self.cleaned_data["delivered_on"]), self.quote.delivered_on
        if day and known and day < known:
            raise forms.ValidationError(
                f"Une livraison est déjà notée le {french.day(known)}\u00a0: un colis de plus est plus tardif."
            )
        return day


class DoneForm(ContractForm):
    performed_on = _day("Fin des travaux", initial=today_in_paris)
    delivered_on = _day(
        "Matériel livré le (dernier colis)",
        required=False,
        help_text="Sans cette date, le droit de rétractation du client n'a pas de fin.",
    )

    def __init__(self, *args: Any, quote: Quote, **kwargs: Any) -> None:
        super().__init__(*args, quote=quote, **kwargs)
        if quote.delivered_on is not None or not quote.may(Verb.MARK_DELIVERED):
            del self.fields["delivered_on"]

    def clean_performed_on(self) -> dt.date | None:
        return self._of_the_contract(self.cleaned_data["performed_on"])

    def clean_delivered_on(self) -> dt.date | None:
        return self._of_the_contract(self.cleaned_data["delivered_on"])


class OtherwiseForm(ContractForm):
    channel = forms.ChoiceField(
        label="Reçue par",
        choices=[choice for choice in Declaration.Channel.choices if choice[0] != Declaration.Channel.PAGE],
        widget=UnfoldAdminSelectWidget,
    )
    sent_on = _day(
        "Envoyée le",
        help_text="C'est le jour de l'envoi qui compte\u00a0: le cachet de la poste, la date du mail.",
    )
    received_on = _day(
        "Reçue le",
        initial=today_in_paris,
        required=False,
        help_text="C'est de ce jour que courent les 14\u00a0jours du remboursement.",
    )
    name = LineField(label="Au nom de", max_length=200, widget=UnfoldAdminTextInputWidget)
    document = forms.FileField(
        label="Document reçu",
        required=False,
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": "application/pdf,image/png,image/jpeg"}),
        help_text="Facultatif. PDF, PNG ou JPEG, 10 Mo au plus.",
    )
    accepted_anyway = forms.BooleanField(
        label="J'accepte cette rétractation même si elle est hors délai ou sans droit",
        required=False,
        widget=UnfoldBooleanWidget,
    )

    def __init__(self, *args: Any, quote: Quote, **kwargs: Any) -> None:
        super().__init__(*args, quote=quote, **kwargs)
        self.fields["name"].initial = quote.customer.contact or quote.customer.name

    def clean_sent_on(self) -> dt.date | None:
        return self._of_the_contract(self.cleaned_data["sent_on"])

    def clean_received_on(self) -> dt.date | None:
        day = self._of_the_contract(self.cleaned_data["received_on"])
        if day and (sent := self.cleaned_data.get("sent_on")) and day < sent:
            raise forms.ValidationError("Elle n'a pas été reçue avant d'être envoyée.")
        return day

    def clean_document(self) -> Scan | None:
        file = self.cleaned_data.get("document")
        return examined.scan(file, size=file.size or 0) if isinstance(file, UploadedFile) else None

    def clean(self) -> dict[str, Any]:
        """The file is stored here, before the transaction that writes its name down."""
        super().clean()
        document: Scan | None = self.cleaned_data.pop("document", None)
        self.cleaned_data["scan"] = ""
        if document is not None and not self.errors:
            self.cleaned_data["scan"] = files.store(
                document.data, folder="declarations", suffix=document.suffix
            )
        return self.cleaned_data

    @property
    def said(self) -> dict[str, Any]:
        return self.cleaned_data | {"channel": Declaration.Channel(self.cleaned_data["channel"])}
