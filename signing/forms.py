"""The two forms of a signature (who signs and agrees to what, then the code), and the one of the public check."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from django import forms
from django.core import signing
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.crypto import salted_hmac

from lib import folding
from lib.fields import CodeField, NameField, PhoneField
from quotes.content import Consent, Content
from quotes.law import contract
from quotes.law.contract import Kind, Place
from quotes.models import Customer
from signing.drawing import MAX_SENT, NotADrawing, read_drawing
from signing.models import Prefilled, Signatory

NO_DRAWING = "La signature dessinée n'a pas pu être lue\u00a0: recommencez-la, ou laissez-la vide."


OTHER_NAME = (
    "Ce devis est établi pour {meant}. Dites à quel titre vous signez, "
    "ou écrivez «\u00a0moi-même\u00a0» si c'est bien vous."
)
CHANGED_PHONE = "Vérifiez ce numéro, ou écrivez le vôtre."
SHOWN = "signing.form.shown"  # salt of what a form's page showed


@dataclass(frozen=True)
class Known:
    """What the quote's owner has written of the customer; it may be kept or corrected, and is never asked twice."""

    first_name: str = ""
    last_name: str = ""
    phone: str = ""

    @classmethod
    def of(cls, customer: Customer, content: Content) -> Known:
        """The name as far as it is the one that the quote was made for, and the telephone of the customer's record."""
        try:
            phone = PhoneField().clean(customer.phone)
        except ValidationError:  # none, or words that an import took: it is asked for
            phone = ""
        meant = content.customer.contact or content.customer.name
        if not folding.may_be_same_name(meant, f"{customer.first_name} {customer.last_name}"):
            return cls(phone=phone)
        return cls(customer.first_name, customer.last_name, phone)

    @property
    def phone_end(self) -> str:
        """Its last two digits: enough to recognise one's own, not enough to learn it."""
        return "".join(sign for sign in self.phone if sign.isdecimal())[-2:]


@dataclass(frozen=True)
class Shown:
    """What a form's page showed, as it comes back with the form: signed, so that nobody records what never stood there.

    `phone` is a keyed digest: the page knows two digits, and what comes back tells whether the rest is the same.
    """

    first_name: str = ""
    last_name: str = ""
    phone: str = ""
    sentence: str = ""

    @classmethod
    def of(cls, known: Known, sentence: str) -> Shown:
        phone = salted_hmac(SHOWN, known.phone, algorithm="sha256").hexdigest() if known.phone else ""
        return cls(known.first_name, known.last_name, phone, sentence)

    @classmethod
    def read(cls, token: str) -> Shown:
        """Nothing was shown where the token is none of ours."""
        try:
            return cls(**signing.loads(token, salt=SHOWN))
        except signing.BadSignature:
            return cls()

    @property
    def token(self) -> str:
        return signing.dumps(asdict(self), salt=SHOWN)

    def became(self, typed: dict[str, str]) -> str:
        """Of the name: kept or corrected, by the parts that stood there; empty where none did."""
        shown = {name: getattr(self, name) for name in ("first_name", "last_name") if getattr(self, name)}
        if not shown:
            return ""
        return (
            Prefilled.KEPT
            if all(typed[name] == value for name, value in shown.items())
            else Prefilled.CORRECTED
        )


AS_KIND = {Kind.CONSUMER: "en tant que particulier", Kind.BUSINESS: "pour mon activité professionnelle"}


def sentence(content: Content) -> str:
    """For a contract at a distance, its own regime; empty where a right hangs on the answer, which is asked openly.

    That is elsewhere than at a distance, on the day of a visit, for an urgent repair: by silence nobody says that the
    company is beside them, or that they stand in its premises and have no right to withdraw.
    """
    now = timezone.now()
    facts = content.facts(concluded_at=now)
    is_simple = (
        facts.place is Place.DISTANCE and not contract.is_exempt(facts) and not content.is_visited(now)
    )
    if content.law is None or not is_simple:
        return ""
    return f"Je signe {AS_KIND[facts.kind]}, à distance, sans personne de l'entreprise à mes côtés."


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
    only_name = forms.BooleanField(label="Je n'ai qu'un nom, pas de prénom.", required=False)
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
    version_hash = forms.CharField(max_length=64, widget=forms.HiddenInput)

    def __init__(self, content: Content, *args: Any, known: Known = Known(), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.content, self.known, self.sentence = content, known, sentence(content)
        self.now_shown = Shown.of(known, self.sentence)
        # Silence says what the page showed; what has changed since is asked for anew.
        self.shown = Shown.read(self.data.get("shown", "")) if self.is_bound else self.now_shown
        # A page that is shown again holds what was typed: of the name it has shown what it showed first.
        names = {"first_name": self.shown.first_name, "last_name": self.shown.last_name}
        self.now_shown = replace(self.now_shown, **names)
        self.initial.update(first_name=known.first_name, last_name=known.last_name)
        self.keeps_phone = bool(known.phone) and self.shown.phone == self.now_shown.phone
        self.keeps_sentence = bool(self.sentence) and self.shown.sentence == self.sentence
        self.fields["phone"].required = not self.keeps_phone
        if known.phone and not self.keeps_phone:
            self.fields["phone"].error_messages["required"] = CHANGED_PHONE
        for name in ("kind", "place"):
            self.fields[name].required = not self.keeps_sentence
        self.consents: dict[str, Consent] = {f"consent_{consent.id}": consent for consent in content.consents}
        self.fields["capacity"].required = content.customer.is_business
        if not content.customer.is_business:
            self.fields["capacity"].label = "À quel titre signez-vous\u00a0?"
            self.fields["capacity"].help_text = "Par exemple\u00a0: conjoint, fils, tuteur, gérante."
        self.fields["first_name"].required = not self.data.get("only_name")
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

    def clean(self) -> dict[str, Any]:
        """Who contradicts the sentence says both: kind and place stand in it together."""
        super().clean()
        if (
            self.is_of_another_name
            and not self.cleaned_data.get("capacity")
            and "capacity" not in self.errors
        ):
            self.add_error("capacity", OTHER_NAME.format(meant=self.content.customer.name))
        typed = {name: self.cleaned_data.get(name, "") for name in ("kind", "place")}
        if any(typed.values()):
            for name in (name for name, value in typed.items() if not value and name not in self.errors):
                self.add_error(name, self.fields[name].error_messages["required"])
        return self.cleaned_data

    @property
    def is_of_another_name(self) -> bool:
        """A private customer's quote, and the name that was typed is not theirs."""
        if self.content.customer.is_business or {"first_name", "last_name"} & self.errors.keys():
            return False
        typed = f"{self.cleaned_data.get('first_name', '')} {self.cleaned_data.get('last_name', '')}"
        return not folding.may_be_same_name(self.content.customer.name, typed)

    @property
    def asks_for_capacity(self) -> bool:
        """Of a professional always; of a private person once the name is another than the customer's."""
        field = self["capacity"]
        return self.content.customer.is_business or bool(field.errors or field.data)

    @property
    def asks_for_only_name(self) -> bool:
        """Of whoever left the first name empty: some people have one name."""
        return self.is_bound and bool(self["first_name"].errors or self["only_name"].data)

    @property
    def signatory(self) -> Signatory:
        """What a valid form says."""
        typed = self.cleaned_data
        named = {field.name: typed.get(field.name, "") for field in fields(Signatory)}
        named["is_small"] = typed.get("is_small")
        named["consents"] = frozenset(consent.id for name, consent in self.consents.items() if typed[name])
        named["name_from"] = self.shown.became(typed)
        if self.keeps_phone:
            is_same = typed["phone"] in ("", self.known.phone)
            named["phone_from"] = Prefilled.KEPT if is_same else Prefilled.CORRECTED
            named["phone"] = typed["phone"] or self.known.phone
        if not typed["kind"]:
            named |= {
                "said": self.sentence,
                "kind": self.content.customer.kind,
                "place": self.content.contract,
            }
        return Signatory(**named)

    @property
    def is_contradicted(self) -> bool:
        """Whether what is behind « Ce n'est pas le cas » has to be seen."""
        return any(self[name].errors or self[name].data for name in ("kind", "place"))


class CodeForm(forms.Form):
    code = CodeField()
