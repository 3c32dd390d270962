"""The quote: its number, its lines, its state and the rules about one row."""

from __future__ import annotations

import datetime as dt
import secrets
from decimal import Decimal
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Concat, Lower
from django.urls import reverse
from django.utils import timezone

from quotes import french, money, withdrawal
from quotes.models.company import Customer
from quotes.models.glance import AtAGlance

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from quotes.models.version import QuoteVersion


class IllegalMove(Exception):
    """A move that the graph of states does not have."""


def new_public_id() -> str:
    """Names a quote in addresses; it opens nothing by itself."""
    return secrets.token_urlsafe(12)


def today_in_paris() -> dt.date:
    return french.in_paris(timezone.now()).date()


class NumberCounter(models.Model):
    """The last number given in a Paris year: taken in the transaction that creates the quote, so without holes."""

    year = models.PositiveSmallIntegerField(primary_key=True)
    last = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = "compteur de numéros"

    def __str__(self) -> str:
        return f"{self.year}: {self.last}"

    @staticmethod
    def take(year: int) -> str:
        """The next number of the year, `D-2026-0001`; the row stays locked until the transaction ends."""
        NumberCounter.objects.bulk_create([NumberCounter(year=year)], ignore_conflicts=True)
        NumberCounter.objects.filter(year=year).update(last=models.F("last") + 1)
        return f"D-{year}-{NumberCounter.objects.get(year=year).last:04}"


def sees_all(user: User) -> bool:
    """To see all is less than to manage all: accountants read."""
    return user.has_perm("quotes.manage_all_quotes") or user.has_perm("quotes.view_all_quotes")


class QuoteQuerySet(models.QuerySet["Quote"]):
    def awaiting_customer(self) -> Self:
        return self.filter(state__in=Quote.SIGNABLE)

    def with_parties(self) -> Self:
        return self.select_related("customer", "owner")

    def visible_to(self, user: User) -> Self:
        """Owners see their quotes; managers and accountants see all."""
        return self if sees_all(user) else self.filter(owner=user)


_LINE = models.Value("\n")
_OUT = models.Q(state__in=("sent", "reminded"))
# What the desk's lists are read by: each order for one owner and for all, each filter, each figure of the first page.
LIST_INDEXES = (
    models.Index(fields=["turn", "-last_at", "-id"], name="quotes_by_turn"),
    models.Index(fields=["owner", "turn", "-last_at", "-id"], name="quotes_by_owner_turn"),
    models.Index(fields=["state", "turn", "-last_at", "-id"], name="quotes_by_state"),
    models.Index(fields=["owner", "state", "turn", "-last_at", "-id"], name="quotes_by_owner_state"),
    models.Index(fields=["-last_at", "-id"], name="quotes_by_last_fact"),
    models.Index(fields=["valid_until", "id"], name="quotes_by_validity"),
    models.Index(fields=["-created_at"], name="quotes_by_creation"),
    models.Index(fields=["in_force_until"], name="quotes_out_by_validity", condition=_OUT),
    models.Index(fields=["owner", "in_force_until"], name="quotes_out_by_owner", condition=_OUT),
    models.Index(fields=["accepted_at"], name="quotes_by_signature"),
    models.Index(fields=["owner", "accepted_at"], name="quotes_by_owner_signature"),
    models.Index(fields=["first_sent_at"], name="quotes_by_sending"),
    models.Index(fields=["owner", "first_sent_at"], name="quotes_by_owner_sending"),
)


class Quote(AtAGlance):
    class State(models.TextChoices):
        DRAFT = "draft", "En cours"
        SENDING = "sending", "Envoi en cours"
        SENT = "sent", "Envoyé"
        REMINDED = "reminded", "Relancé"
        ACCEPTED = "accepted", "Accepté"
        REFUSED = "refused", "Refusé"
        CANCELLED = "cancelled", "Annulé"
        WITHDRAWN = "withdrawn", "Rétracté"
        DONE = "done", "Terminé"

    class Contract(models.TextChoices):
        DISTANCE = "distance", "À distance"
        OFF_PREMISES = "off_premises", "Hors établissement"
        ON_PREMISES = "on_premises", "En établissement"

    class DepositKind(models.TextChoices):
        NONE = "none", "Pas d'acompte"
        PERCENT = "percent", "Pourcentage du total TTC"
        AMOUNT = "amount", "Montant TTC"

    class WithdrawalException(models.TextChoices):
        """Cases of art. L221-28 C. conso. that a field-service company meets."""

        NONE = "", "Aucune : le client peut se rétracter"
        URGENT_REPAIR = (
            "urgent_repair",
            "Travaux urgents à domicile, demandés par le client (art. L221-28, 8°)",
        )
        MADE_TO_MEASURE = "made_to_measure", "Biens faits sur mesure (art. L221-28, 3°)"

    MOVES: dict[State, frozenset[State]] = {
        State.DRAFT: frozenset({State.SENDING, State.CANCELLED}),
        State.SENDING: frozenset({State.SENT, State.DRAFT}),
        State.SENT: frozenset(
            {State.REMINDED, State.ACCEPTED, State.REFUSED, State.CANCELLED, State.SENDING},
        ),
        State.REMINDED: frozenset({State.ACCEPTED, State.REFUSED, State.CANCELLED, State.SENDING}),
        State.REFUSED: frozenset({State.SENDING, State.DONE}),
        State.ACCEPTED: frozenset({State.WITHDRAWN, State.DONE}),
    }
    SIGNABLE = (State.SENT, State.REMINDED)
    REVISABLE = (State.SENT, State.REMINDED, State.REFUSED)
    CONCLUDED = (State.ACCEPTED, State.WITHDRAWN, State.DONE)

    number = models.CharField("numéro", max_length=20, unique=True, editable=False)
    public_id = models.CharField(max_length=20, unique=True, default=new_public_id, editable=False)
    title = models.CharField("objet", max_length=160)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="quotes", verbose_name="client"
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="quotes", verbose_name="responsable"
    )
    worksite = models.TextField("adresse du chantier", max_length=300, blank=True)
    issued_on = models.DateField("date du devis", default=today_in_paris)
    valid_until = models.DateField("valable jusqu'au (inclus)")
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
        "pourquoi cette exception s'applique", max_length=300, blank=True, help_text="Montré au client."
    )
    intro = models.TextField("texte avant les lignes", blank=True, max_length=5000)
    outro = models.TextField("texte après les lignes", blank=True, max_length=5000)
    conditions = models.TextField("conditions particulières", blank=True, max_length=5000)
    deposit_kind = models.CharField("acompte", max_length=8, choices=DepositKind, default=DepositKind.PERCENT)
    deposit_value = models.DecimalField(
        "valeur de l'acompte", max_digits=12, decimal_places=2, default=Decimal(30)
    )
    payment_methods = models.JSONField(
        "moyens de paiement de l'acompte", null=True, blank=True, help_text="Vide : ceux de l'entreprise."
    )
    start = models.CharField("début prévu", max_length=120, blank=True)
    duration = models.CharField("durée prévue", max_length=120, blank=True)
    internal_note = models.TextField("note interne", blank=True, help_text="Jamais montrée au client.")
    tags = models.CharField("étiquettes", max_length=200, blank=True)
    state = models.CharField("état", max_length=10, choices=State, default=State.DRAFT, editable=False)
    revising = models.BooleanField("nouvelle version en préparation", default=False, editable=False)
    next_reminder_at = models.DateTimeField(
        "prochaine relance automatique", null=True, blank=True, editable=False
    )
    expiry_told_for = models.DateField(
        "fin de validité annoncée au responsable", null=True, blank=True, editable=False
    )
    blocked_at = models.DateTimeField("accès bloqué le", null=True, blank=True, editable=False)
    blocked_reason = models.CharField("raison du blocage", max_length=300, blank=True, editable=False)
    accepted_at = models.DateTimeField("accepté le", null=True, blank=True, editable=False)
    refused_at = models.DateTimeField("refusé le", null=True, blank=True, editable=False)
    withdrawn_at = models.DateTimeField("rétracté le", null=True, blank=True, editable=False)
    created_at = models.DateTimeField("créé le", auto_now_add=True)
    # Kept by the database itself, in lower case, for the search of the desk.
    searched = models.GeneratedField(
        expression=Lower(
            Concat(
                *("number", _LINE, "title", _LINE, "tags", _LINE, "worksite"), output_field=models.TextField()
            )
        ),
        output_field=models.TextField(),
        db_persist=True,
    )

    objects = QuoteQuerySet.as_manager()

    class Meta:
        verbose_name = "devis"
        verbose_name_plural = "devis"
        ordering = ("-created_at",)
        permissions = (
            ("manage_all_quotes", "Voir et gérer tous les devis"),
            ("view_all_quotes", "Voir tous les devis"),
        )
        indexes = (
            models.Index(fields=["state", "valid_until"], name="quote_state_validity"),
            models.Index(
                fields=["next_reminder_at"],
                name="quotes_to_remind",
                condition=models.Q(next_reminder_at__isnull=False),
            ),
            *LIST_INDEXES,
        )
        constraints = (
            models.CheckConstraint(
                condition=models.Q(
                    state__in=[
                        "draft", "sending", "sent", "reminded", "accepted",
                        "refused", "cancelled", "withdrawn", "done",
                    ]
                ),
                name="quote_state_in_graph",
            ),
            models.CheckConstraint(
                condition=models.Q(deposit_kind="none")
                | models.Q(deposit_kind="percent", deposit_value__gt=0, deposit_value__lte=100)
                | models.Q(deposit_kind="amount", deposit_value__gt=0),
                name="quote_deposit_in_bounds",
            ),
            models.CheckConstraint(
                condition=models.Q(withdrawal_exception="") | models.Q(withdrawal_reason__gt=""),
                name="withdrawal_exception_has_a_reason",
            ),
            models.CheckConstraint(
                condition=models.Q(valid_until__gte=models.F("issued_on")), name="quote_validity_after_issue"
            ),
        )  # fmt: skip

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("quotes:show", args=[self.public_id])

    def move_to(self, state: State) -> None:
        """Change the state along the graph, or raise IllegalMove. Only verbs of `workflow.py` call it."""
        if state not in self.MOVES.get(self.State(self.state), frozenset()):
            raise IllegalMove(f"{self.number}: {self.state} -> {state}")
        self.state = state
        self.save(update_fields=["state"])

    @property
    def is_blocked(self) -> bool:
        """A block has no effect once the quote is accepted."""
        return self.blocked_at is not None and self.state not in self.CONCLUDED

    @property
    def is_settled(self) -> bool:
        """Over without a contract: cancelled, refused, or refused and filed as done."""
        refused_and_filed = self.state == self.State.DONE and self.accepted_at is None
        return refused_and_filed or self.state in (self.State.REFUSED, self.State.CANCELLED)

    @property
    def is_concluded(self) -> bool:
        """A contract was made, whatever became of it since; a refused quote that was filed never was one."""
        return self.state in self.CONCLUDED and not self.is_settled

    @property
    def has_lapsed(self) -> bool:
        """The customer holds a version that is past its date and can no longer be signed."""
        out = self.in_force_until is not None and self.state in self.SIGNABLE
        return out and self.in_force_until < today_in_paris()  # type: ignore[operator]

    @property
    def shown_until(self) -> dt.date:
        """The date that counts now: the customer's, or the working copy's while it is edited."""
        return self.valid_until if self.is_editable else self.in_force_until or self.valid_until

    @property
    def is_editable(self) -> bool:
        """A sent quote is read-only, unless its next version is being prepared."""
        return self.state == self.State.DRAFT or (self.revising and self.state in self.REVISABLE)

    @property
    def gives_withdrawal(self) -> bool:
        """Consumers may withdraw from contracts at a distance or off premises (art. L221-18), but for exceptions."""
        return (
            self.customer.kind == Customer.Kind.INDIVIDUAL
            and self.contract != self.Contract.ON_PREMISES
            and not self.withdrawal_exception
        )

    @property
    def withdrawal_ends_at(self) -> dt.datetime | None:
        """Until when the customer may withdraw from this concluded contract; None without that right."""
        version = self.current_version
        facts = version.reading.withdrawal if version else None
        if self.accepted_at is None or facts is None or not facts.days:
            return None
        return withdrawal.end(self.accepted_at)

    @property
    def withdrawal_last_day(self) -> dt.date | None:
        """The last day, included, on which the customer may withdraw."""
        return withdrawal.last_day(self.accepted_at) if self.accepted_at and self.withdrawal_ends_at else None

    @property
    def can_withdraw(self) -> bool:
        """True to the last second of the last day."""
        end = self.withdrawal_ends_at
        return self.state == self.State.ACCEPTED and end is not None and timezone.now() < end

    @property
    def current_version(self) -> QuoteVersion | None:
        """The version in force: the one that the customer reads and may sign."""
        return self.versions.filter(is_current=True).first()

    @property
    def totals(self) -> money.Totals:
        """The sums of the working copy; a sent quote's are frozen in its version."""
        return money.totals(self.lines.all())

    @property
    def deposit_amount(self) -> Decimal:
        """The deposit of the working copy in euros incl. tax; 0 when none is asked for."""
        if self.deposit_kind == self.DepositKind.PERCENT:
            return money.percentage_of(self.totals.incl_tax, self.deposit_value)
        return self.deposit_value if self.deposit_kind == self.DepositKind.AMOUNT else money.ZERO
