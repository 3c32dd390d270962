"""What a customer declares when they change their mind: a row of its own, taken at once, effective by a proof."""

from __future__ import annotations

import datetime as dt
import hashlib
import re

from django.db import models
from django.utils import timezone

from lib.files import WholeFileField
from quotes.models.quote import Quote
from quotes.rules import DeclarationStatus

ANSWER_TIME = dt.timedelta(hours=72)  # the contract's mailbox confirms, or says that it was somebody else
TOLD_EVERY = dt.timedelta(days=1)
CODE_LIFE = dt.timedelta(minutes=10)
TRIES_A_CODE = 5
NUMBER = re.compile(r"D-\d{4}-\d{4,}", re.ASCII)


def store_scan(declaration: Declaration, filename: str) -> str:
    """The upload's own name is forgotten: its content names it."""
    return "declarations/scan.pdf"


class DeclarationQuerySet(models.QuerySet["Declaration"]):
    def for_token(self, token: str) -> Declaration | None:
        """Settled ones too: their page says what has become of them."""
        digest = hashlib.sha256(token.encode()).hexdigest()
        return self.select_related("quote__customer").filter(token_sha256=digest).first()

    def standing(self) -> DeclarationQuerySet:
        return self.filter(state=Declaration.State.DECLARED, quote__isnull=False)


class Declaration(models.Model):
    """`declared_at` is the legal date, whenever it takes effect.

    Without a quote: it named no contract that could be withdrawn from, or one for which a declaration stood already.
    """

    class State(models.TextChoices):
        DECLARED = "declared", "Déclarée"
        EFFECTIVE = "effective", "Effective"
        UNFOUNDED = "unfounded", "Sans objet"

    class Proof(models.TextChoices):
        CODE = "code", "Code reçu à l'adresse du contrat"
        GRANT = "grant", "Lien d'accès"
        NONE = "none", "Aucune"

    class Channel(models.TextChoices):
        PAGE = "page", "En ligne"
        LETTER = "letter", "Lettre"
        MAIL = "mail", "Mail"
        BY_HAND = "by_hand", "Remise en main propre"
        PHONE = "phone", "Téléphone"

    class Settled(models.TextChoices):
        """Who or what ended the waiting, to be read after « confirmée »."""

        CODE = "code", "par le code envoyé à l'adresse du contrat"
        MAILBOX = "mailbox", "depuis l'adresse du contrat"
        OWNER = "owner", "par le responsable"
        SILENCE = "silence", "sans réponse en 72\u00a0heures"
        DISOWNED = "disowned", "depuis l'adresse du contrat\u00a0: ce n'était pas lui"

    quote = models.ForeignKey(Quote, on_delete=models.PROTECT, null=True, related_name="declarations")
    named = models.CharField("ce qui a été désigné", max_length=40)
    declared_at = models.DateTimeField("déclarée le", default=timezone.now)
    channel = models.CharField("voie", max_length=10, choices=Channel, default=Channel.PAGE)
    scan = WholeFileField("document reçu", upload_to=store_scan, blank=True)
    after_the_end = models.BooleanField("acceptée après la fin du délai", default=False)
    name = models.CharField("nom saisi", max_length=200)
    email = models.EmailField("adresse saisie", blank=True)
    ip = models.CharField(max_length=45, blank=True)
    agent = models.CharField(max_length=300, blank=True)
    proof = models.CharField("preuve", max_length=10, choices=Proof, default=Proof.NONE)
    state = models.CharField("état", max_length=10, choices=State, default=State.DECLARED)
    settled_at = models.DateTimeField("réglée le", null=True, blank=True)
    settled_by = models.CharField("réglée", max_length=10, choices=Settled, blank=True)
    # The contract's mailbox: asked by one link, of which only the SHA-256 is kept.
    asked_at = models.DateTimeField("boîte mail interrogée le", null=True, blank=True)
    token_sha256 = models.CharField(max_length=64, unique=True, null=True)
    told_at = models.DateTimeField("responsable prévenu le", null=True, blank=True)
    # The code: derived from the nonce and this browser's own secret, never stored.
    nonce = models.CharField(max_length=32, blank=True)
    browser_sha256 = models.CharField(max_length=64, blank=True)
    code_expires_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)

    objects = DeclarationQuerySet.as_manager()

    class Meta:
        verbose_name = "déclaration de rétractation"
        verbose_name_plural = "déclarations de rétractation"
        ordering = ("declared_at", "pk")
        indexes = (
            models.Index(
                fields=["declared_at"],
                name="declarations_standing",
                condition=models.Q(state="declared"),
            ),
        )
        constraints = (
            models.UniqueConstraint(
                fields=["quote"], name="one_declaration_stands", condition=models.Q(state="declared")
            ),
            models.CheckConstraint(
                condition=models.Q(state="declared", settled_at=None)
                | models.Q(state__in=["effective", "unfounded"], settled_at__isnull=False),
                name="declaration_state_in_graph",
            ),
        )

    def __str__(self) -> str:
        return f"{self.named}, {self.declared_at:%Y-%m-%d %H:%M}"

    @property
    def in_words(self) -> str:
        """How it came, to be read after « rétractation reçue »."""
        return {
            "page": "en ligne",
            "letter": "par lettre",
            "mail": "par mail",
            "by_hand": "en main propre",
            "phone": "par téléphone",
        }[self.channel]

    @property
    def stands(self) -> bool:
        return self.state == self.State.DECLARED and self.quote_id is not None

    @property
    def answer_until(self) -> dt.datetime:
        """Until when the contract's mailbox may say that it was somebody else; its silence counts from here on."""
        return (self.asked_at or timezone.now()) + ANSWER_TIME

    @property
    def status(self) -> DeclarationStatus:
        if not self.stands:
            return DeclarationStatus.NONE
        if timezone.now() < self.answer_until:
            return DeclarationStatus.ASKED
        is_granted = self.proof == self.Proof.GRANT
        return DeclarationStatus.SILENT if is_granted else DeclarationStatus.UNMATCHED

    @property
    def has_code(self) -> bool:
        """A code was mailed and can still be tried."""
        is_alive = self.code_expires_at is not None and timezone.now() < self.code_expires_at
        return self.stands and is_alive and self.tries < TRIES_A_CODE

    @property
    def tries_left(self) -> int:
        return max(TRIES_A_CODE - self.tries, 0)

    @property
    def signed_name(self) -> str:
        """Of the name as typed what we mail: letters, spaces, hyphens and apostrophes, 80 of them at most."""
        typed = self.name.replace("\u2019", "'")
        kept = "".join(c for c in typed if c.isalpha() or c.isspace() or c in "-'")
        return " ".join(kept.split())[:80].strip()
