"""The company's form: what is uploaded is checked here and nowhere trusted."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.core.files.uploadedfile import UploadedFile
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminFileFieldWidget,
    UnfoldAdminTextInputWidget,
    UnfoldAdminURLInputWidget,
)

from quotes import schedule
from quotes.models import Company
from quotes.uploads import checked_terms, redrawn_logo


class CompactField(forms.CharField):
    """Typed in groups, as on paper; kept without spaces."""

    widget = UnfoldAdminTextInputWidget

    def to_python(self, value: Any) -> str:
        return "".join((super().to_python(value) or "").split()).upper()


class DaysField(forms.CharField):
    """`3, 7`: so many days after."""

    widget = UnfoldAdminTextInputWidget
    LATEST = 60

    def __init__(self, *, most: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.most = most

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(str(day) for day in value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[int]:
        days = (super().clean(value) or "").replace(",", " ").split()
        if not all(day.isascii() and day.isdecimal() and 0 < int(day[:4]) <= self.LATEST for day in days):
            raise forms.ValidationError(f"Écrivez des jours de 1 à {self.LATEST}, par exemple : 3, 7.")
        if len({int(day) for day in days}) > self.most:
            raise forms.ValidationError(f"Pas plus de {self.most} jours.")
        return sorted({int(day) for day in days})

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


class CompanyForm(forms.ModelForm):  # type: ignore[type-arg]
    siret = CompactField(label="SIRET")
    vat_number = CompactField(
        label="Numéro de TVA", required=False, help_text="Vide : « TVA non applicable, art. 293 B du CGI »."
    )
    website = forms.URLField(
        label="Site", required=False, assume_scheme="https", widget=UnfoldAdminURLInputWidget
    )
    iban = CompactField(label="IBAN", required=False)
    bic = CompactField(label="BIC", required=False)
    payment_methods = forms.MultipleChoiceField(
        label="Moyens de paiement proposés",
        choices=Company.Method,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="Le client choisit parmi eux pour régler son acompte.",
    )
    deposit_reminder_days = DaysField(
        label="Rappels de l'acompte, en jours après la signature",
        most=5,
        required=False,
        max_length=40,
        help_text="Par exemple : 3, 7. Vide : aucun rappel. Ils cessent dès que l'acompte est réglé ou annoncé.",
    )
    quote_reminder_days = DaysField(
        label="Relances automatiques, en jours après l'envoi",
        most=schedule.MOST_REMINDERS,
        required=False,
        max_length=40,
        help_text=(
            "Par exemple : 3, 7, 14. Vide : aucune. Trois au plus par version, les jours ouvrés de 8 h à 20 h ; "
            "elles attendent quand vous devez une réponse ou préparez une nouvelle version. "
            "Compte pour les devis envoyés ensuite."
        ),
    )
    # A plain file field: what Pillow may be shown is decided in `uploads`, not by Django's ImageField.
    logo = forms.FileField(
        label="Logo",
        required=False,
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": "image/png,image/jpeg"}),
        help_text="PNG ou JPEG, 2 Mo et 4000 pixels de côté au plus. L'image est redessinée en PNG.",
    )
    terms_pdf = forms.FileField(
        label="Conditions générales (PDF)",
        required=False,
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": "application/pdf"}),
        help_text="5 Mo au plus. S'il y en a un, il passe avant le texte.",
    )

    class Meta:
        help_texts: ClassVar = {
            "travel_costs": "Par exemple : compris dans les prix ; 45 € HT par déplacement.",
            "quote_cost": "Par exemple : Devis gratuit ; Devis payant, 60 € TTC, déduits des travaux.",
        }
        widgets = {
            "colour": forms.TextInput(attrs={"type": "color", "class": "colour"}),
        }

    def clean_logo(self) -> Any:
        file = self.cleaned_data.get("logo")
        if isinstance(file, UploadedFile):
            return redrawn_logo(file, size=file.size or 0)
        return file

    def clean_terms_pdf(self) -> Any:
        file = self.cleaned_data.get("terms_pdf")
        if isinstance(file, UploadedFile):
            checked_terms(file, size=file.size or 0)
        return file

    def clean(self) -> dict[str, Any]:
        super().clean()
        methods = self.cleaned_data.get("payment_methods", [])
        if Company.Method.TRANSFER in methods and not self.cleaned_data.get("iban"):
            self.add_error("iban", "Sans IBAN, le virement ne peut pas être proposé.")
        return self.cleaned_data
