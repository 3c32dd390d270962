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

from lib import french
from lib.fields import LineField, PrintedLineField
from logisav.desk.company import terms
from logisav.desk.law_fields import PointsField, QualificationsField, expired
from quotes import schedule
from quotes.law import notices
from quotes.models import Company
from quotes.uploads import checked_terms, redrawn_logo

SHORTEST_REASON = 10  # characters: « sans objet » or « non » is none
MEDIATOR = {
    "name": "Donnez le nom du médiateur.",
    "address": "Donnez l'adresse postale du médiateur\u00a0: la loi la demande avec son nom et son site.",
    "site": "Donnez le site du médiateur\u00a0: la loi le demande avec son nom et son adresse.",
}
INSURER = {
    "name": "Donnez le nom de l'assureur.",
    "contract": "Donnez le numéro du contrat et les coordonnées de l'assureur.",
    "territory": "Donnez le territoire couvert, par exemple\u00a0: France métropolitaine.",
}


class CompactField(PrintedLineField):
    """Typed in groups, as on paper; kept without spaces."""

    widget = UnfoldAdminTextInputWidget

    def to_python(self, value: Any) -> str:
        return "".join((super().to_python(value) or "").split()).upper()


class DaysField(LineField):
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
    vat_number = CompactField(label="Numéro de TVA", required=False)
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

    rge_proof = forms.FileField(
        label="Attestation RGE (PDF)",
        required=False,
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": "application/pdf"}),
        help_text="5 Mo au plus. Elle part avec chaque devis de travaux d'économies d'énergie.",
    )
    mediator_site = forms.URLField(
        label="Site du médiateur", required=False, assume_scheme="https", widget=UnfoldAdminURLInputWidget
    )
    waste_points = PointsField(label="Points de collecte")
    rge_qualifications = QualificationsField(label="Qualifications RGE")

    class Meta:
        help_texts: ClassVar = {
            "texts_read_on": "Le jour où quelqu'un a comparé ces textes avec Légifrance, mot pour mot.",
            "vat_regime": "En franchise, chaque devis dit « TVA non applicable » avec son article.",
            "legal_form_name": "Par exemple\u00a0: SNC, SELARL, association.",
            "insurer_contract": "Numéro du contrat, adresse et téléphone de l'assureur.",
            "insurer_territory": "Par exemple\u00a0: France métropolitaine.",
            "insurer_not_needed": "Seulement si la loi ne vous oblige à aucune assurance\u00a0: dites pourquoi.",
            "mediator_name": "Pour les particuliers\u00a0: son nom, son adresse postale et son site, tous les trois.",
            "after_sales": "Qui appeler, où écrire. Vide\u00a0: votre téléphone et votre adresse mail.",
            "spare_parts": "Si vous le savez. Par exemple\u00a0: disponibles dix ans.",
            "waste_sorting": "Par exemple\u00a0: triés sur place, enlevés par nos soins.",
            "waste_cost": "Par exemple\u00a0: compris dans le prix\u00a0; 60 € HT par chantier.",
            "payment_days": "60 au plus. 0\u00a0: à réception de la facture.",
            "late_rate": "Au moins 3 fois le taux d'intérêt légal. Chaque devis à un professionnel le porte.",
            "travel_costs": "Par exemple : compris dans les prix ; 45 € HT par déplacement.",
            "quote_cost": "Par exemple : Devis gratuit ; Devis payant, 60 € TTC, déduits des travaux.",
            "publication_director": "Prénom et nom. Pour une société, son représentant légal.",
            "host": "L'entreprise chez qui tourne ce serveur, et son adresse ; vous-même s'il est chez vous.",
            "data_email": "Vide : l'adresse mail de l'entreprise.",
            "is_micro": "Moins de 10 personnes, et 2 millions d'euros de chiffre d'affaires ou de bilan au plus.",
            "accessibility": "Après un contrôle selon le RGAA. Sans contrôle : « Non évaluée ».",
            "accessibility_gaps": "Par exemple : le PDF du devis n'est pas lu dans le bon ordre.",
        }
        widgets = {
            "colour": forms.TextInput(attrs={"type": "color", "class": "colour"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._show_old_texts()

    def _show_old_texts(self) -> None:
        """What was written before there were fields for it, beside them until they are filled in."""
        company = self.instance
        copy, choose = "Recopiez-le ici, champ par champ.", "Choisissez la forme qui lui correspond."
        for name, old, filled, what_to_do in (
            ("legal_form", company.old_legal_form, company.legal_form, choose),
            ("insurer_name", company.insurer, company.seller.insurer.is_complete, copy),
            ("mediator_name", company.mediator, company.seller.mediator.is_complete, copy),
        ):
            if old and not filled and name in self.fields:
                self.fields[name].help_text = f"Vous aviez écrit {french.quoted(old)}. {what_to_do}"

    def clean_rge_proof(self) -> Any:
        file = self.cleaned_data.get("rge_proof")
        if isinstance(file, UploadedFile):
            checked_terms(file, size=file.size or 0)
            terms.refuse(file)
        return file

    def clean_rge_qualifications(self) -> Any:
        rows = self.cleaned_data["rge_qualifications"]
        if rows != self.initial.get("rge_qualifications") and (sentence := expired(rows)):
            raise forms.ValidationError(sentence)
        return rows

    def clean_insurer_not_needed(self) -> str:
        reason = str(self.cleaned_data["insurer_not_needed"])
        if reason and len(reason) < SHORTEST_REASON:
            raise forms.ValidationError(
                "Dites pourquoi aucune assurance n'est obligatoire, par exemple\u00a0: entretien seul, sans ouvrage."
            )
        return reason

    def clean_logo(self) -> Any:
        file = self.cleaned_data.get("logo")
        if isinstance(file, UploadedFile):
            return redrawn_logo(file, size=file.size or 0)
        return file

    def clean_terms_pdf(self) -> Any:
        file = self.cleaned_data.get("terms_pdf")
        if isinstance(file, UploadedFile):
            checked_terms(file, size=file.size or 0)
            terms.refuse(file)
        return file

    def clean(self) -> dict[str, Any]:
        super().clean()
        read_on, read_by = self.cleaned_data.get("texts_read_on"), self.cleaned_data.get("texts_read_by")
        if bool(read_on) is not bool(read_by):
            field = "texts_read_by" if read_on else "texts_read_on"
            self.add_error(field, "Dites quand et par qui ces textes ont été comparés avec Légifrance.")
        if {"texts_read_on", "texts_read_by"} & set(self.changed_data):
            self.instance.texts_read_digest = notices.digest() if read_on else ""
        methods = self.cleaned_data.get("payment_methods", [])
        if Company.Method.TRANSFER in methods and not self.cleaned_data.get("iban"):
            self.add_error("iban", "Sans IBAN, le virement ne peut pas être proposé.")
        self._check_form()
        self._check_whole("mediator", MEDIATOR)
        self._check_whole("insurer", INSURER)
        if self.cleaned_data.get("insurer_not_needed") and self.cleaned_data.get("insurer_name"):
            self.add_error("insurer_not_needed", "Un assureur est nommé\u00a0: retirez-le, ou cette raison.")
        return self.cleaned_data

    def _check_form(self) -> None:
        other = self.cleaned_data.get("legal_form") == Company.LegalForm.OTHER
        name = self.cleaned_data.get("legal_form_name")
        if other and not name:
            self.add_error("legal_form_name", "Écrivez la forme juridique de l'entreprise.")
        elif name and not other:
            self.add_error("legal_form_name", "Choisissez «\u00a0Autre\u00a0», ou effacez cette forme.")

    def _check_whole(self, prefix: str, sentences: dict[str, str]) -> None:
        """Three fields that mean something together: none, or all."""
        said = {name: self.cleaned_data.get(f"{prefix}_{name}") for name in sentences}
        if any(said.values()):
            for name, value in said.items():
                if not value and f"{prefix}_{name}" not in self.errors:
                    self.add_error(f"{prefix}_{name}", sentences[name])
