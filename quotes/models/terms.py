"""What a quote and a template of quotes say alike; their lines share quotes/models/line.py."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.core.validators import MinValueValidator
from django.db import models

from quotes import money
from quotes.law.vat import ZeroReason


class QuoteTerms(models.Model):
    """A field that stands here is copied from quote to quote, into templates and out of them."""

    class Contract(models.TextChoices):
        DISTANCE = "distance", "À distance"
        OFF_PREMISES = "off_premises", "Hors établissement"
        ON_PREMISES = "on_premises", "En établissement"

    class DepositKind(models.TextChoices):
        NONE = "none", "Pas d'acompte"
        PERCENT = "percent", "Pourcentage du total TTC, primes déduites"
        AMOUNT = "amount", "Montant TTC"

    class DiscountKind(models.TextChoices):
        NONE = "none", "Pas de remise"
        PERCENT = "percent", "Pourcentage du total HT"
        AMOUNT = "amount", "Montant HT"

    class VatReason(models.TextChoices):
        NONE = "", "—"
        REVERSE_CHARGE = (
            ZeroReason.REVERSE_CHARGE.value,
            "Autoliquidation : sous-traitance, TVA due par le preneur",
        )
        OUT_OF_SCOPE = ZeroReason.OUT_OF_SCOPE.value, "Hors champ de la TVA"
        EXEMPT = ZeroReason.EXEMPT.value, "Exonéré (article à citer)"
        WITHOUT_VAT = ZeroReason.WITHOUT_VAT.value, "Travaux en Guyane ou à Mayotte"

    class WithdrawalException(models.TextChoices):
        """Cases of art. L221-28 C. conso. that a field-service company meets."""

        NONE = "", "Aucune : le client peut se rétracter"
        URGENT_REPAIR = (
            "urgent_repair",
            "Dépannage urgent chez le client, à sa demande, rien d'autre (art. L221-28, 8°)",
        )
        MADE_TO_MEASURE = (
            "made_to_measure",
            "Objet fabriqué pour ce client, pas un appareil du catalogue (art. L221-28, 3°)",
        )

    class Nature(models.TextChoices):
        """A supply with its installation is a sale: its right to withdraw runs from the delivery."""

        GOODS = "goods", "Fourniture et pose, ou vente"
        SERVICES = "services", "Main-d'œuvre, entretien, dépannage ou étude, sans fourniture notable"
        UNKNOWN = "unknown", "À dire"

    class Energy(models.TextChoices):
        """Works that save energy or make it from renewable sources: the law has their quotes say more."""

        BY_ITS_WORDS = "", "Selon les mots du devis"
        YES = "yes", "Oui"
        NO = "no", "Non"

    title = models.CharField("objet", max_length=160)
    # Rows older than the question are `unknown`: nothing is guessed about them.
    nature = models.CharField("nature du contrat", max_length=10, choices=Nature, default=Nature.GOODS)
    contract = models.CharField(
        "conclusion du contrat", max_length=14, choices=Contract, default=Contract.DISTANCE
    )
    withdrawal_exception = models.CharField(
        "exception au droit de rétractation",
        max_length=20,
        choices=WithdrawalException,
        default=WithdrawalException.NONE,
        blank=True,
    )
    withdrawal_reason = models.CharField(
        "pourquoi cette exception s'applique",
        max_length=300,
        blank=True,
        help_text="Montré au client. Pour un dépannage, la panne\u00a0: fuite d'eau. Sur mesure, l'objet fabriqué.",
    )
    intro = models.TextField("texte avant les lignes", blank=True, max_length=5000)
    outro = models.TextField("texte après les lignes", blank=True, max_length=5000)
    conditions = models.TextField("conditions particulières", blank=True, max_length=5000)
    deposit_kind = models.CharField("acompte", max_length=8, choices=DepositKind, default=DepositKind.PERCENT)
    deposit_value = models.DecimalField(
        "valeur de l'acompte", max_digits=12, decimal_places=2, default=Decimal(30)
    )
    discount_kind = models.CharField(
        "remise sur le total", max_length=8, choices=DiscountKind, default=DiscountKind.NONE
    )
    discount_value = models.DecimalField(
        "valeur de la remise",
        max_digits=12,
        decimal_places=2,
        default=Decimal(0),
        validators=[MinValueValidator(Decimal(0))],
    )
    vat_reason = models.CharField(
        "pourquoi une TVA à 0 %",
        max_length=16,
        choices=VatReason,
        default=VatReason.NONE,
        blank=True,
        help_text="À dire dès qu'une ligne est à 0 %.",
    )
    vat_detail = models.CharField(
        "précision",
        max_length=300,
        blank=True,
        help_text=(
            "Autoliquidation : chantier principal et donneur d'ordre. Exonération : l'article, par exemple "
            "« article 261, 4, 4° du CGI »."
        ),
    )
    payment_methods = models.JSONField(
        "moyens de paiement de l'acompte", null=True, blank=True, help_text="Vide : ceux de l'entreprise."
    )
    delivery = models.CharField("livraison du matériel", max_length=120, blank=True)
    start = models.CharField("début prévu", max_length=120, blank=True)
    duration = models.CharField("durée prévue", max_length=120, blank=True)
    formalities = models.CharField("démarches (qui, quand)", max_length=300, blank=True)
    no_waste = models.BooleanField("dépannage ou entretien : sans objet", default=False)
    waste_quantity = models.CharField("quantité de déchets", max_length=40, blank=True)
    waste_sorting = models.CharField("tri et enlèvement", max_length=300, blank=True)
    waste_points = models.JSONField("points de collecte", default=list, blank=True)
    waste_cost = models.CharField("coût de l'enlèvement", max_length=120, blank=True)
    energy_works = models.CharField(
        "économies d'énergie ou énergie renouvelable", max_length=3, choices=Energy, blank=True
    )
    without_subcontractors = models.BooleanField("sans sous-traitance", default=False)
    subcontractors = models.JSONField("sous-traitants", default=list, blank=True)
    tags = models.CharField("étiquettes", max_length=200, blank=True)

    # Left by a form of the desk for those that are checked after it: the lines as typed, the form itself.
    typed: Any = None
    edited_in: Any = None

    class Meta:
        abstract = True

    @staticmethod
    def names() -> tuple[str, ...]:
        return tuple(field.name for field in QuoteTerms._meta.local_fields)

    @property
    def discount(self) -> money.Discount | None:
        """What is taken off the total excl. tax; None when nothing is."""
        if self.discount_kind == self.DiscountKind.PERCENT:
            return money.Discount(percent=self.discount_value)
        if self.discount_kind == self.DiscountKind.AMOUNT:
            return money.Discount(amount=self.discount_value)
        return None

    def totals_of(self, lines: Iterable[money.Priced]) -> money.Totals:
        """The sums of these lines, the discount on the total taken off."""
        return money.totals(lines, discount=self.discount)

    def deposit_of(self, total: Decimal) -> Decimal:
        """The deposit that is asked for of what the customer pays, both in euros incl. tax; 0 when none is."""
        if self.deposit_kind == self.DepositKind.PERCENT:
            return money.percentage_of(total, self.deposit_value)
        return self.deposit_value if self.deposit_kind == self.DepositKind.AMOUNT else money.ZERO


def discount_in_bounds(name: str) -> models.CheckConstraint:
    """What the database itself refuses of a discount on the total."""
    return models.CheckConstraint(
        condition=models.Q(discount_kind="none")
        | models.Q(discount_kind="percent", discount_value__gte=0, discount_value__lte=100)
        | models.Q(discount_kind="amount", discount_value__gte=0),
        name=f"{name}_discount_in_bounds",
    )
