"""The two forms of a signature (who signs and agrees to what, then the code), and the one of the public check."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from lib import phones
from lib.fields import CodeField, NameField, PhoneField
from quotes.content import Consent, Content
from quotes.law import contract
from quotes.law.contract import Kind, Place
from quotes.models import Customer
from signing.drawing import MAX_SENT, NotADrawing, read_drawing
from signing.models import Prefilled, Signatory

NO_DRAWING = "La signature dessinée n'a pas pu être lue\u00a0: recommencez-la, ou laissez-la vide."


@dataclass(frozen=True)
class Known:
    """What the quote's owner has written of the customer; it may be kept or corrected, and is never asked twice."""

    first_name: str = ""
    last_name: str = ""
    phone: str = ""

    @classmethod
    def of(cls, customer: Customer) -> Known:
        return cls(
            customer.first_name, customer.last_name, customer.phone if phones.masked(customer.phone) else ""
        )

    @property
    def shown_phone(self) -> str:
        return phones.masked(self.phone)


AS_KIND = {Kind.CONSUMER: "en tant que particulier", Kind.BUSINESS: "pour mon activité professionnelle"}
AT_PLACE = {
    Place.DISTANCE: "à distance, sans personne de l'entreprise à mes côtés",
    Place.ON_PREMISES: "dans les locaux de l'entreprise",
}


def sentence(content: Content) -> str:
    """The quote's own regime, never a weaker one; empty where a right hangs on the answer, which is asked openly.

    That is off premises, a visit on the same day, urgency: by silence nobody says that the company is beside them.
    """
    facts = content.facts(concluded_at=timezone.now())
    is_visited = facts.visited_on is not None and facts.visited_on == facts.concluded_on
    if content.law is None or facts.place is Place.OFF_PREMISES or contract.is_exempt(facts) or is_visited:
        return ""
    return f"Je signe {AS_KIND[facts.kind]}, {AT_PLACE[facts.place]}."


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
            (Kind.CONSUMER, "pour moi, en tant que particulier"),
            (Kind.BUSINESS, "pour mon activité professionnelle"),
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
    shown_phone = forms.CharField(max_length=40, required=False, widget=forms.HiddenInput)
    version_hash = forms.CharField(max_length=64, widget=forms.HiddenInput)

    def __init__(self, content: Content, *args: Any, known: Known = Known(), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.content, self.known, self.sentence = content, known, sentence(content)
        self.initial.update(
            first_name=known.first_name, last_name=known.last_name, shown_phone=known.shown_phone
        )
        # Left empty, what the page shows stands; a phone that was changed meanwhile is asked for anew.
        self.keeps_phone = bool(known.phone) and (
            not self.is_bound or self.data.get("shown_phone") == known.shown_phone
        )
        self.fields["phone"].required = not self.keeps_phone
        for name in ("kind", "place"):
            self.fields[name].required = not self.sentence
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
        typed, known = self.cleaned_data, self.known
        named = {field.name: typed.get(field.name, "") for field in fields(Signatory)}
        named["is_small"] = typed.get("is_small")
        named["consents"] = frozenset(consent.id for name, consent in self.consents.items() if typed[name])
        if known.last_name:
            is_kept = (typed["first_name"], typed["last_name"]) == (known.first_name, known.last_name)
            named["name_from"] = Prefilled.KEPT if is_kept else Prefilled.CORRECTED
        if self.keeps_phone:
            named["phone_from"] = Prefilled.CORRECTED if typed["phone"] else Prefilled.KEPT
            named["phone"] = typed["phone"] or known.phone
        if self.sentence and not typed["kind"] and not typed["place"]:
            named["said"] = self.sentence
        named["kind"] = typed["kind"] or self.content.customer.kind
        named["place"] = typed["place"] or self.content.contract
        return Signatory(**named)

    @property
    def is_contradicted(self) -> bool:
        """Whether what is behind « Ce n'est pas le cas » has to be seen."""
        return any(self[name].errors or self[name].data for name in ("kind", "place"))


class CodeForm(forms.Form):
    code = CodeField()
