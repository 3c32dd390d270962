"""What a quote that was never signed leaves here: the forms filled in for it and the tries of their codes."""

from __future__ import annotations

from collections.abc import Sequence

from quotes.models import Quote
from signing.models import SigningAllowance, SigningRequest


def forget(quotes: Sequence[Quote]) -> None:
    """Of a quote with a signature nothing goes: its request is part of the proof, and the database keeps it."""
    SigningRequest.objects.filter(quote__in=quotes).delete()
    SigningAllowance.objects.filter(quote__in=quotes).delete()
