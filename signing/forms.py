"""The two forms of a signature (who signs and agrees to what, then the code), and the one of the public check."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from lib.fields import CodeField, NameField, PhoneField
from quotes.content import Consent, Content
from quotes.law.contract import Place
from signing.drawing import MAX_SENT, NotADrawing, read_drawing
from signing.models import Signatory

NO_DRAWING = "La signature dessinée n'a pas pu être lue\u00a0: recommencez-la, ou laissez-la vide."


class SigningForm(forms.Form):
    """The signatory, a drawing if there is one, and one box per consent of the version, never ticked beforehand."""

    first_name = NameField(
        label="Prénom",
        max_length=100,
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "given-name"}),
        error_messages={"required": "Indiquez votre prénom."},
    )
    last_name = NameField(
        label="Nom",
        max_length=100,
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "family-name"}),
        error_messages={"required": "Indiquez votre nom."},
    )
    capacity = NameField(
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
    is_small = forms.TypedChoiceField(
        label="Cinq salariés au plus, et un contrat hors de votre activité principale\u00a0?",
        help_text="Si oui, la loi vous protège ici comme un particulier.",
        choices=(("yes", "oui"), ("no", "non")),
        coerce=lambda value: value == "yes",
        empty_value=None,
        widget=forms.RadioSelect,
        error_messages={"required": "Répondez oui ou non\u00a0: vos droits en dépendent."},
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
        if not (content.customer.is_business and content.contract == Place.OFF_PREMISES and content.law):
            del self.fields["is_small"]
        for name, consent in self.consents.items():
            self.fields[name] = forms.BooleanField(
                label=consent.words,
                required=consent.required,
                error_messages={
                    "required": f"Cochez cette case pour pouvoir signer. {consent.otherwise}".strip()
                },
            )
            self.initial.pop(name, None)

    @property
    def consent_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.consents]

    @property
    def ways_out(self) -> list[str]:
        """For whoever cannot tick a box, each sentence once."""
        return list(dict.fromkeys(one.otherwise for one in self.consents.values() if one.otherwise))

    def clean_drawing(self) -> bytes:
        try:
            return read_drawing(self.cleaned_data["drawing"])
        except NotADrawing as error:
            raise ValidationError(NO_DRAWING) from error

    @property
    def signatory(self) -> Signatory:
        """What a valid form says."""
        typed = self.cleaned_data
        named = {field.name: typed.get(field.name, "") for field in fields(Signatory)}
        named["is_small"] = typed.get("is_small")
        ticked = frozenset(consent.id for name, consent in self.consents.items() if typed[name])
        return Signatory(**named | {"consents": ticked})


class CodeForm(forms.Form):
    code = CodeField()
