"""States as the desk shows them: one to three words, the colour says it once more."""

from __future__ import annotations

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from quotes.models import Quote

TONES = {
    Quote.State.SENT: "info",
    Quote.State.REMINDED: "info",
    Quote.State.ACCEPTED: "ok",
    Quote.State.DONE: "ok",
    Quote.State.REFUSED: "bad",
}


def pills(quote: Quote) -> SafeString:
    """The state, and beside it what is no state of its own."""
    found = [(TONES.get(Quote.State(quote.state), "quiet"), quote.state, quote.get_state_display())]
    if quote.declared_at is not None:
        found.append(("warn", "declared", "Rétractation déclarée"))
    if quote.has_lapsed:
        found.append(("warn", "lapsed", "Expiré"))
    if quote.is_blocked:
        found.append(("bad", "blocked", "Accès bloqué"))
    if quote.is_editable and quote.state != Quote.State.DRAFT:
        found.append(("warn", "revised", "Nouvelle version"))
    return format_html_join(" ", '<span class="pill {}" data-fact="quote.{}">{}</span>', found)


def pill(tone: str, words: str) -> SafeString:
    return format_html('<span class="pill {}">{}</span>', tone, words)
