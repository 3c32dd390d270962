"""In the background: the PDF of a working copy, marked « Brouillon » on every page, and forgotten after a day."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from notifications import queue
from notifications.queue import JobOutcome, QueueQuerySet
from quotes.models import DraftPdf, StagedImport
from quotes.models.temporary import KEPT_FOR
from quotes.pdf import engine, rendering

MAX_ATTEMPTS = 3

SIMPLIFY = "Raccourcissez les textes ou les lignes, puis redemandez-le."
AGAIN = "Redemandez-le ; si cela se répète, prévenez la personne qui administre Logisav."
WORDS = {
    engine.NoPdf.HTML_TOO_LARGE: f"Ce devis est trop long pour un PDF. {SIMPLIFY}",
    engine.NoPdf.PDF_TOO_LARGE: f"Ce devis donnerait un PDF de plus de 20 Mo. {SIMPLIFY}",
    engine.NoPdf.TOO_SLOW: f"La mise en page a pris trop de temps. {SIMPLIFY}",
}


def sweep() -> int:
    """Forget what is past its day, render what waits; returns how many PDFs were taken up."""
    return queue.sweep(FORGETTING, DRAFTS)


def render_draft(draft_id: int) -> bool:
    """Claim, render outside any transaction, store. False when there was nothing to do."""
    return queue.run(DRAFTS, draft_id) is not JobOutcome.NOT_DUE


def _render(draft: DraftPdf) -> None:
    document = rendering.quote_pdf(draft.reading, draft=True)
    _close(draft, pdf=document, done_at=timezone.now())


def _close(draft: DraftPdf, **outcome: Any) -> None:
    # Asked for again meanwhile, with another text: that one has a claim of its own.
    same = DraftPdf.objects.filter(pk=draft.pk, content_sha256=draft.content_sha256)
    same.update(claimed_until=None, **outcome)


def _give_up(draft: DraftPdf, error: Exception, reason: str) -> None:
    """Somebody waits for it: what fails is told at once, on the page, and tried again only when asked."""
    words = WORDS.get(error.reason, AGAIN) if isinstance(error, engine.RenderingFailed) else AGAIN
    _close(draft, failed_at=timezone.now(), error=words)


def _forget() -> int:
    past = timezone.now() - KEPT_FOR
    DraftPdf.objects.filter(requested_at__lte=past).delete()
    StagedImport.objects.filter(staged_at__lte=past).delete()
    return 0


FORGETTING = queue.Chore("what lives for a day", _forget)
DRAFTS: queue.Queue[DraftPdf] = queue.Queue(
    name="drafts",
    rows=lambda: QueueQuerySet(DraftPdf),
    work=_render,
    services=(rendering.RENDERER,),
    # The tries are those of workers that died at it.
    gives_up=queue.GiveUp(tries=MAX_ATTEMPTS, at_once=(Exception,)),
    give_up=_give_up,
    expected=(engine.RenderingFailed,),
    while_closed=True,
)
