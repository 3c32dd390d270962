"""In the background: a frozen version gets its PDF, once. Redoing it is harmless."""

from __future__ import annotations

from django.template.loader import render_to_string

from lib import files
from notifications import queue
from notifications.queue import JobOutcome, QueueQuerySet
from quotes import workflow
from quotes.colour import Palette
from quotes.content import Content
from quotes.models import QuoteVersion
from quotes.pdf import engine

MAX_ATTEMPTS = 6


def sweep() -> int:
    """Render what waits; returns how many versions were taken up."""
    return queue.sweep(RENDERING)


def render_version(version_id: int) -> bool:
    """Claim, render outside any transaction, store, complete. False when there was nothing to do."""
    return queue.run(RENDERING, version_id) is not JobOutcome.NOT_DUE


def _render(version: QuoteVersion) -> None:
    document = quote_pdf(version.reading)
    name = files.store(document, folder="versions")
    workflow.complete_sending(version.pk, pdf=name, pdf_sha256=files.sha256_of(document))


# One document that cannot be rendered says nothing of the others; several in a row do.
RENDERER = queue.Service("renderer", away=(engine.RenderingFailed,), after=3)
RENDERING: queue.Queue[QuoteVersion] = queue.Queue(
    name="rendering",
    rows=lambda: QueueQuerySet(QuoteVersion),
    work=_render,
    services=(RENDERER,),
    gives_up=queue.GiveUp(tries=MAX_ATTEMPTS),
    give_up=lambda version, error, reason: workflow.abandon_sending(version.pk, reason=reason),
    expected=(engine.RenderingFailed, files.Damaged),
    while_closed=True,
)


def quote_pdf(content: Content, *, draft: bool = False) -> bytes:
    """The PDF of a frozen text (or of a preview, then marked « Brouillon »)."""
    logo = _logo(content)
    palette = Palette.of(content.company.colour)
    context = {"content": content, "accent": palette.accent, "logo": bool(logo), "draft": draft}
    html = render_to_string("pdf/quote.html", context)
    return engine.render(html, images=({"logo": logo} if logo else {}) | _photos(content))


def _photos(content: Content) -> dict[str, bytes]:
    """Its own photos as frozen, by the names that its page has for them."""
    return {photo.sha256: files.recovered(photo.path, photo.sha256) for photo in content.photos}


def _logo(content: Content) -> bytes:
    """The logo as frozen: files are named by their content."""
    if content.company.logo is None:
        return b""
    sha256 = content.company.logo.sha256
    return files.recovered(f"company/{sha256}.png", sha256)
