"""The deposit of an accepted quote, what was paid towards it, what went back, and what Stripe told us.

Rows move one way only (`RANK`), so that answers of the provider in any order, old ones too, end in the same state.
"""

from __future__ import annotations

import datetime as dt
import secrets
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.utils import timezone
from stdnum import iso11649

from lib import french
from notifications.queue import NOTHING, ClaimedRow, QueueQuerySet
from quotes.models import Quote
from quotes.models.company import sees_all
from quotes.money import ZERO

if TYPE_CHECKING:
    from django.contrib.auth.models import User

SESSION_LIFE = dt.timedelta(hours=12)
FIRST_CHECK = dt.timedelta(minutes=2)


def new_key() -> str:
    """Names an attempt to the provider: idempotency key and metadata at once."""
    return secrets.token_hex(16)


def first_check() -> dt.datetime:
    return timezone.now() + FIRST_CHECK


class BalanceStatus(models.TextChoices):
    """Where a deposit stands, shown beside the quote's own state."""

    NONE = "none", "Pas d'acompte"
    NOT_YET = "not_yet", "Acompte pas encore dû"
    DUE = "due", "Acompte à recevoir"
    PENDING = "pending", "Acompte en cours"
    PARTIAL = "partial", "Acompte reçu en partie"
    PAID = "paid", "Acompte reçu"
    OVERPAID = "overpaid", "Acompte reçu en trop"
    REFUND_DUE = "refund_due", "Acompte à rembourser"
    REFUNDED = "refunded", "Acompte remboursé"


AWAITED = (BalanceStatus.DUE, BalanceStatus.PARTIAL)


class DepositQuerySet(models.QuerySet["Deposit"]):
    def visible_to(self, user: User) -> Self:
        """Those of the quotes that this member of staff may see."""
        return self if sees_all(user) else self.filter(quote__owner=user)

    def announced(self) -> Self:
        """A transfer is on its way, as the customer says: nothing has come since."""
        came = Payment.objects.filter(
            deposit=models.OuterRef("pk"),
            state=Payment.State.PAID,
            paid_at__gte=models.OuterRef("transfer_announced_at"),
        )
        awaited = self.filter(standing__in=AWAITED, transfer_announced_at__isnull=False)
        return awaited.exclude(models.Exists(came))

    def with_quote(self) -> Self:
        return self.select_related("quote__customer", "quote__owner")

    def with_payments(self) -> Self:
        """For lists: the ledger of every row in two queries."""
        return self.prefetch_related("payments__refunds")


class Deposit(models.Model):
    """What an accepted quote asks for; made at the first need, its amount frozen with the version that was signed."""

    quote = models.OneToOneField(Quote, on_delete=models.PROTECT, related_name="deposit")
    amount = models.DecimalField("montant", max_digits=14, decimal_places=2)
    reference = models.CharField("référence", max_length=25, unique=True)
    opens_on = models.DateField("encaissable à partir du", null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    transfer_announced_at = models.DateTimeField("virement annoncé le", null=True, blank=True)
    opening_told_at = models.DateTimeField(null=True, blank=True, editable=False)
    reminders = models.PositiveSmallIntegerField("rappels envoyés", default=0)
    # Of what was received, kept after a withdrawal: the share done at the customer's own request (art. L221-25).
    kept = models.DecimalField("part gardée", max_digits=14, decimal_places=2, default=ZERO)
    # What the rule says, stored for the lists: written by `payments/statuses.py` alone.
    standing = models.CharField(
        "situation", max_length=10, choices=BalanceStatus, default=BalanceStatus.DUE, editable=False
    )

    objects = DepositQuerySet.as_manager()

    class Meta:
        verbose_name = "acompte"
        ordering = ("-created_at",)
        indexes = (
            models.Index(fields=["-created_at", "-id"], name="deposits_by_date"),
            models.Index(fields=["standing", "-created_at", "-id"], name="deposits_by_standing"),
            models.Index(
                fields=["transfer_announced_at"],
                name="transfers_announced",
                condition=models.Q(standing__in=["due", "partial"], transfer_announced_at__isnull=False),
            ),
            models.Index(
                fields=["opens_on"], name="deposits_to_open", condition=models.Q(standing="not_yet")
            ),
        )
        constraints = (
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="deposit_amount_positive"),
        )

    def __str__(self) -> str:
        return f"{self.quote.number}, acompte"

    @property
    def reference_grouped(self) -> str:
        """As people copy it: `RF29 D202 6014 8`."""
        return str(iso11649.format(self.reference))

    # The ledger

    @property
    def paid(self) -> Decimal:
        """All that arrived, whatever went back since."""
        return sum((payment.amount for payment in self._payments if payment.is_paid), ZERO)

    @property
    def refunded(self) -> Decimal:
        """What went back, or is on its way."""
        return sum((payment.refunded for payment in self._payments), ZERO)

    @property
    def received(self) -> Decimal:
        return self.paid - self.refunded

    @property
    def owed(self) -> Decimal:
        """What goes back to a customer who withdrew."""
        return max(self.received - self.kept, ZERO)

    @property
    def remaining(self) -> Decimal:
        """What is still asked for: a refund does not open the deposit again, save of what had come too early."""
        return max(self.amount - self.paid + self.given_back_early, ZERO)

    @property
    def given_back_early(self) -> Decimal:
        """Of what came before the law allowed it; it can be asked for once the law does."""
        return sum((each.refunded for each in self._payments if each.came_before(self.opens_on)), ZERO)

    @property
    def announced_at(self) -> dt.datetime | None:
        """When a transfer was announced of which nothing has come since."""
        said = self.transfer_announced_at
        came = [payment.paid_at for payment in self._payments if payment.is_paid and payment.paid_at]
        return None if said is None or any(moment >= said for moment in came) else said

    @property
    def first_came_on(self) -> dt.date | None:
        """The day in Paris of the first money; None: none has come."""
        return min((each.came_on for each in self._payments if each.is_paid and each.came_on), default=None)

    @property
    def early(self) -> Decimal:
        """What came before the law allowed it (art. L221-10) and is still here."""
        early = (
            payment for payment in self._payments if payment.is_paid and payment.came_before(self.opens_on)
        )
        return sum((payment.amount - payment.refunded for payment in early), ZERO)

    @property
    def excess(self) -> Decimal:
        return max(self.received - self.amount, ZERO)

    @property
    def is_pending(self) -> bool:
        """Money is on its way, or somebody has to look at it: nothing more is asked for meanwhile."""
        return any(payment.state in Payment.IN_DOUBT for payment in self._payments)

    def is_disputed(self) -> bool:
        return Dispute.objects.filter(payment__deposit=self, state=Dispute.State.OPEN).exists()

    @property
    def _payments(self) -> list[Payment]:
        """With their refunds; none yet for a deposit that is only shown, not stored."""
        if not self.pk:
            return []
        if "payments" in getattr(self, "_prefetched_objects_cache", {}):
            return list(self.payments.all())
        return list(self.payments.prefetch_related("refunds"))


class PaymentQuerySet(QueueQuerySet["Payment"]):
    """As a queue: card payments about which Stripe is asked again and again until they have ended."""

    DUE = "next_check_at"

    def under_way(self) -> Self:
        return self.filter(state__in=Payment.UNDER_WAY)

    def waiting(self) -> Self:
        return self.filter(next_check_at__isnull=False, method=Payment.Method.CARD)

    def given_up(self) -> models.Q:
        """Stripe is asked until the payment has ended."""
        return NOTHING

    def marks_of_revival(self) -> dict[str, Any]:
        return {}

    def held(self, row: Payment) -> Self:
        """One that has come to its end meanwhile is not looked up again."""
        return super().held(row).filter(next_check_at__isnull=False)

    def release(self, row: Payment) -> None:
        """Until the next look, which is a new one: tries and failure are forgotten."""
        self.held(row).update(claimed_until=None, error="", attempts=0, told_at=None)


class Payment(ClaimedRow):
    """One attempt by card, or one transfer or cheque that arrived. The amount never changes once the row is there."""

    class Method(models.TextChoices):
        CARD = "card", "Carte bancaire"
        TRANSFER = "transfer", "Virement"
        CHEQUE = "cheque", "Chèque"

    class State(models.TextChoices):
        STARTED = "started", "Préparé"
        OPEN = "open", "En attente du client"
        PENDING = "pending", "Confirmation attendue"
        EXPIRED = "expired", "Abandonné"
        FAILED = "failed", "Échec"
        SET_ASIDE = "set_aside", "À vérifier"
        PAID = "paid", "Reçu"

    UNDER_WAY = (State.STARTED, State.OPEN, State.PENDING)
    ON_PAGE = (State.STARTED, State.OPEN)  # the provider's: whether anybody has paid there is not known
    IN_DOUBT = (State.PENDING, State.SET_ASIDE)
    RANK = {
        State.STARTED: 0,
        State.OPEN: 1,
        State.PENDING: 2,
        State.EXPIRED: 3,
        State.FAILED: 3,
        State.SET_ASIDE: 4,
        State.PAID: 5,
    }

    deposit = models.ForeignKey(Deposit, on_delete=models.PROTECT, related_name="payments")
    method = models.CharField("moyen", max_length=10, choices=Method)
    amount = models.DecimalField("montant", max_digits=14, decimal_places=2)
    state = models.CharField("état", max_length=10, choices=State, default=State.STARTED)
    reason = models.CharField("remarque", max_length=300, blank=True)
    created_at = models.DateTimeField("commencé le", default=timezone.now)
    paid_at = models.DateTimeField("reçu le", null=True, blank=True)
    received_on = models.DateField("date de valeur", null=True, blank=True)
    # At the provider; `call` holds every parameter of the session, so that a call made again is the same call.
    key = models.CharField(max_length=32, unique=True, default=new_key, editable=False)
    call = models.JSONField(default=dict, editable=False)
    session_id = models.CharField(max_length=255, unique=True, null=True, blank=True)
    session_url = models.TextField(blank=True, editable=False)
    payment_intent = models.CharField(max_length=255, blank=True, db_index=True)
    charge = models.CharField(max_length=255, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    next_check_at = models.DateTimeField(null=True, blank=True, default=first_check, editable=False)
    checks = models.PositiveIntegerField(default=0, editable=False)
    claimed_until = models.DateTimeField(null=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)
    error = models.TextField(default="", db_default="", editable=False)
    card_holder = models.CharField("titulaire de la carte", max_length=200, blank=True)
    brand = models.CharField("réseau", max_length=40, blank=True)
    last4 = models.CharField("quatre derniers chiffres", max_length=4, blank=True)
    receipt_email = models.CharField("adresse du reçu", max_length=254, blank=True)

    objects = PaymentQuerySet.as_manager()

    class Meta:
        verbose_name = "paiement"
        ordering = ("created_at", "pk")
        indexes = (
            models.Index(
                fields=["next_check_at"],
                name="payments_to_check",
                condition=models.Q(next_check_at__isnull=False),
            ),
            models.Index(
                fields=["deposit"], name="payments_set_aside", condition=models.Q(state="set_aside")
            ),
        )
        constraints = (
            models.UniqueConstraint(
                fields=["deposit"],
                condition=models.Q(state__in=["started", "open", "pending"]),
                name="one_payment_under_way_per_deposit",
            ),
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="payment_amount_positive"),
            models.CheckConstraint(
                condition=models.Q(
                    state__in=["started", "open", "pending", "expired", "failed", "set_aside", "paid"]
                ),
                name="payment_state_known",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="paid") | models.Q(paid_at__isnull=False),
                name="paid_payment_has_its_time",
            ),
        )

    def __str__(self) -> str:
        return f"{self.deposit.quote.number}, {self.get_method_display()}, {self.get_state_display()}"

    def rises_to(self, state: State) -> bool:
        """Whether this state is news: nothing goes back, an old answer changes nothing."""
        return self.RANK[state] > self.RANK[self.State(self.state)]

    @property
    def is_paid(self) -> bool:
        return self.state == self.State.PAID

    @property
    def refunded(self) -> Decimal:
        return sum((refund.amount for refund in self.refunds.all() if refund.counts), ZERO)

    @property
    def refundable(self) -> Decimal:
        """What may still be sent back; a refund that was asked for is no longer there."""
        if not self.is_paid:
            return ZERO
        asked = (refund.amount for refund in self.refunds.all() if refund.state != Refund.State.FAILED)
        return self.amount - sum(asked, ZERO)

    @property
    def came_on(self) -> dt.date | None:
        """The day in Paris: of a transfer or cheque the one that the owner said."""
        return self.received_on or (french.in_paris(self.paid_at).date() if self.paid_at else None)

    def came_before(self, day: dt.date | None) -> bool:
        return day is not None and self.came_on is not None and self.came_on < day

    @property
    def means(self) -> str:
        """`Carte, se termine par 4242`."""
        if self.method != self.Method.CARD:
            return self.get_method_display()
        return f"Carte, se termine par {self.last4}" if self.last4 else "Carte bancaire"


class RefundQuerySet(QueueQuerySet["Refund"]):
    """As a queue: refunds by card that Stripe has not been asked for yet, or has not answered."""

    def waiting(self) -> Self:
        asked = self.filter(state=Refund.State.REQUESTED, payment__method=Payment.Method.CARD)
        return asked.exclude(payment__payment_intent="")

    def given_up(self) -> models.Q:
        """Stripe's no is an answer: the owner is told, and asks anew from the deposit."""
        return NOTHING

    def marks_of_revival(self) -> dict[str, Any]:
        return {}


class Refund(ClaimedRow):
    """Money that goes back, whole or in part: asked for on the desk, or made at Stripe and seen there."""

    class State(models.TextChoices):
        REQUESTED = "requested", "Demandé"
        PENDING = "pending", "En cours"
        SUCCEEDED = "succeeded", "Remboursé"
        FAILED = "failed", "Échec"

    RANK = {State.REQUESTED: 0, State.PENDING: 1, State.SUCCEEDED: 2, State.FAILED: 3}

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    provider_id = models.CharField(max_length=255, unique=True, null=True, blank=True)
    key = models.CharField(max_length=32, unique=True, default=new_key, editable=False)
    amount = models.DecimalField("montant", max_digits=14, decimal_places=2)
    state = models.CharField("état", max_length=10, choices=State, default=State.REQUESTED)
    reason = models.CharField("raison", max_length=300, blank=True)
    requested_by = models.CharField("demandé par", max_length=150, blank=True)
    created_at = models.DateTimeField("demandé le", default=timezone.now)
    done_at = models.DateTimeField("fait le", null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    next_try_at = models.DateTimeField(default=timezone.now, editable=False)
    claimed_until = models.DateTimeField(null=True, editable=False)
    error = models.TextField(default="", db_default="", editable=False)

    objects = RefundQuerySet.as_manager()

    class Meta:
        verbose_name = "remboursement"
        ordering = ("created_at", "pk")
        constraints = (
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="refund_amount_positive"),
            models.CheckConstraint(
                condition=models.Q(state__in=["requested", "pending", "succeeded", "failed"]),
                name="refund_state_known",
            ),
        )

    def __str__(self) -> str:
        return f"{self.payment.deposit.quote.number}, remboursement, {self.get_state_display()}"

    def rises_to(self, state: State) -> bool:
        """Also a refund that had succeeded can fail at the customer's bank; never the other way round."""
        return self.RANK[state] > self.RANK[self.State(self.state)]

    @property
    def counts(self) -> bool:
        """The provider has it: the money has gone back or is on its way."""
        return self.state in (self.State.PENDING, self.State.SUCCEEDED)


class Dispute(models.Model):
    """The card holder contests the payment at the bank; the owner answers it at Stripe."""

    class State(models.TextChoices):
        OPEN = "open", "Contesté"
        WON = "won", "Contestation rejetée"
        LOST = "lost", "Contestation acceptée"

    RANK = {State.OPEN: 0, State.WON: 1, State.LOST: 1}

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="disputes")
    provider_id = models.CharField(max_length=255, unique=True)
    amount = models.DecimalField("montant", max_digits=14, decimal_places=2)
    state = models.CharField("état", max_length=10, choices=State, default=State.OPEN)
    reason = models.CharField("motif de la banque", max_length=100, blank=True)
    created_at = models.DateTimeField("vue le", default=timezone.now)

    class Meta:
        verbose_name = "contestation"
        ordering = ("created_at", "pk")

    def __str__(self) -> str:
        return f"{self.payment.deposit.quote.number}, contestation, {self.get_state_display()}"

    def rises_to(self, state: State) -> bool:
        return self.RANK[state] > self.RANK[self.State(self.state)]


class StripeEventQuerySet(QueueQuerySet["StripeEvent"]):
    def waiting(self) -> Self:
        return self.filter(status=StripeEvent.Status.RECEIVED)

    def given_up(self) -> models.Q:
        """Tried until it is applied."""
        return NOTHING

    def marks_of_revival(self) -> dict[str, Any]:
        return {}

    def set_aside(self) -> Self:
        return self.filter(status=StripeEvent.Status.SET_ASIDE)


class StripeEvent(ClaimedRow):
    """What Stripe's webhook said, once per event: kept before anything is done about it."""

    class Status(models.TextChoices):
        RECEIVED = "received", "Reçu"
        APPLIED = "applied", "Appliqué"
        IGNORED = "ignored", "Sans effet"
        SET_ASIDE = "set_aside", "Mis de côté"

    event_id = models.CharField("événement", max_length=255, unique=True)
    type = models.CharField("type", max_length=100)
    payload = models.JSONField("contenu")
    livemode = models.BooleanField("réel")
    received_at = models.DateTimeField("reçu le", default=timezone.now)
    status = models.CharField("suite", max_length=10, choices=Status, default=Status.RECEIVED)
    reason = models.CharField("raison", max_length=300, blank=True)
    payment = models.ForeignKey(
        Payment, on_delete=models.PROTECT, null=True, blank=True, related_name="events"
    )
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    claimed_until = models.DateTimeField(null=True, editable=False)
    next_try_at = models.DateTimeField(default=timezone.now, editable=False)
    error = models.TextField(default="", db_default="", editable=False)

    objects = StripeEventQuerySet.as_manager()

    class Meta:
        verbose_name = "événement Stripe"
        verbose_name_plural = "événements Stripe"
        ordering = ("-received_at", "-pk")
        indexes = (
            models.Index(
                fields=["next_try_at"], name="stripe_events_to_apply", condition=models.Q(status="received")
            ),
            models.Index(
                fields=["received_at"], name="stripe_events_set_aside", condition=models.Q(status="set_aside")
            ),
        )

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"
