"""What signing has to say on a quote's page of the desk."""

from __future__ import annotations

from typing import Any

from django import template

from quotes.models import Quote
from signing.models import Signature, SigningAllowance

register = template.Library()


@register.inclusion_tag("admin/signing/on_quote.html")
def signing_on_quote(quote: Quote, *, may_act: bool) -> dict[str, Any]:
    """A pause that the owner can lift; the signature and its sealed PDF."""
    signature = Signature.objects.filter(quote=quote).first()
    allowance = SigningAllowance.objects.filter(quote=quote).first()
    paused = quote.state in Quote.SIGNABLE and allowance is not None and not allowance.allows_a_code
    return {
        "quote": quote,
        "signature": signature,
        "document": signature.document if signature else None,
        "paused": paused,
        "may_act": may_act,
    }
