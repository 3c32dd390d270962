"""In the background: the PDF of a working copy, marked « Brouillon » on every page, and forgotten after a day."""

from __future__ import annotations

import logging
from typing import Any

from django.utils import timezone

from quotes import pdf, rendering
from quotes.models import DraftPdf, StagedImport
from quotes.models.passing import KEPT_FOR

MAX_ATTEMPTS = 3
log = logging.getLogger(__name__)

SIMPLIFY = "Raccourcissez les textes ou les lignes, puis redemandez-le."
AGAIN = "Redemandez-le ; si cela se répète, prévenez la personne qui administre Logisav."
WORDS = {
    pdf.Reason.HTML_TOO_LARGE: f"Ce devis est trop long pour un PDF. {SIMPLIFY}",
    pdf.Reason.PDF_TOO_LARGE: f"Ce devis donnerait un PDF de plus de 20 Mo. {SIMPLIFY}",
    pdf.Reason.TOO_SLOW: f"La mise en page a pris trop de temps. {SIMPLIFY}",
}


def sweep() -> int:
    """Render what waits, forget what is past its day; returns how many PDFs were taken up."""
    _forget()
    due = DraftPdf.objects.due().order_by("next_try_at").values_list("pk", flat=True)[: rendering.BATCH]
    return sum(render_draft(pk) for pk in list(due))


def _forget() -> None:
    past = timezone.now() - KEPT_FOR
    DraftPdf.objects.filter(requested_at__lte=past).delete()
    StagedImport.objects.filter(staged_at__lte=past).delete()


def render_draft(draft_id: int) -> bool:
    """Claim, render outside any transaction, store. False when there was nothing to do."""
    draft = DraftPdf.objects.claim(draft_id, lease=rendering.LEASE)
    if draft is None:
        return False
    outcome = _rendered(draft) if draft.attempts <= MAX_ATTEMPTS else _failed(AGAIN)
    # Asked for again meanwhile, with another text: that one has a claim of its own.
    same = DraftPdf.objects.filter(pk=draft.pk, content_sha256=draft.content_sha256)
    same.update(claimed_until=None, **outcome)
    return True


def _rendered(draft: DraftPdf) -> dict[str, Any]:
    """Somebody waits for it: what fails is told at once, and tried again only when asked."""
    try:
        document = rendering.quote_pdf(draft.reading, draft=True)
    except pdf.RenderingFailed as failure:
        log.error("draft %s: %s", draft.pk, failure)
        return _failed(WORDS.get(failure.reason, AGAIN))
    return {"pdf": document, "done_at": timezone.now()}


def _failed(words: str) -> dict[str, Any]:
    return {"failed_at": timezone.now(), "error": words}
