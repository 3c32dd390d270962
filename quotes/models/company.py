"""The two parties: the company that sells and the customer who buys."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from pathlib import PurePath

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models.fields.files import FieldFile
from django.db.models.functions import Concat, Lower
from stdnum import bic, iban
from stdnum.fr import siren, siret, tva

from quotes import french
from quotes.content import CompanyFacts, Logo, Terms


def validate_siret(value: str) -> None:
    if not siret.is_valid(value):
        raise ValidationError("Ce numéro SIRET n'est pas valable : vérifiez ses 14 chiffres.")


def validate_siren(value: str) -> None:
    if not siren.is_valid(value):
        raise ValidationError("Ce numéro SIREN n'est pas valable : vérifiez ses 9 chiffres.")


def validate_vat(value: str) -> None:
    if not tva.is_valid(value):
        raise ValidationError("Ce numéro de TVA n'est pas valable.")


def validate_iban(value: str) -> None:
    if not iban.is_valid(value):
        raise ValidationError("Cet IBAN n'est pas valable : vérifiez chaque caractère.")


def validate_bic(value: str) -> None:
    if not bic.is_valid(value):
        raise ValidationError("Ce BIC n'est pas valable : 8 ou 11 caractères.")


def _content_address(file: FieldFile, suffix: str) -> str:
    """Files bear the SHA-256 of what they hold: the upload's own name is forgotten, nothing is overwritten."""
    file.file.seek(0)
    digest = hashlib.sha256(file.file.read()).hexdigest()
    file.file.seek(0)
    return f"company/{digest}{suffix}"


def store_logo(company: Company, filename: str) -> str:
    return _content_address(company.logo, ".png")


def store_terms(company: Company, filename: str) -> str:
    return _content_address(company.terms_pdf, ".pdf")


def sha256_of(file: FieldFile) -> str:
    """What `_content_address` wrote into the name, in hex."""
    return PurePath(file.name or "").stem[:64]


def default_reminder_days() -> list[int]:
    return [3, 7]


class Company(models.Model):
    """The seller: one row per installation."""

    class Method(models.TextChoices):
        CARD = "card", "Carte bancaire"
        TRANSFER = "transfer", "Virement"

    singleton = models.PositiveSmallIntegerField(default=1, unique=True, editable=False)
    legal_name = models.CharField("dénomination sociale", max_length=120)
    trade_name = models.CharField("nom commercial", max_length=120, blank=True)
    tagline = models.CharField("activité en une ligne", max_length=120, blank=True)
    legal_form = models.CharField("forme juridique", max_length=40, blank=True)
    capital = models.DecimalField("capital (€)", max_digits=14, decimal_places=2, null=True, blank=True)
    siret = models.CharField("SIRET", max_length=14, validators=[validate_siret])
    vat_number = models.CharField(
        "numéro de TVA",
        max_length=14,
        blank=True,
        validators=[validate_vat],
        help_text="Vide : « TVA non applicable, art. 293 B du CGI ».",
    )
    registration = models.CharField("RCS ou RNE", max_length=60, blank=True, help_text="Exemple : RCS Lyon")
    address = models.TextField("adresse", max_length=300)
    phone = models.CharField("téléphone", max_length=40)
    email = models.EmailField("adresse mail")
    website = models.URLField("site", blank=True)
    hours = models.CharField("horaires d'appel", max_length=120, blank=True)
    logo = models.ImageField("logo (PNG)", upload_to=store_logo, blank=True)
    colour = models.CharField(
        "couleur", max_length=7, default="#0c5a6e", validators=[RegexValidator(r"^#[0-9a-fA-F]{6}$")]
    )
    insurer = models.TextField("assureur et couverture", max_length=300, blank=True)
    mediator = models.TextField("médiateur de la consommation", max_length=300, blank=True)
    iban = models.CharField("IBAN", max_length=42, blank=True, validators=[validate_iban])
    bic = models.CharField("BIC", max_length=11, blank=True, validators=[validate_bic])
    account_holder = models.CharField("titulaire du compte", max_length=70, blank=True)
    terms_text = models.TextField("conditions générales (texte)", blank=True)
    terms_pdf = models.FileField("conditions générales (PDF)", upload_to=store_terms, blank=True)
    default_validity_days = models.PositiveSmallIntegerField(
        "validité par défaut (jours)", default=30, validators=[MinValueValidator(1), MaxValueValidator(365)]
    )
    default_deposit_percent = models.DecimalField(
        "acompte par défaut (%)",
        max_digits=5,
        decimal_places=2,
        default=Decimal(30),
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(100))],
    )
    payment_methods = models.JSONField("moyens de paiement proposés", default=list, blank=True)
    deposit_reminder_days = models.JSONField(
        "rappels de l'acompte (jours après la signature)", default=default_reminder_days, blank=True
    )
    quote_reminder_days = models.JSONField(
        "relances automatiques (jours après l'envoi)", default=list, blank=True
    )
    expiry_notice_days = models.PositiveSmallIntegerField(
        "prévenir le responsable avant la fin de validité (jours)",
        default=3,
        validators=[MaxValueValidator(60)],
        help_text="0 : ne pas prévenir.",
    )
    travel_costs = models.CharField("frais de déplacement", max_length=200, blank=True)
    quote_cost = models.CharField(
        "devis gratuit ou payant", max_length=200, blank=True, default="Devis gratuit"
    )

    class Meta:
        verbose_name = "entreprise"
        verbose_name_plural = "entreprise"
        constraints = (
            models.CheckConstraint(condition=models.Q(singleton=1), name="one_company_per_installation"),
        )

    def __str__(self) -> str:
        return self.name

    @classmethod
    def current(cls) -> Company:
        return cls.objects.get()

    @property
    def name(self) -> str:
        return self.trade_name or self.legal_name

    @property
    def facts(self) -> CompanyFacts:
        """The identity that a version freezes and that pages and mails bear."""
        return CompanyFacts(
            name=self.name,
            legal_name=self.legal_name,
            legal_form=self.legal_form,
            capital=french.money(self.capital).replace(",00", "") if self.capital else "",
            siret=self.siret,
            vat_number=self.vat_number,
            registration=self.registration,
            address=self.address,
            phone=self.phone,
            email=self.email,
            website=self.website,
            tagline=self.tagline,
            hours=self.hours,
            colour=self.colour,
            insurer=self.insurer,
            mediator=self.mediator,
            logo=Logo(sha256=sha256_of(self.logo), type="image/png") if self.logo else None,
            travel_costs=self.travel_costs,
            quote_cost=self.quote_cost,
        )

    @property
    def legal_line(self) -> str:
        return self.facts.legal_line

    @property
    def terms(self) -> Terms | None:
        """The general terms in force: a PDF goes before a text."""
        if self.terms_pdf:
            return Terms(kind="pdf", sha256=sha256_of(self.terms_pdf))
        return Terms(kind="text", text=self.terms_text) if self.terms_text else None


_LINE, _SPACE = models.Value("\n"), models.Value(" ")


class Customer(models.Model):
    """Who receives quotes."""

    class Kind(models.TextChoices):
        INDIVIDUAL = "individual", "Particulier"
        BUSINESS = "business", "Professionnel"

    class Civility(models.TextChoices):
        NONE = "", "—"
        MADAM = "Mme", "Madame"
        SIR = "M.", "Monsieur"

    kind = models.CharField("type", max_length=12, choices=Kind, default=Kind.INDIVIDUAL)
    civility = models.CharField("civilité", max_length=4, choices=Civility, default=Civility.NONE, blank=True)
    first_name = models.CharField("prénom", max_length=100, blank=True)
    last_name = models.CharField("nom", max_length=100, blank=True)
    company_name = models.CharField("raison sociale", max_length=120, blank=True)
    siren = models.CharField("SIREN", max_length=9, blank=True, validators=[validate_siren])
    email = models.EmailField("adresse mail")
    phone = models.CharField("téléphone", max_length=40, blank=True)
    address = models.TextField("adresse de facturation", max_length=300)
    # Kept by the database itself, in lower case, for the search of the desk.
    searched = models.GeneratedField(
        expression=Lower(
            Concat(
                *("company_name", _LINE, "first_name", _SPACE, "last_name", _LINE, "email"),
                *(_LINE, "phone", _LINE, "siren"),
                output_field=models.TextField(),
            )
        ),
        output_field=models.TextField(),
        db_persist=True,
    )

    class Meta:
        verbose_name = "client"
        indexes = (
            models.Index(fields=["company_name", "last_name", "first_name", "-id"], name="customers_by_name"),
        )
        constraints = (
            models.CheckConstraint(
                condition=models.Q(kind="business", company_name__gt="")
                | models.Q(kind="individual", last_name__gt=""),
                name="customer_has_a_name",
            ),
        )

    def __str__(self) -> str:
        """With the mail: two customers may bear one name."""
        return f"{self.name}, {self.email}"

    def clean(self) -> None:
        if self.kind == self.Kind.BUSINESS and not self.company_name:
            raise ValidationError({"company_name": "Indiquez la raison sociale du professionnel."})
        if self.kind == self.Kind.INDIVIDUAL and not self.last_name:
            raise ValidationError({"last_name": "Indiquez le nom du particulier."})

    @property
    def contact(self) -> str:
        """The person, with title, that no line break parts."""
        return french.NBSP.join(filter(None, [self.civility, self.first_name, self.last_name]))

    @property
    def name(self) -> str:
        return self.company_name if self.kind == self.Kind.BUSINESS else self.contact

    @property
    def greeting(self) -> str:
        """`Bonjour Madame Morel`, or just `Bonjour`."""
        if self.civility and self.last_name:
            return f"Bonjour {self.Civility(self.civility).label}{french.NBSP}{self.last_name}"
        return "Bonjour"
