"""The two forms of a signature (who signs and agrees to what, then the code), and the one of the public check."""

from __future__ import annotations

import unicodedata
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from quotes.content import Consent, Content
from quotes.fields import OneLineField, PhoneField, visible
from signing import workflow
from signing.drawing import MAX_SENT, NotADrawing, read_drawing
from signing.uploads import MAX_FILE

BETWEEN_DIGITS = str.maketrans("", "", " \u00a0\u202f\u2009\t\n-.")
TOO_LARGE = "Ce fichier dépasse 10\u00a0Mo\u00a0: ce n'est pas un devis signé d'ici."
NO_DRAWING = "La signature dessinée n'a pas pu être lue\u00a0: recommencez-la, ou laissez-la vide."


class SigningForm(forms.Form):
    """The signatory, a drawing if there is one, and one box per consent of the version, never ticked beforehand."""

    first_name = OneLineField(
        label="Prénom",
        max_length=100,
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "given-name"}),
        error_messages={"required": "Indiquez votre prénom."},
    )
    last_name = OneLineField(
        label="Nom",
        max_length=100,
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "family-name"}),
        error_messages={"required": "Indiquez votre nom."},
    )
    capacity = OneLineField(
        label="Votre qualité",
        help_text="À quel titre vous signez, par exemple\u00a0: gérante, directeur des achats.",
        max_length=100,
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "organization-title"}),
        error_messages={"required": "Indiquez à quel titre vous signez, par exemple\u00a0: gérante."},
    )
    kind = forms.ChoiceField(
        label="Vous signez",
        choices=(
            ("individual", "pour moi, en tant que particulier"),
            ("business", "pour mon activité professionnelle"),
        ),
        widget=forms.RadioSelect,
        error_messages={"required": "Dites si vous signez en particulier ou en professionnel."},
    )
    place = forms.ChoiceField(
        label="Où signez-vous\u00a0?",
        choices=(
            ("distance", "à distance, sans personne de l'entreprise à mes côtés"),
            ("off_premises", "chez moi ou sur le chantier, en présence de l'entreprise"),
            ("on_premises", "dans les locaux de l'entreprise"),
        ),
        widget=forms.RadioSelect,
        error_messages={"required": "Dites où vous signez."},
    )
    phone = PhoneField(
        label="Téléphone", max_length=40, error_messages={"required": "Indiquez votre numéro de téléphone."}
    )
    drawing = forms.CharField(
        required=False,
        max_length=MAX_SENT,
        widget=forms.HiddenInput,
        error_messages={"max_length": NO_DRAWING},
    )
    version_hash = forms.CharField(max_length=64, widget=forms.HiddenInput)

    def __init__(self, content: Content, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.consents: dict[str, Consent] = {f"consent_{consent.id}": consent for consent in content.consents}
        if not content.customer.is_business:
            del self.fields["capacity"]
        for name, consent in self.consents.items():
            self.fields[name] = forms.BooleanField(
                label=consent.words,
                required=consent.required,
                error_messages={"required": "Cochez cette case pour pouvoir signer."},
            )
            self.initial.pop(name, None)

    @property
    def consent_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.consents]

    def clean_drawing(self) -> bytes:
        try:
            return read_drawing(self.cleaned_data["drawing"])
        except NotADrawing as error:
            raise ValidationError(NO_DRAWING) from error

    @property
    def facts(self) -> workflow.SigningForm:
        """What a valid form says."""
        typed = self.cleaned_data
        return workflow.SigningForm(
            first_name=typed["first_name"],
            last_name=typed["last_name"],
            phone=typed["phone"],
            capacity=typed.get("capacity", ""),
            place=typed["place"],
            kind=typed["kind"],
            consents=frozenset(consent.id for name, consent in self.consents.items() if typed[name]),
            drawing=typed["drawing"],
        )


class CodeForm(forms.Form):
    """Six digits, however they were copied: « 418 205 » with any space between."""

    code = forms.CharField(
        label="Code à 6 chiffres",
        help_text="Comme dans le mail, avec ou sans espace.",
        max_length=40,
        widget=forms.TextInput(
            attrs={
                "class": "input",
                "inputmode": "numeric",
                "autocomplete": "one-time-code",
                "autocapitalize": "off",
                "spellcheck": "false",
            }
        ),
        error_messages={
            "required": "Saisissez le code reçu par mail.",
            "max_length": "Le code a 6\u00a0chiffres.",
        },
    )

    def clean_code(self) -> str:
        typed = visible(self.cleaned_data["code"]).translate(BETWEEN_DIGITS)
        digits = [unicodedata.decimal(c, None) for c in typed]
        if len(digits) != 6 or None in digits:
            raise ValidationError("Le code a 6\u00a0chiffres.")
        return "".join(str(digit) for digit in digits)


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
