"""The company's form: what is uploaded is checked here and nowhere trusted."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminFileFieldWidget,
    UnfoldAdminTextInputWidget,
    UnfoldAdminURLInputWidget,
)

from quotes.models import Company
from quotes.uploads import checked_terms, redrawn_logo


class CompactField(forms.CharField):
    """Typed in groups, as on paper; kept without spaces."""

    widget = UnfoldAdminTextInputWidget

    def to_python(self, value: Any) -> str:
        return "".join((super().to_python(value) or "").split()).upper()


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
