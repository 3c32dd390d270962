"""Access links: made here, known only by their hash."""

from __future__ import annotations

import hashlib
import secrets

from django.urls import reverse

from lib import addresses
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
    return link, addresses.absolute(reverse("quotes:open_link", args=[token]))


def answer_address(token: str) -> str:
    """The page with « Je confirme » and « Ce n'était pas moi », for one mail to the contract's address."""
    return addresses.absolute(reverse("quotes:answer_declaration", args=[token]))


def quote_address(quote: Quote) -> str:
    """The token-free address of a quote's pages: opens nothing without a grant."""
    return addresses.absolute(quote.get_absolute_url())


def withdrawal_address(quote: Quote) -> str:
    """« Renoncer au contrat ici » of this contract: needs no link."""
    return addresses.absolute(reverse("quotes:withdraw", args=[quote.public_id]))


def desk_address(quote: Quote) -> str:
    return addresses.absolute(reverse("admin:quotes_quote_change", args=[quote.pk]))
