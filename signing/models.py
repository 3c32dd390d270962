"""A form and its code, the limits on guessing, the signature, the sealed document."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import Any, NoReturn, Self

from django.db import models
from django.utils import timezone

from lib import folding, limiter
from notifications.models import OutgoingEmail
from notifications.queue import QueuedRow, QueueQuerySet
from quotes.content import Consent
from quotes.models import AccessLink, Customer, Quote, QuoteVersion
from quotes.models.journal import AppendOnly

CODE_LIFE = dt.timedelta(minutes=10)
RESEND_AFTER = limiter.CODE.within
MAIL_IS_LATE_AFTER = dt.timedelta(seconds=20)
WINDOW = dt.timedelta(hours=24)
TRIES_A_CODE = 5
CODES_A_WINDOW = 6
TRIES_A_WINDOW = 30
TRIES_A_LIFE = 60
# Below the quote's, so that a link asked for anew by the mailbox has a share that no holder of another can take.
CODES_A_LINK = 3
TRIES_A_LINK = 15
CODES_AT_ONCE = 2
STAMP_PATIENCE = dt.timedelta(hours=24)
BUTTON = "Signer – commande avec obligation de paiement"


def new_nonce() -> str:
    return secrets.token_hex(32)


def new_reference() -> str:
    """80 random bits in 16 base32 characters (RFC 4648): names a signed document, opens nothing."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    return "".join(secrets.choice(alphabet) for _ in range(16))


@dataclass(frozen=True)
class Signatory:
    """Who signs, as typed and ticked in the form; `consents` are the ids of the boxes.

    `place` and `kind` say how the contract is concluded and by whom, in the words of Quote.Contract and Customer.Kind.
    A field that is added here has its column below, and its place in the form and its template.
    """

    first_name: str
    last_name: str
    phone: str
    capacity: str
    place: str
    kind: str
    consents: frozenset[str]
    drawing: bytes = b""
    is_small: bool | None = None  # of a business off premises: five employees at most, outside its main field
    # What became of the name and phone that the form showed, empty: it showed none; and its sentence about kind and
    # place, where it was not contradicted.
    name_from: str = ""
    phone_from: str = ""
    said: str = ""

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    def row(self, consents: Iterable[Consent]) -> dict[str, Any]:
        """The columns of `Signing`; of the version's consents those that were ticked, in its words."""
        ticked = [{"id": one.id, "words": one.words} for one in consents if one.id in self.consents]
        return asdict(self) | {"consents": ticked, "drawing": self.drawing or None}


class Prefilled(models.TextChoices):
    """What became of a field that the quote's owner had filled in."""

    KEPT = "kept", "repris"
    CORRECTED = "corrected", "corrigé par le signataire"


class Signing(models.Model):
    """A signatory as stored; `email` is the address that the link went to."""

    first_name = models.CharField("prénom", max_length=100, blank=True)  # some people have one name
    last_name = models.CharField("nom", max_length=100)
    phone = models.CharField("téléphone", max_length=40)
    place = models.CharField("lieu de la signature", max_length=14, choices=Quote.Contract, blank=True)
    kind = models.CharField("signe en tant que", max_length=12, choices=Customer.Kind, blank=True)
    is_small = models.BooleanField(
        "5 salariés au plus, hors de son activité principale", null=True, blank=True
    )
    capacity = models.CharField("qualité", max_length=100, blank=True)
    name_from = models.CharField(
        "nom repris", max_length=9, choices=Prefilled, blank=True, default="", db_default=""
    )
    phone_from = models.CharField(
        "téléphone repris", max_length=9, choices=Prefilled, blank=True, default="", db_default=""
    )
    said = models.TextField("phrase affichée et non contredite", blank=True, default="", db_default="")
    email = models.EmailField("adresse mail")
    consents = models.JSONField("accords cochés", default=list)
    drawing = models.BinaryField("signature dessinée (PNG)", null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def signatory(self) -> Signatory:
        """As the form said it."""
        typed = {field.name: getattr(self, field.name) for field in fields(Signatory)}
        ticked = frozenset(consent["id"] for consent in self.consents)
        return Signatory(**typed | {"consents": ticked, "drawing": bytes(self.drawing or b"")})

    @property
    def copied(self) -> dict[str, Any]:
        """What the signature takes over from the request."""
        return {field.name: getattr(self, field.name) for field in Signing._meta.local_fields}

    @property
    def facts(self) -> dict[str, Any]:
        """As the journal tells it, where `kind` is the fact's own; the drawing is no text."""
        facts = self.copied
        facts["signs_as"] = facts.pop("kind")
        if facts["is_small"] is None:  # asked of few, and not at all of who signed before it was asked
            del facts["is_small"]
        del facts["drawing"]
        shown = {"name": facts.pop("name_from"), "phone": facts.pop("phone_from")}
        if prefilled := {what: became for what, became in shown.items() if became}:
            facts["prefilled"] = prefilled
        if not facts["said"]:  # kind and place were asked openly
            del facts["said"]
        return facts


class SigningRequestQuerySet(models.QuerySet["SigningRequest"]):
    def alive(self) -> Self:
        """Their code still opens: neither used nor replaced, in time, with tries left."""
        return self.filter(state="open", expires_at__gt=timezone.now(), tries__lt=TRIES_A_CODE)


class SigningRequest(Signing):
    """A form that was accepted and the code mailed for it. A new code is a new row."""

    class State(models.TextChoices):
        OPEN = "open", "Code envoyé"
        USED = "used", "Signé"
        REPLACED = "replaced", "Remplacé"

    quote = models.ForeignKey(Quote, on_delete=models.PROTECT, related_name="signing_requests")
    version = models.ForeignKey(QuoteVersion, on_delete=models.PROTECT, related_name="+")
    link = models.ForeignKey(AccessLink, on_delete=models.PROTECT, related_name="+")
    mail = models.ForeignKey(OutgoingEmail, on_delete=models.SET_NULL, null=True, related_name="+")
    version_hash = models.CharField(max_length=64)
    nonce = models.CharField(max_length=64, default=new_nonce)
    browser_sha256 = models.CharField(max_length=64)
    state = models.CharField("état", max_length=10, choices=State, default=State.OPEN)
    tries = models.PositiveSmallIntegerField("essais", default=0)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()

    objects = SigningRequestQuerySet.as_manager()

    class Meta:
        verbose_name = "demande de signature"
        verbose_name_plural = "demandes de signature"
        ordering = ("-created_at",)
        constraints = (
            models.UniqueConstraint(
                fields=["quote", "browser_sha256"],
                condition=models.Q(state="open"),
                name="one_open_code_per_browser",
            ),
            models.CheckConstraint(condition=models.Q(tries__lte=TRIES_A_CODE), name="code_tries_in_bounds"),
        )

    def __str__(self) -> str:
        return f"{self.quote.number}, {self.full_name}"

    @property
    def is_alive(self) -> bool:
        return self.state == self.State.OPEN and timezone.now() < self.expires_at

    @property
    def tries_left(self) -> int:
        return TRIES_A_CODE - self.tries

    @property
    def resend_at(self) -> dt.datetime:
        """From when on a new code may be asked for."""
        return self.created_at + RESEND_AFTER

    @property
    def can_resend(self) -> bool:
        return timezone.now() >= self.resend_at

    @property
    def is_delayed(self) -> bool:
        """The mail with the code should have left by now."""
        mail = self.mail
        if mail is None or mail.state == OutgoingEmail.State.SENT:
            return False
        return not mail.is_waiting or timezone.now() > self.created_at + MAIL_IS_LATE_AFTER


class SigningAllowance(models.Model):
    """What a quote has used up of its tries: outlives links, forms, sessions and versions."""

    quote = models.OneToOneField(
        Quote, on_delete=models.PROTECT, primary_key=True, related_name="signing_allowance"
    )
    tries = models.PositiveSmallIntegerField("essais depuis la dernière autorisation", default=0)
    renewed_at = models.DateTimeField("nouveaux essais autorisés le", null=True, blank=True)
    owner_told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "essais de signature"
        verbose_name_plural = "essais de signature"
        constraints = (
            models.CheckConstraint(condition=models.Q(tries__lte=TRIES_A_LIFE), name="life_tries_in_bounds"),
        )

    def __str__(self) -> str:
        return f"{self.quote.number} : {self.tries}"

    def tries_in_window(self, link: int | None = None) -> int:
        """Tries of the last 24 h, or a link's of them; a code of 10 minutes counts whole, so never too few."""
        recent = self._codes_since(timezone.now() - WINDOW - CODE_LIFE, link)
        return recent.aggregate(sum=models.Sum("tries", default=0))["sum"]  # type: ignore[no-any-return]

    def codes_in_window(self, link: int | None = None) -> int:
        return self._codes_since(timezone.now() - WINDOW, link).count()

    def _codes_since(self, moment: dt.datetime, link: int | None) -> models.QuerySet[SigningRequest]:
        start = max(moment, self.renewed_at) if self.renewed_at else moment
        codes = SigningRequest.objects.filter(quote_id=self.quote_id, created_at__gt=start)
        return codes if link is None else codes.filter(link_id=link)

    @property
    def allows_a_code(self) -> bool:
        return (
            self.codes_in_window() < CODES_A_WINDOW
            and self.tries_in_window() < TRIES_A_WINDOW
            and self.tries < TRIES_A_LIFE
        )

    def allows_a_code_by(self, link: int) -> bool:
        """The link has some of its own share left; whether the quote has, `allows_a_code` tells."""
        return self.codes_in_window(link) < CODES_A_LINK and self.tries_in_window(link) < TRIES_A_LINK

    def allows_the_try_by(self, link: int) -> bool:
        """The try that was just counted was one of those allowed, of the quote and of the link."""
        return self.tries_in_window() <= TRIES_A_WINDOW and self.tries_in_window(link) <= TRIES_A_LINK


class Signature(Signing, QueuedRow):
    """The acceptance. As a queue's entry it waits for its sealed PDF until `done_at`."""

    quote = models.OneToOneField(Quote, on_delete=models.PROTECT, related_name="signature")
    request = models.OneToOneField(SigningRequest, on_delete=models.PROTECT, related_name="signature")
    version = models.ForeignKey(QuoteVersion, on_delete=models.PROTECT, related_name="+")
    version_hash = models.CharField(max_length=64)
    signed_at = models.DateTimeField("signé le", default=timezone.now)
    ip = models.CharField("adresse IP", max_length=45, blank=True)
    agent = models.CharField("navigateur", max_length=300, blank=True)
    reference = models.CharField("référence", max_length=16, unique=True, default=new_reference)
    journal_seq = models.PositiveIntegerField("dernier fait du journal")
    journal_hash = models.CharField(max_length=64)
    late_mail_at = models.DateTimeField(null=True, blank=True)
    stamp_failed_at = models.DateTimeField("sans réponse des autorités depuis", null=True, blank=True)
    stamp_told_at = models.DateTimeField(null=True, blank=True)
    stamp_waived_at = models.DateTimeField("scellé sans horodatage, décidé le", null=True, blank=True)
    stamp_waived_by = models.CharField("décidé par", max_length=150, blank=True)

    objects: models.Manager[Signature] = QueueQuerySet["Signature"].as_manager()

    class Meta:
        verbose_name = "signature"
        ordering = ("-signed_at",)

    def __str__(self) -> str:
        return f"{self.quote.number}, {self.full_name}"

    @property
    def meant_for(self) -> str:
        """Who was to sign, where the name that signed is another; empty: nobody else."""
        customer = self.version.reading.customer
        meant = customer.contact or ("" if customer.is_business else customer.name)
        return "" if folding.may_be_same_name(meant, self.full_name) else meant

    def latest_document(self) -> SealedDocument | None:
        """The sealed PDF in its latest revision."""
        return self.documents.order_by("-revision").first()

    @property
    def waits_for_stamp(self) -> bool:
        """No authority has answered yet, and nobody has decided to do without."""
        return self.done_at is None and self.stamp_failed_at is not None and self.stamp_waived_at is None

    @property
    def stamp_choice_at(self) -> dt.datetime | None:
        """From when on the owner may choose to seal without an authority's time."""
        return self.stamp_failed_at + STAMP_PATIENCE if self.stamp_failed_at else None

    @property
    def may_waive_stamp(self) -> bool:
        choice = self.stamp_choice_at
        return self.waits_for_stamp and choice is not None and timezone.now() >= choice


def store_sealed(document: SealedDocument, filename: str) -> str:
    return f"signed/{filename}"


class WrittenOnce(models.Model):
    """Neither changed nor removed: by the model, and by a trigger of the database (see append_only.py)."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnly("this row is written once")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnly("this row is written once")


class SealedDocument(WrittenOnce):
    """The signed PDF. A document of level B-LTA is stamped again in a new revision, which begins with the old one."""

    class Level(models.TextChoices):
        B_B = "B-B", "PAdES B-B"
        B_T = "B-T", "PAdES B-T"
        B_LTA = "B-LTA", "PAdES B-LTA"

    signature = models.ForeignKey(Signature, on_delete=models.PROTECT, related_name="documents")
    revision = models.PositiveSmallIntegerField(default=1)
    file = models.FileField(upload_to=store_sealed)
    sha256 = models.CharField(max_length=64)
    level = models.CharField("niveau", max_length=6, choices=Level, default=Level.B_B)
    reason = models.CharField("pourquoi ce niveau", max_length=300, blank=True)
    sealed_at = models.DateTimeField("scellé le", default=timezone.now)

    class Meta:
        verbose_name = "document scellé"
        verbose_name_plural = "documents scellés"
        constraints = (
            models.UniqueConstraint(fields=["signature", "revision"], name="one_document_per_revision"),
        )

    def __str__(self) -> str:
        return f"{self.signature.quote.number}, révision {self.revision}"


def store_scan(acceptance: PaperAcceptance, filename: str) -> str:
    return f"paper/{filename}"


class PaperAcceptance(WrittenOnce):
    """« Accepté autrement »: signed on paper, says a member of staff, whose scan shows it. Nothing is sealed.

    `consents` are those that the paper bears, in the version's words.
    """

    quote = models.OneToOneField(Quote, on_delete=models.PROTECT, related_name="paper_acceptance")
    version = models.ForeignKey(QuoteVersion, on_delete=models.PROTECT, related_name="+")
    signatory = models.CharField("signataire", max_length=200)
    signed_on = models.DateField("signé sur papier le")
    place = models.CharField("lieu de la signature", max_length=14, choices=Quote.Contract)
    consents = models.JSONField("accords portés sur le papier", default=list)
    scan = models.FileField("papier signé", upload_to=store_scan)
    sha256 = models.CharField(max_length=64)
    recorded_by = models.CharField("enregistré par", max_length=150)
    recorded_at = models.DateTimeField("enregistré le", default=timezone.now)

    class Meta:
        verbose_name = "acceptation sur papier"
        verbose_name_plural = "acceptations sur papier"
        ordering = ("-recorded_at",)

    def __str__(self) -> str:
        return f"{self.quote.number}, {self.signatory}"

    @property
    def is_pdf(self) -> bool:
        """Else it is a photo (JPEG)."""
        return str(self.scan.name).endswith(".pdf")


class Anchor(WrittenOnce):
    """The ends of all journals on one day of Paris, signed with the seal's key; each names the one before it."""

    day = models.DateField("jour", unique=True)
    document = models.TextField("fins des journaux (JSON)")
    sha256 = models.CharField(max_length=64)
    signature = models.BinaryField("signature (CMS)")
    stamped_at = models.DateTimeField("horodaté le", null=True, blank=True)
    made_at = models.DateTimeField("fait le", default=timezone.now)

    class Meta:
        verbose_name = "ancrage"
        ordering = ("day",)

    def __str__(self) -> str:
        return f"{self.day:%d/%m/%Y}"
