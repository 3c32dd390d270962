"""Access links: made here, known only by their hash."""

from __future__ import annotations

import hashlib
import secrets

from django.conf import settings
from django.urls import reverse

from quotes.models import AccessLink, Quote


def make_link(quote: Quote, *, requested: bool = False) -> tuple[AccessLink, str]:
    """A fresh link to the customer's address, and its full address for one mail: the token is not kept."""
    token = secrets.token_urlsafe(32)
    link = AccessLink.objects.create(
        quote=quote,
        token_sha256=hashlib.sha256(token.encode()).hexdigest(),
        email=quote.customer.email,
        requested=requested,
    )
    return link, absolute(reverse("quotes:open_link", args=[token]))


def absolute(path: str) -> str:
    """Addresses in mails come from SITE_URL alone, never from a Host header."""
    return f"{settings.SITE_URL}{path}"


def quote_address(quote: Quote) -> str:
    """The token-free address of a quote's pages: opens nothing without a grant."""
    return absolute(quote.get_absolute_url())


def desk_address(quote: Quote) -> str:
    return absolute(reverse("admin:quotes_quote_change", args=[quote.pk]))
