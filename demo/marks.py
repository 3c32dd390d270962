"""The mark of a sample quote, in its internal note: tells which case it shows, and that it is there."""

from __future__ import annotations

from django.db.models import QuerySet

from quotes.models import Quote

MARK = "Exemple : "


def mark(shows: str) -> str:
    return f"{MARK}{shows}."


def marked() -> QuerySet[Quote]:
    return Quote.objects.with_parties().filter(internal_note__startswith=MARK)


def shown_by(quote: Quote) -> str:
    """The case, as a line of a list."""
    words = quote.internal_note.removeprefix(MARK).rstrip(".")
    return words[:1].upper() + words[1:]
