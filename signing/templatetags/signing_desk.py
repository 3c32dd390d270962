"""What signing has to say on a quote's page of the desk."""

from __future__ import annotations

from typing import Any

from django import template

from quotes.models import Quote
from signing.desk import is_paused
from signing.models import Signature

register = template.Library()


@register.inclusion_tag("admin/signing/on_quote.html")
def signing_on_quote(quote: Quote, *, may_act: bool) -> dict[str, Any]:
    """A pause that the owner can lift; the signature and its sealed PDF."""
    signature = Signature.objects.filter(quote=quote).first()
    return {
        "quote": quote,
        "signature": signature,
        "document": signature.document if signature else None,
        "paused": is_paused(quote),
        "may_act": may_act,
    }
