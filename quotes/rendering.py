"""In the background: a frozen version gets its PDF, once. Redoing it is harmless."""

from __future__ import annotations

import datetime as dt
import hashlib
import logging

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.template.loader import render_to_string

from quotes import pdf, workflow
from quotes.colour import Palette
from quotes.content import Content
from quotes.models import QuoteVersion

LEASE = dt.timedelta(minutes=3)
MAX_ATTEMPTS = 6
BATCH = 20
log = logging.getLogger(__name__)


def sweep() -> int:
    """Render what waits; returns how many versions were taken up."""
    due = QuoteVersion.objects.due().order_by("next_try_at").values_list("pk", flat=True)[:BATCH]
    return sum(render_version(pk) for pk in list(due))


def render_version(version_id: int) -> bool:
    """Claim, render outside any transaction, store, complete. False when there was nothing to do."""
    version = QuoteVersion.objects.claim(version_id, lease=LEASE)
    if version is None:
        return False
    try:
        document = quote_pdf(version.reading)
    except pdf.RenderingFailed as failure:
        _give_up_or_postpone(version, str(failure))
        return True
    workflow.complete_sending(
        version.pk,
        pdf=store(document, folder="versions"),
        pdf_sha256=hashlib.sha256(document).hexdigest(),
    )
    return True


def _give_up_or_postpone(version: QuoteVersion, reason: str) -> None:
    log.error("version %s: %s", version.pk, reason)
    if version.attempts >= MAX_ATTEMPTS:
        workflow.abandon_sending(version.pk, reason=reason)
    else:
        version.postpone(reason)


def quote_pdf(content: Content, *, draft: bool = False) -> bytes:
    """The PDF of a frozen text (or of a preview, then marked « Brouillon »)."""
    logo = _logo(content)
    palette = Palette.of(content.company.colour)
    context = {"content": content, "accent": palette.accent, "logo": bool(logo), "draft": draft}
    html = render_to_string("pdf/quote.html", context)
    return pdf.render(html, images={"logo": logo} if logo else {})


def _logo(content: Content) -> bytes:
    """The logo as frozen: files are named by their content."""
    if content.company.logo is None:
        return b""
    with default_storage.open(f"company/{content.company.logo.sha256}.png") as stream:
        return bytes(stream.read())


def store(document: bytes, *, folder: str) -> str:
    """Write a file under the name of its content, so that writing it twice leaves one."""
    name = f"{folder}/{hashlib.sha256(document).hexdigest()}.pdf"
    if not default_storage.exists(name):
        name = default_storage.save(name, ContentFile(document))
    return name
