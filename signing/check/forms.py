"""The file that anybody may hand in to be checked."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError

from signing.check.uploads import MAX_FILE

TOO_LARGE = "Ce fichier dépasse 10\u00a0Mo\u00a0: ce n'est pas un devis signé d'ici."


class CheckForm(forms.Form):
    """The PDF to check: what it is must show in its first bytes, whatever its name says."""

    pdf = forms.FileField(
        label="Devis signé, au format PDF",
        help_text="10\u00a0Mo au plus. Le fichier est comparé puis effacé, il n'est pas gardé.",
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"class": "input", "accept": "application/pdf"}),
        error_messages={
            "required": "Choisissez le PDF à vérifier.",
            "invalid": "Choisissez le PDF à vérifier.",
        },
    )

    def clean_pdf(self) -> bytes:
        file = self.cleaned_data["pdf"]
        if file.size > MAX_FILE:
            raise ValidationError(TOO_LARGE, code="too_large")
        data = bytes(file.read())
        if b"%PDF-" not in data[:1024]:
            raise ValidationError("Ce fichier n'est pas un PDF. Choisissez le devis signé reçu par mail.")
        return data

    @property
    def is_too_large(self) -> bool:
        return self.has_error("pdf", code="too_large")

    @property
    def filename(self) -> str:
        return str(getattr(self.files.get("pdf"), "name", ""))
