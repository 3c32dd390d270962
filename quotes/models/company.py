"""The two parties: the company that sells and the customer who buys."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable
from decimal import Decimal
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models.fields.files import FieldFile
from django.db.models.functions import Concat, Lower
from django.utils import timezone
from stdnum import bic, iban
from stdnum.fr import siren, siret, tva

from lib import french, phones, printable
from lib.day import today_in_paris
from lib.files import WholeFileField, WholeImageField
from quotes.content import CompanyFacts, Logo, Terms
from quotes.law import notices, vat
from quotes.law.mentions import CollectionPoint, Insurer, Mediator, Qualification, Seller, Waste
from quotes.law.notices import LawText

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def sees_all(user: User) -> bool:
    """To see all is less than to manage all: accountants read."""
    return user.has_perm("quotes.manage_all_quotes") or user.has_perm("quotes.view_all_quotes")


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


def store_rge_proof(company: Company, filename: str) -> str:
    return _content_address(company.rge_proof, ".pdf")


def sha256_of(file: FieldFile) -> str:
    """What `_content_address` wrote into the name, in hex."""
    return PurePath(file.name or "").stem[:64]


def default_reminder_days() -> list[int]:
    return [3, 7]


class Company(models.Model):
    """The seller: one row per installation.

    `insurer`, `mediator` and `old_legal_form` are what was written freely before there were fields for it: shown
    beside these, and printed as it was while they are not complete.
    """

    class Method(models.TextChoices):
        CARD = "card", "Carte bancaire"
        TRANSFER = "transfer", "Virement"
        CHEQUE = "cheque", "Chèque"

    class Accessibility(models.TextChoices):
        """In the words of the RGAA."""

        NOT_ASSESSED = "not_assessed", "Non évaluée"
        NONE = "none", "Non conforme"
        PARTIAL = "partial", "Partiellement conforme"
        FULL = "full", "Totalement conforme"

    class Regime(models.TextChoices):
        NORMAL = vat.Regime.NORMAL.value, "La TVA est facturée"
        FRANCHISE = vat.Regime.FRANCHISE.value, "Franchise en base : pas de TVA"

    class Territory(models.TextChoices):
        MAINLAND = vat.Territory.MAINLAND.value, "France métropolitaine, hors Corse"
        CORSICA = vat.Territory.CORSICA.value, "Corse"
        OVERSEAS = vat.Territory.OVERSEAS.value, "Guadeloupe, Martinique, La Réunion"
        WITHOUT_VAT = vat.Territory.WITHOUT_VAT.value, "Guyane, Mayotte"

    class LegalForm(models.TextChoices):
        EI = "EI", "EI (entrepreneur individuel, micro-entrepreneur)"
        EURL = "EURL", "EURL"
        SARL = "SARL", "SARL"
        SAS = "SAS", "SAS"
        SASU = "SASU", "SASU"
        SA = "SA", "SA"
        SCOP = "SCOP", "SCOP"
        OTHER = "other", "Autre"

    class Rge(models.TextChoices):
        YES = "yes", "Oui"
        NO = "no", "Non"

    singleton = models.PositiveSmallIntegerField(default=1, unique=True, editable=False)
    legal_name = models.CharField("dénomination sociale", max_length=120)
    trade_name = models.CharField("nom commercial", max_length=120, blank=True)
    tagline = models.CharField("activité en une ligne", max_length=120, blank=True)
    legal_form = models.CharField("forme juridique", max_length=40, blank=True, choices=LegalForm)
    legal_form_name = models.CharField("forme, si autre", max_length=40, blank=True)
    old_legal_form = models.CharField(max_length=40, blank=True, default="", editable=False)
    capital = models.DecimalField("capital (€)", max_digits=14, decimal_places=2, null=True, blank=True)
    siret = models.CharField("SIRET", max_length=14, validators=[validate_siret])
    vat_number = models.CharField(
        "numéro de TVA",
        max_length=14,
        blank=True,
        validators=[validate_vat],
    )
    vat_regime = models.CharField("régime de TVA", max_length=10, choices=Regime, default=Regime.NORMAL)
    territory = models.CharField(
        "territoire",
        max_length=16,
        choices=Territory,
        default=Territory.MAINLAND,
        help_text="Il donne les taux de TVA.",
    )
    registration = models.CharField("RCS ou RNE", max_length=60, blank=True, help_text="Exemple : RCS Lyon")
    address = models.TextField("adresse", max_length=300)
    phone = models.CharField("téléphone", max_length=40)
    email = models.EmailField("adresse mail")
    website = models.URLField("site", blank=True)
    hours = models.CharField("horaires d'appel", max_length=120, blank=True)
    logo = WholeImageField("logo (PNG)", upload_to=store_logo, blank=True)
    colour = models.CharField(
        "couleur", max_length=7, default="#0c5a6e", validators=[RegexValidator(r"^#[0-9a-fA-F]{6}$")]
    )
    insurer = models.TextField("assureur et couverture", max_length=300, blank=True, editable=False)
    insurer_name = models.CharField("assureur", max_length=120, blank=True)
    insurer_contract = models.CharField("contrat et coordonnées de l'assureur", max_length=200, blank=True)
    insurer_territory = models.CharField("territoire couvert", max_length=120, blank=True)
    insurer_not_needed = models.CharField("assurance obligatoire sans objet", max_length=200, blank=True)
    mediator = models.TextField("médiateur de la consommation", max_length=300, blank=True, editable=False)
    mediator_name = models.CharField("médiateur de la consommation", max_length=120, blank=True)
    mediator_address = models.TextField("adresse postale du médiateur", max_length=200, blank=True)
    mediator_site = models.URLField("site du médiateur", blank=True)
    after_sales = models.CharField("service après-vente", max_length=200, blank=True)
    spare_parts = models.CharField("pièces détachées", max_length=200, blank=True)
    waste_sorting = models.CharField("tri et enlèvement des déchets", max_length=300, blank=True)
    waste_points = models.JSONField("points de collecte des déchets", default=list, blank=True)
    waste_cost = models.CharField("coût de l'enlèvement des déchets", max_length=120, blank=True)
    rge = models.CharField("entreprise RGE", max_length=3, choices=Rge, blank=True)
    rge_qualifications = models.JSONField("qualifications RGE", default=list, blank=True)
    rge_proof = WholeFileField("attestation RGE (PDF)", upload_to=store_rge_proof, blank=True)
    payment_days = models.PositiveSmallIntegerField(
        "délai de paiement entre professionnels (jours)",
        default=30,
        null=True,
        blank=True,
        validators=[MaxValueValidator(60)],
    )
    late_rate = models.CharField(
        "taux des pénalités de retard",
        max_length=120,
        blank=True,
        default="3\u00a0fois le taux d'intérêt légal",
    )
    iban = models.CharField("IBAN", max_length=42, blank=True, validators=[validate_iban])
    bic = models.CharField("BIC", max_length=11, blank=True, validators=[validate_bic])
    account_holder = models.CharField("titulaire du compte", max_length=70, blank=True)
    terms_text = models.TextField("conditions générales (texte)", blank=True)
    terms_pdf = WholeFileField("conditions générales (PDF)", upload_to=store_terms, blank=True)
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

    class GivingBack(models.TextChoices):
        FETCHED = "fetched", "Nous venons le reprendre, à nos frais"
        SENT_BACK = "sent_back", "Le client le renvoie, à nos frais"
        SENT_BACK_PAID = "sent_back_paid", "Le client le renvoie, à ses frais"

    giving_back = models.CharField(
        "retour du matériel après une rétractation",
        max_length=16,
        choices=GivingBack,
        default=GivingBack.FETCHED,
    )
    # Somebody has compared the unconfirmed texts of the law with Légifrance; another text asks again.
    texts_read_on = models.DateField("textes de loi relus le", null=True, blank=True)
    texts_read_by = models.CharField("relus par", max_length=120, blank=True)
    texts_read_digest = models.CharField(max_length=64, blank=True, editable=False)
    travel_costs = models.CharField("frais de déplacement", max_length=200, blank=True)
    quote_cost = models.CharField(
        "devis gratuit ou payant", max_length=200, blank=True, default="Devis gratuit"
    )
    # For the pages that the law asks of a site; no version freezes them.
    publication_director = models.CharField("directeur de la publication", max_length=120, blank=True)
    host = models.TextField("hébergeur : nom et adresse", max_length=300, blank=True)
    host_phone = models.CharField("téléphone de l'hébergeur", max_length=40, blank=True)
    data_email = models.EmailField("adresse mail pour les données personnelles", blank=True)
    is_micro = models.BooleanField("microentreprise", default=False)
    accessibility = models.CharField(
        "accessibilité des pages", max_length=12, choices=Accessibility, default=Accessibility.NOT_ASSESSED
    )
    accessibility_tested_on = models.DateField("date du dernier essai", null=True, blank=True)
    accessibility_gaps = models.TextField("ce qui n'est pas accessible", max_length=1000, blank=True)

    # By this process, for the pages of errors alone: a name or a number may have changed since.
    last_read: ClassVar[Company | None] = None

    class Meta:
        verbose_name = "entreprise"
        verbose_name_plural = "entreprise"
        constraints = (
            models.CheckConstraint(condition=models.Q(singleton=1), name="one_company_per_installation"),
        )

    def __str__(self) -> str:
        return self.name

    @classmethod
    def from_db(cls, *args: Any, **kwargs: Any) -> Self:
        company = super().from_db(*args, **kwargs)
        if not company.get_deferred_fields():
            cls.last_read = company
        return company

    @classmethod
    def current(cls) -> Company:
        return cls.objects.get()

    @property
    def name(self) -> str:
        return self.trade_name or self.signed_name

    @property
    def unread_texts(self) -> tuple[LawText, ...]:
        """Texts of the law that come from a copy, until somebody has read them as they stand."""
        is_read = self.texts_read_on is not None and self.texts_read_digest == notices.digest()
        return () if is_read else notices.unconfirmed()

    @property
    def facts(self) -> CompanyFacts:
        """The identity that a version freezes and that pages and mails bear."""
        return CompanyFacts(
            name=self.name,
            legal_name=self.signed_name,
            legal_form=self.legal_form_words,
            capital=french.money(self.capital).replace(",00", "") if self.capital else "",
            siret=self.siret,
            vat_number=self.vat_number,
            vat_notice=vat.franchise_words(on=today_in_paris())
            if self.vat_regime == self.Regime.FRANCHISE
            else "",
            registration=self.registration,
            address=self.address,
            phone=self.phone,
            email=self.email,
            website=self.website,
            tagline=self.tagline,
            hours=self.hours,
            colour=self.colour,
            insurer=self._insurer.words if self._insurer.is_complete else self.insurer or self._insurer.words,
            mediator=self._mediator.words
            if self._mediator.is_complete
            else self.mediator or self._mediator.words,
            logo=Logo(sha256=sha256_of(self.logo), type="image/png") if self.logo else None,
            travel_costs=self.travel_costs,
            quote_cost=self.quote_cost,
        )

    @property
    def vat_rates(self) -> tuple[Decimal, ...]:
        """Those that a line may bear, the usual one first."""
        return vat.offered(self.vat_regime, self.territory)

    @property
    def is_sole_trader(self) -> bool:
        return self.legal_form == self.LegalForm.EI

    @property
    def signed_name(self) -> str:
        """« EI » right after the name of a sole trader, on every paper (art. R526-27 C. com.)."""
        return f"{self.legal_name} EI" if self.is_sole_trader else self.legal_name

    @property
    def legal_form_words(self) -> str:
        """As it stands behind the name: EI is part of it; what was written freely before counts until one is chosen."""
        if self.is_sole_trader:
            return ""
        if self.legal_form == self.LegalForm.OTHER:
            return self.legal_form_name
        return self.legal_form or self.old_legal_form

    @property
    def _insurer(self) -> Insurer:
        return Insurer(
            self.insurer_name, self.insurer_contract, self.insurer_territory, self.insurer_not_needed
        )

    @property
    def _mediator(self) -> Mediator:
        return Mediator(self.mediator_name, self.mediator_address, self.mediator_site)

    @property
    def waste(self) -> Waste:
        """What a quote says of its waste where it says nothing else."""
        return Waste(
            sorting=self.waste_sorting,
            points=tuple(CollectionPoint(**point) for point in self.waste_points),
            cost=self.waste_cost,
        )

    @property
    def seller(self) -> Seller:
        """What the law asks of the company once, for all its quotes."""
        other = self.legal_form == self.LegalForm.OTHER
        return Seller(
            legal_form=self.legal_form_name if other else self.legal_form,
            insurer=self._insurer,
            mediator=self._mediator,
            waste=self.waste,
            rge=self.rge,
            qualifications=tuple(
                Qualification(one["number"], one["domain"], dt.date.fromisoformat(one["until"]))
                for one in self.rge_qualifications
            ),
            rge_proof=bool(self.rge_proof),
            after_sales=self.after_sales or f"{phones.shown(self.phone)}, {self.email}",
            spare_parts=self.spare_parts,
            payment_days=self.payment_days,
            late_rate=self.late_rate,
        )

    @property
    def rge_proof_for_quote(self) -> str:
        """SHA-256 of the certificate that travels with a quote; empty when there is none to prove."""
        return sha256_of(self.rge_proof) if self.rge == self.Rge.YES and self.rge_proof else ""

    @property
    def legal_line(self) -> str:
        return self.facts.legal_line

    @property
    def person_for_data(self) -> str:
        """The mailbox to which a person writes about what is kept of them."""
        return self.data_email or self.email

    @property
    def terms(self) -> Terms | None:
        """The general terms in force: a PDF goes before a text."""
        if self.terms_pdf:
            return Terms(kind="pdf", sha256=sha256_of(self.terms_pdf))
        return Terms(kind="text", text=self.terms_text) if self.terms_text else None


ERASED = "efface@donnees.invalid"
"""The mailbox of the one row that stands for every customer whose data have gone; no mail ever arrives there."""

_LINE, _SPACE = models.Value("\n"), models.Value(" ")


class CustomerQuerySet(models.QuerySet["Customer"]):
    """Rows written many at a time keep the digits of their phone too: an import does."""

    def visible_to(self, user: User) -> Self:
        """Whoever made or imported them, or has a quote for them; managers and accountants see all."""
        known = self.exclude(email=ERASED)
        if sees_all(user):
            return known
        return known.filter(models.Q(made_by=user) | models.Q(pk__in=user.quotes.values("customer")))

    def erased(self) -> Customer:
        """Whom a quote belongs to once nobody shall know whose it was."""
        made = {"last_name": "Données effacées", "address": "—"}
        return self.filter(email=ERASED).first() or self.create(email=ERASED, **made)

    def like(self, *, email: str, phone: str) -> Self:
        """With exactly this mailbox, or this number however either was written."""
        same = models.Q(email__iexact=email) if email else models.Q(pk__in=())
        if digits := phones.digits_for_search(phone):
            same |= models.Q(phone_digits=digits)
        return self.filter(same)

    def bulk_create(self, objs: Iterable[Customer], *args: Any, **kwargs: Any) -> list[Customer]:
        customers = list(objs)
        for customer in customers:
            customer.phone_digits = phones.digits_for_search(customer.phone)
        return super().bulk_create(customers, *args, **kwargs)

    def update(self, **values: Any) -> int:
        if "phone" in values:
            values["phone_digits"] = phones.digits_for_search(values["phone"])
        return super().update(**values)


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
    # May be unknown for a while: everything works but sending (see readiness).
    email = models.EmailField("adresse mail", blank=True)
    phone = models.CharField("téléphone", max_length=40, blank=True)
    phone_digits = models.CharField(max_length=40, blank=True, default="", editable=False)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    address = models.TextField("adresse de facturation", max_length=300)
    created_at = models.DateTimeField("créé le", default=timezone.now, editable=False)
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

    objects = CustomerQuerySet.as_manager()

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
        """With the mail, or what else is known: two customers may bear one name."""
        return ", ".join(filter(None, [self.name, self.email or self.phone]))

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        self.phone_digits = phones.digits_for_search(self.phone)
        if update_fields is not None and "phone" in update_fields:
            update_fields = {*update_fields, "phone_digits"}
        super().save(*args, update_fields=update_fields, **kwargs)

    def clean(self) -> None:
        if self.kind == self.Kind.BUSINESS and not self.company_name:
            raise ValidationError({"company_name": "Indiquez la raison sociale du professionnel."})
        if self.kind == self.Kind.INDIVIDUAL and not self.last_name:
            raise ValidationError({"last_name": "Indiquez le nom du particulier."})
        for field in ("first_name", "last_name", "company_name"):
            if why := printable.why_not(getattr(self, field)):
                raise ValidationError({field: why})

    @property
    def is_individual(self) -> bool:
        return self.kind == self.Kind.INDIVIDUAL

    @property
    def contact(self) -> str:
        """The person, with title, that no line break parts."""
        return french.NBSP.join(filter(None, [self.civility, self.first_name, self.last_name]))

    @property
    def name(self) -> str:
        return self.company_name if self.kind == self.Kind.BUSINESS else self.contact

    @property
    def greeting(self) -> str:
        """`Bonjour Madame Morel`, `Bonjour Claire Morel` where no title is known, `Bonjour` where no person is."""
        if self.civility and self.last_name:
            return f"Bonjour {self.Civility(self.civility).label}{french.NBSP}{self.last_name}"
        named = french.NBSP.join(filter(None, [self.first_name, self.last_name]))
        return f"Bonjour {named}" if named else "Bonjour"
