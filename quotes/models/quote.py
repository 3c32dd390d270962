"""The quote: its number, its lines, its state and the rules about one row."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Coalesce, Concat, Lower
from django.urls import reverse
from django.utils import timezone

from lib import french
from lib.day import today_in_paris
from notifications.restoration import Restoration
from quotes import rules
from quotes.law import contract, days
from quotes.law.contract import Facts, Nature, Period
from quotes.models.company import Customer, sees_all
from quotes.models.list_columns import ListColumns
from quotes.models.terms import QuoteTerms, discount_in_bounds
from quotes.models.version import QuoteVersion
from quotes.rules import Circumstances, DeclarationStatus, LinkStatus, Reason, Stage, Verb, VersionStatus

if TYPE_CHECKING:
    from django.contrib.auth.models import User


HELD = ("sent", "choice_in_force")  # facts from which on the customer has a version
AFTER_DELIVERY = "jusqu'à 14\u00a0jours après la livraison du matériel"


class IllegalMove(Exception):
    """What this quote does not allow now; `reason` says why, `words` say it to the desk."""

    def __init__(self, quote: Quote, reason: Reason) -> None:
        self.reason, self.words = reason, quote.words_for(reason)
        super().__init__(f"{quote.number} : {self.words}")


def _awaits_delivery(facts: Facts) -> bool:
    return facts.nature is Nature.GOODS and contract.start(facts) is not None


def _is_unknown(facts: Facts) -> bool:
    """Its nature matters to the customer, and nobody has said it."""
    return facts.nature is Nature.UNKNOWN and contract.start(facts) is not None


def new_public_id() -> str:
    """Names a quote in addresses; it opens nothing by itself."""
    return secrets.token_urlsafe(12)


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


class QuoteQuerySet(models.QuerySet["Quote"]):
    def awaiting_customer(self) -> Self:
        return self.filter(state__in=Quote.SIGNABLE)

    def named(self, named: str) -> Self:
        """By the public id that an address bears, or by the number that people read."""
        return self.filter(models.Q(public_id=named) | models.Q(number=named.strip().upper()))

    def with_parties(self) -> Self:
        return self.select_related("customer", "owner")

    def with_version_in_force(self) -> Any:
        """As `version_in_force`, an attribute of those that have one; for the page of one quote, a version is long."""
        in_force = models.FilteredRelation("versions", condition=models.Q(versions__is_current=True))
        return self.annotate(version_in_force=in_force).select_related("version_in_force")  # type: ignore[misc]

    def knowing_what_hangs_on_it(self) -> Any:
        """`has_aids`, `has_enclosures`: most have none, and of these nothing more is asked."""
        there = {
            f"has_{name}": models.Exists(
                Quote._meta.get_field(name).related_model.objects.filter(quote=models.OuterRef("pk"))  # type: ignore[union-attr]
            )
            for name in ("aids", "enclosures")
        }
        return self.annotate(**there)

    def to_freeze(self) -> Any:
        """With all that the next version says beside its lines.

        `last_number` is that of the version before it; further by a jump where versions may have been mailed that a
        restored database does not know.
        """
        versions = QuoteVersion.objects.filter(quote=models.OuterRef("pk")).order_by("-number")
        last = Coalesce(models.Subquery(versions.values("number")[:1]), 0)
        numbered_at = Coalesce(models.Subquery(versions.values("frozen_at")[:1]), models.F("created_at"))
        restored = Restoration.objects.filter(restored_at__gt=models.OuterRef("numbered_at")).order_by("-pk")
        jump = Coalesce(models.Subquery(restored.values("version_jump")[:1]), 0)
        numbered = (
            self.knowing_what_hangs_on_it()
            .annotate(numbered_at=numbered_at)
            .annotate(last_number=last + jump)
        )
        return numbered.with_parties().with_version_in_force()

    def visible_to(self, user: User) -> Self:
        """Owners see their quotes; managers and accountants see all. Of an erased one there is nothing to see."""
        kept = self.filter(purged_at=None)
        return kept if sees_all(user) else kept.filter(owner=user)


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


class Quote(QuoteTerms, ListColumns):
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

    class ChoiceState(models.TextChoices):
        """Of what the customer chose on line."""

        NONE = "", "—"
        PREPARING = "preparing", "en préparation"
        FAILED = "failed", "en échec"

    class Channel(models.TextChoices):
        """How the customer asked for this quote."""

        PHONE = "phone", "par téléphone"
        VISIT = "visit", "lors d'une visite"
        FORM = "form", "par formulaire"
        SHOP = "shop", "en magasin"
        MAIL = "mail", "par mail"

    # By the names under which states are stored; what may be done where stands in quotes/rules.py.
    MOVES = rules.graph()
    SIGNABLE = rules.states(Verb.ACCEPT)
    REVISABLE = rules.states(Verb.REVISE)

    number = models.CharField("numéro", max_length=20, unique=True, editable=False)
    public_id = models.CharField(max_length=20, unique=True, default=new_public_id, editable=False)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="quotes", verbose_name="client"
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="quotes", verbose_name="responsable"
    )
    worksite = models.TextField("adresse du chantier", max_length=300, blank=True)
    issued_on = models.DateField("date du devis", default=today_in_paris)
    valid_until = models.DateField("valable jusqu'au (inclus)")
    # « Cadre de contribution »: attached by a verb of its own, to travel with the next version.
    contribution = models.FileField(
        "cadre de contribution (PDF)", upload_to="contributions", blank=True, editable=False
    )
    contribution_on = models.DateField("cadre de contribution daté du", null=True, blank=True, editable=False)
    requested_on = models.DateField("demande reçue le", null=True, blank=True)
    requested_by = models.CharField("reçue", max_length=5, choices=Channel, blank=True)
    internal_note = models.TextField("note interne", blank=True, help_text="Jamais montrée au client.")
    state = models.CharField("état", max_length=10, choices=State, default=State.DRAFT, editable=False)
    revising = models.BooleanField("nouvelle version en préparation", default=False, editable=False)
    # Options: the identities that the customer chose on line, until a version of their owner's is in force.
    options_fixed = models.BooleanField(
        "options figées",
        default=False,
        db_default=False,
        help_text="Cochée, le client ne choisit plus ses options en ligne.",
    )
    choice = models.JSONField("options choisies par le client", null=True, blank=True, editable=False)
    choice_state = models.CharField(
        "choix du client",
        max_length=9,
        choices=ChoiceState,
        blank=True,
        default="",
        db_default="",
        editable=False,
    )
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
    # While a declaration stands: neither effective yet nor disowned.
    declared_at = models.DateTimeField("rétractation déclarée le", null=True, blank=True, editable=False)
    withdrawn_at = models.DateTimeField("rétracté le", null=True, blank=True, editable=False)
    # Where it came otherwise than by our pages: a letter is known of later than it counts.
    withdrawal_known_on = models.DateField("rétractation connue le", null=True, blank=True, editable=False)
    # What the law asks of this very contract; its nature stands with what a copy takes over (quotes/models/terms.py).
    small_business = models.BooleanField(
        "5 salariés au plus, hors de son activité principale\u00a0?",
        null=True,
        blank=True,
        choices=((None, "Sans objet"), (True, "Oui"), (False, "Non")),
        help_text="Pour un professionnel, hors établissement\u00a0: il est alors protégé comme un particulier.",
    )
    visited_on = models.DateField(
        "visite chez le client le",
        null=True,
        blank=True,
        help_text="Signé ce jour-là, même en ligne, le contrat est conclu hors établissement.",
    )
    delivered_on = models.DateField("matériel livré le", null=True, blank=True, editable=False)
    performed_on = models.DateField("travaux terminés le", null=True, blank=True, editable=False)
    # Asked for at the signature, with the words that the right is lost once all is done.
    early_start = models.BooleanField("début des travaux demandé", default=False, editable=False)
    # Of which kind the signed version's notice is (quotes/law/contract.py); empty: signed before it was asked.
    signed_notice = models.CharField("avis signé", max_length=12, blank=True, editable=False)
    created_at = models.DateTimeField("créé le", auto_now_add=True)
    # Rows of its journal have gone under a permit: no contract can come of it any more.
    traces_purged_at = models.DateTimeField("traces effacées le", null=True, blank=True, editable=False)
    # And all else but number, dates, state and the journal's hashes.
    purged_at = models.DateTimeField("effacé le", null=True, blank=True, editable=False)
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
    at_hand: tuple[QuoteVersion | None] | None = None  # the version in force, where `holding` gave it

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
            models.Index(
                fields=["nature"],
                name="quotes_of_the_old_notice",
                condition=models.Q(accepted_at__isnull=False, signed_notice__in=["", "old"]),
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
            discount_in_bounds("quote"),
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
        if state not in self.MOVES[self.state]:
            raise IllegalMove(self, Reason.STAGE)
        self.state = state
        self.save(update_fields=["state"])

    # What may be done: the situation as quotes/rules.py reads it

    @property
    def stage(self) -> Stage:
        filed = self.state == self.State.DONE and self.accepted_at is None
        return Stage.FILED if filed else Stage(self.state)

    def circumstances(
        self,
        version: QuoteVersion | None,
        *,
        link: LinkStatus = LinkStatus.VALID,
        at: dt.datetime | None = None,
    ) -> Circumstances:
        """With the version in force, and the customer's link where the door has not looked at it already.

        `at`: the moment that counts for the right to withdraw, where what came then is looked at now.
        """
        facts = self._law(version)
        return Circumstances(
            stage=self.stage,
            version=self._version_status(version),
            revising=self.revising,
            blocked=self.blocked_at is not None,
            past_validity=version is not None and version.is_past_validity,
            address_changed=version is not None and version.address != self.customer.email,
            link=link,
            withdrawal_open=self._may_still_withdraw(facts, at=at or timezone.now()),
            awaits_delivery=facts is not None and _awaits_delivery(facts),
            nature_unknown=facts is not None and _is_unknown(facts),
            declaration=self.declaration_status(),
            purged=self.traces_purged_at is not None,
            options_fixed=self.options_fixed,
            choosing=self.choice_state == self.ChoiceState.PREPARING,
        )

    def _version_status(self, version: QuoteVersion | None) -> VersionStatus:
        if version is not None:
            return VersionStatus.IN_FORCE
        return VersionStatus.FROZEN if self.state == self.State.SENDING else VersionStatus.NONE

    def why_no_other_customer(self) -> Reason | None:
        """A version whose PDF could not be made counts too; who asks anything else need not know of it."""
        circumstances = self.circumstances(self.current_version())
        if circumstances.version is VersionStatus.NONE and self.versions.exists():
            circumstances = replace(circumstances, version=VersionStatus.FROZEN)
        return rules.why_not(Verb.CHANGE_CUSTOMER, circumstances)

    def may(self, verb: Verb) -> bool:
        return rules.may(verb, self.circumstances(self.current_version()))

    def require(self, verb: Verb) -> None:
        """The first step of a verb, under the quote's lock. Raises IllegalMove."""
        self._require(verb, self.current_version())

    def version_for(self, verb: Verb) -> QuoteVersion:
        """The version in force, which this verb needs. Raises IllegalMove."""
        version = self.current_version()
        self._require(verb, version)
        if version is None:
            raise IllegalMove(self, Reason.NEVER_SENT)
        return version

    def _require(self, verb: Verb, version: QuoteVersion | None) -> None:
        if (reason := rules.why_not(verb, self.circumstances(version))) is not None:
            raise IllegalMove(self, reason)

    def words_for(self, reason: Reason) -> str:
        return reason.value.format(state=self.get_state_display())

    @property
    def is_blocked(self) -> bool:
        """A block has no effect once the quote is accepted."""
        return rules.HOLDS[Reason.BLOCKED](Circumstances(self.stage, blocked=self.blocked_at is not None))

    @property
    def is_settled(self) -> bool:
        """Over without a contract: cancelled, refused, or refused and filed as done."""
        return rules.SHOWN[self.stage] is rules.Situation.SETTLED

    @property
    def is_concluded(self) -> bool:
        """A contract was made, whatever became of it since; a refused quote that was filed never was one."""
        return self.stage in rules.CONTRACT

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
        purged = self.traces_purged_at is not None
        return rules.may(Verb.EDIT, Circumstances(self.stage, revising=self.revising, purged=purged))

    # The law of this contract: quotes/law/contract.py answers, from what was frozen and what has happened since

    def law(self) -> Facts | None:
        """The facts of the contract; None while there is none."""
        return self._law(self.current_version())

    def _law(self, version: QuoteVersion | None) -> Facts | None:
        if version is None or self.accepted_at is None:
            return None
        return version.reading.facts(
            nature=self.nature,
            concluded_at=self.accepted_at,
            delivered_on=self.delivered_on,
            performed_on=self.performed_on,
            early_start=self.early_start,
        )

    def withdrawal(self) -> Period | None:
        """Within which the customer may withdraw from this concluded contract; None without that right."""
        facts = self.law()
        return contract.withdrawal(facts) if facts else None

    def _may_still_withdraw(self, facts: Facts | None, *, at: dt.datetime) -> bool:
        """True to the last second of the last day."""
        period = contract.withdrawal(facts) if facts else None
        return period is not None and period.is_open(at)

    def withdrawal_last_day(self) -> dt.date | None:
        """The last day, included, on which the customer may withdraw; None without that right, or without an end."""
        period = self.withdrawal()
        return period.last_day if period else None

    @property
    def refund_by(self) -> dt.date | None:
        """The last day on which what was paid goes back; None unless the contract was withdrawn from."""
        if self.state != self.State.WITHDRAWN or self.withdrawn_at is None:
            return None
        return days.refund_by(self.withdrawal_known_on or french.in_paris(self.withdrawn_at).date())

    def can_withdraw(self) -> bool:
        return self.may(Verb.DECLARE)

    def withdrawal_until(self) -> str:
        """Until when, to be read after « vous pouvez changer d'avis »; empty where nobody can say."""
        period = self.withdrawal()
        if period is None:
            return ""
        if period.last_day is not None:
            return f"jusqu'au {french.day(period.last_day)} inclus"
        return "" if self.nature == self.Nature.UNKNOWN else AFTER_DELIVERY

    def standing_declaration(self) -> Any:
        """The `Declaration` of a withdrawal that waits for its proof; None: nothing is declared."""
        return self.declarations.filter(state="declared").first()

    def declaration_status(self) -> DeclarationStatus:
        """Asks the database only where one stands."""
        declaration = self.standing_declaration() if self.declared_at is not None else None
        return declaration.status if declaration else DeclarationStatus.NONE

    def last_held_version(self, *, before: int | None = None) -> Any:
        """The version that the customer last had, of those numbered below `before`: mailed, or chosen by them; or None.

        One whose PDF could not be made, or that came into force without a mail, never reached them.
        """
        events = self.events.filter(kind__in=HELD).order_by("-seq")
        held = (int(event.facts["version"]) for event in events)
        number = next((number for number in held if before is None or number < before), None)
        return None if number is None else self.versions.get(number=number)

    def current_version(self) -> QuoteVersion | None:
        """The version in force, which the customer reads and may sign; asks the database unless it is at hand."""
        return self.at_hand[0] if self.at_hand else self.versions.filter(is_current=True).first()

    def holding(self, version: QuoteVersion | None) -> Self:
        """For pages, which only read: the version in force was loaded with the row, nothing asks for it again."""
        self.at_hand = (version,)
        return self
