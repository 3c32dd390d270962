"""What may have stopped, queue by queue: its rows, the quote that each is about, and how it is called.

The queues themselves load the renderer and the seal, which the web process does not; a test holds the two lists
against each other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db.models import BigIntegerField, Exists, F, Model, OuterRef, Q, QuerySet, Subquery, Value

from notifications.models import OutgoingEmail
from notifications.queue import QueueEntry, QueueQuerySet
from payments.models import Payment, Refund, StripeEvent
from quotes.models import Declaration, DraftPdf, Quote, QuoteVersion
from quotes.models.company import sees_all
from signing.models import Signature

Rows = QuerySet[Any]


@dataclass(frozen=True)
class Kind:
    """`rows` bear `quote_key`, the quote that they are about, or None; `since` is when each came to a stop."""

    queue: str
    slug: str
    what: str
    rows: Callable[[], Rows]

    def stuck(self, user: User) -> Rows:
        """As far as this member of staff may see them: what is about no quote is for those who see all."""
        found = self.rows().stuck().order_by("pk")  # type: ignore[attr-defined]
        if sees_all(user):
            return found
        return found.filter(quote_key__in=Quote.objects.visible_to(user).values("pk"))

    @property
    def shares_a_table(self) -> bool:
        return self.rows().model is QueueEntry

    def revive(self, pk: int) -> bool:
        return bool(self.rows().revive(pk))  # type: ignore[attr-defined]


def _own(model: type[Model], path: str) -> Callable[[], Rows]:
    """Rows that are a queue themselves."""
    return lambda: QueueQuerySet[Any](model).annotate(quote_key=F(path))


def _kept(rows: Callable[[], Rows], path: str) -> Callable[[], Rows]:
    """The same for a table with states of its own."""
    return lambda: rows().annotate(quote_key=F(path))


def _entries(queue: str, model: type[Model] | None, path: str = "") -> Callable[[], Rows]:
    """Tries at a row of `model`."""

    def rows() -> Rows:
        entries = QueueEntry.objects.of(queue)
        if model is None:
            return entries.annotate(quote_key=Value(None, output_field=BigIntegerField()))
        about = model._default_manager.filter(pk=OuterRef("row")).values(path)[:1]
        return entries.annotate(quote_key=Subquery(about))

    return rows


def _versions() -> Rows:
    """But for those that another one followed, that a customer chose, or whose quote went another way since."""
    later = QuoteVersion.objects.filter(quote=OuterRef("quote"), number__gt=OuterRef("number"))
    past = Q(failed_at__isnull=False) & (
        ~Q(quote__state=Quote.State.DRAFT) | Exists(later) | Q(chosen_on__isnull=False)
    )
    return _own(QuoteVersion, "quote")().exclude(past)


def _mails() -> Rows:
    about = Quote.objects.filter(number=OuterRef("about")).values("pk")[:1]
    return OutgoingEmail.objects.annotate(quote_key=Subquery(about))


def _heard() -> Rows:
    numbers = OutgoingEmail.objects.filter(pk=OuterRef(OuterRef("row"))).values("about")
    about = Quote.objects.filter(number__in=numbers).values("pk")[:1]
    entries = QueueEntry.objects.of("what became of mails")
    return entries.annotate(quote_key=Subquery(about))


KINDS = (
    Kind("rendering", "pdf", "Envoi du devis", _versions),
    Kind("mails", "mail", "Mail", _mails),
    Kind(
        "damaged versions",
        "fichier",
        "Réparation du PDF d'une version",
        _entries("damaged versions", QuoteVersion, "quote"),
    ),
    Kind(
        "damaged contracts",
        "fichier-signe",
        "Réparation du PDF d'une version signée",
        _entries("damaged contracts", QuoteVersion, "quote"),
    ),
    Kind("sealing", "scellement", "Scellement du devis signé", _own(Signature, "quote")),
    Kind(
        "late sealings",
        "retard",
        "Annonce du retard du document signé",
        _entries("late sealings", Signature, "quote"),
    ),
    Kind(
        "choices without a time stamp",
        "horodatage",
        "Choix sur l'horodatage",
        _entries("choices without a time stamp", Signature, "quote"),
    ),
    Kind("drafts", "brouillon", "PDF de brouillon", _own(DraftPdf, "quote")),
    Kind("refunds", "remboursement", "Remboursement", _kept(Refund.objects.all, "payment__deposit__quote")),
    Kind(
        "payments to look up",
        "paiement",
        "Vérification d'un paiement",
        _kept(Payment.objects.all, "deposit__quote"),
    ),
    Kind(
        "pages to close",
        "page",
        "Fermeture d'une page de paiement",
        _entries("pages to close", Payment, "deposit__quote"),
    ),
    Kind("events", "stripe", "Message de Stripe", _kept(StripeEvent.objects.all, "payment__deposit__quote")),
    Kind(
        "declarations to take up",
        "retractation",
        "Rétractation déclarée",
        _entries("declarations to take up", Declaration, "quote"),
    ),
    Kind(
        "declarations left unanswered",
        "silence",
        "Rétractation sans réponse",
        _entries("declarations left unanswered", Declaration, "quote"),
    ),
    Kind(
        "declarations to look at",
        "rapprochement",
        "Rétractation à rapprocher",
        _entries("declarations to look at", Declaration, "quote"),
    ),
    Kind("reminders", "relance", "Relance automatique", _entries("reminders", Quote, "pk")),
    Kind("expiry notices", "validite", "Avis de fin de validité", _entries("expiry notices", Quote, "pk")),
    Kind("deposits to ask for", "acompte", "Demande d'acompte", _entries("deposits to ask for", Quote, "pk")),
    Kind(
        "deposits that open",
        "ouverture",
        "Avis d'ouverture de l'acompte",
        _entries("deposits that open", Quote, "pk"),
    ),
    Kind(
        "reminders of deposits",
        "rappel",
        "Rappel de l'acompte",
        _entries("reminders of deposits", Quote, "pk"),
    ),
    Kind(
        "standings of deposits",
        "situation",
        "Situation d'un acompte",
        _entries("standings of deposits", Quote, "pk"),
    ),
    Kind("what became of mails", "suite", "Suite d'un mail", _heard),
    Kind("anchors", "ancrage", "Ancrage du jour", _entries("anchors", None)),
)
_OF_OTHER_TABLES = [kind for kind in KINDS if not kind.shares_a_table]


def worth_a_look() -> list[Kind]:
    """Most kinds share one table, in which hardly ever anything has stopped: a look at it spares one for each."""
    return list(KINDS) if QueueEntry.objects.stuck().exists() else _OF_OTHER_TABLES
