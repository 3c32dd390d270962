"""What the list of quotes shows, read in a handful of queries however long it is."""

from __future__ import annotations

from django.db.models import Case, Exists, OuterRef, Prefetch, Q, Subquery, Value, When
from django.db.models.functions import Coalesce

from quotes.models import AccessLink, Question, Quote, QuoteEvent, QuoteVersion
from quotes.models.quote import QuoteQuerySet, today_in_paris

QUIET = ("mail_sent", "code_tried")
PAID = ("deposit_paid", "transfer_confirmed")
FIRST_FOR_US, OURS, THEIRS, SETTLED = range(4)


def with_facts(quotes: QuoteQuerySet) -> QuoteQuerySet:
    """Whose turn it is, the last fact, the sum: no further query per row."""
    events = QuoteEvent.objects.filter(quote=OuterRef("pk")).exclude(kind__in=QUIET).order_by("-seq")
    paid = QuoteEvent.objects.filter(quote=OuterRef("pk"), kind__in=PAID).order_by("-seq")
    opened = AccessLink.objects.filter(quote=OuterRef("pk"), opened_at__isnull=False).order_by("opened_at")
    in_force = QuoteVersion.objects.filter(is_current=True).defer("content")
    return (
        quotes.with_parties()
        .annotate(
            has_question=Exists(Question.objects.filter(quote=OuterRef("pk"), answer=None)),
            has_lapsed=lapsed(),
            last_kind=Subquery(events.values("kind")[:1]),
            last_at=Coalesce(Subquery(events.values("at")[:1]), "created_at"),
            opened_at=Subquery(opened.values("opened_at")[:1]),
            paid_at=Subquery(paid.values("at")[:1]),
        )
        .annotate(turn=turn())
        .prefetch_related("lines", Prefetch("versions", queryset=in_force, to_attr="in_force"))
    )


def lapsed() -> Exists:
    """The version that the customer holds is past its date."""
    old = QuoteVersion.objects.filter(
        quote=OuterRef("pk"),
        is_current=True,
        valid_until__lt=today_in_paris(),
        quote__state__in=Quote.SIGNABLE,
    )
    return Exists(old)


def turn() -> Case:
    """Whom the quote waits for: the owner's own work comes first."""
    ours = Q(state=Quote.State.DRAFT) | Q(revising=True) | Q(has_lapsed=True)
    theirs = Q(state__in=(*Quote.SIGNABLE, Quote.State.SENDING))
    return Case(
        When(has_question=True, then=Value(FIRST_FOR_US)),
        When(ours, then=Value(OURS)),
        When(theirs, then=Value(THEIRS)),
        default=Value(SETTLED),
    )
