"""The PDF of a working copy: asked for here, made by the worker (quotes/pdf/drafts.py)."""

from __future__ import annotations

import hashlib

from django.db import transaction
from django.utils import timezone

from notifications import outbox
from quotes.models import DraftPdf, Quote
from quotes.rules import Verb
from quotes.versions import freezing
from quotes.workflow.locking import locked


@transaction.atomic
def request_draft_pdf(quote_id: int) -> DraftPdf:
    """Ask for the PDF of the working copy as it is now; the one that is there will do while nothing changed.

    The journal says nothing of it: nothing happens to the quote. Raises IllegalMove when there is no working copy.
    """
    quote = locked(quote_id)
    quote.require(Verb.EDIT)
    content = freezing.preview(quote).to_json()
    digest = hashlib.sha256(content.encode()).hexdigest()
    there = DraftPdf.objects.filter(quote=quote, content_sha256=digest, failed_at=None).defer("pdf").first()
    return there or _queued(quote, content, digest)


def _queued(quote: Quote, content: str, digest: str) -> DraftPdf:
    now = timezone.now()
    wanted = {"content": content, "content_sha256": digest, "requested_at": now, "next_try_at": now}
    fresh = {
        "pdf": b"",
        "done_at": None,
        "failed_at": None,
        "claimed_until": None,
        "attempts": 0,
        "error": "",
    }
    draft, _ = DraftPdf.objects.update_or_create(quote=quote, defaults=wanted | fresh)
    transaction.on_commit(lambda: outbox.nudge("quotes.render_draft", draft.pk), robust=True)
    return draft


def is_of_today(draft: DraftPdf, quote: Quote) -> bool:
    """Whether the working copy still says what this PDF says."""
    content = freezing.preview(quote).to_json()
    return draft.content_sha256 == hashlib.sha256(content.encode()).hexdigest()
