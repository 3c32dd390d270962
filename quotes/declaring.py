"""In the background: declarations that are taken up, whose silence is over, or that wait for somebody to look."""

from __future__ import annotations

from django.db.models import Q
from django.utils import timezone

from notifications import queue
from quotes import workflow
from quotes.models import Declaration, Quote
from quotes.models.declaration import ANSWER_TIME, TOLD_EVERY

Proof, State = Declaration.Proof, Declaration.State


def sweep() -> int:
    return queue.sweep(*QUEUES)


def to_take_up() -> list[int]:
    """Declared without a grant, or their mailbox has to be asked anew."""
    new = Q(quote=None, told_at=None) | Q(quote__isnull=False, asked_at=None)
    return list(Declaration.objects.filter(new, state=State.DECLARED).values_list("pk", flat=True))


def silent() -> list[int]:
    over = timezone.now() - ANSWER_TIME
    found = Declaration.objects.standing().filter(proof=Proof.GRANT, asked_at__lte=over)
    return list(found.values_list("pk", flat=True))


def to_tell_again() -> list[int]:
    long_ago = timezone.now() - TOLD_EVERY
    found = Declaration.objects.standing().filter(proof=Proof.NONE, told_at__lte=long_ago)
    return list(found.values_list("pk", flat=True))


def _tell_stuck(declaration_id: int, reason: str) -> None:
    declaration = Declaration.objects.get(pk=declaration_id)
    quote = declaration.quote or Quote.objects.named(declaration.named).first()
    if quote is None:
        return
    workflow.tell_stuck(
        quote.pk,
        what="Une déclaration de rétractation n'a pas pu être traitée.",
        effect="Elle est reçue et sa date compte ; Logisav essaie encore, toutes les demi-heures au plus.",
        to_do="Appelez le client, puis « Enregistrer la rétractation » depuis la page du devis s'il la confirme.",
        reason=reason,
    )


QUEUES = tuple(
    queue.dated(name, find=find, work=work, tells_after=8, tell=_tell_stuck)
    for name, find, work in (
        ("declarations to take up", to_take_up, workflow.take_up),
        ("declarations left unanswered", silent, workflow.take_silence),
        ("declarations to look at", to_tell_again, workflow.tell_declaration_again),
    )
)
