"""`{% before_sending quote %}`: what is missing, what stops the quote apart from advice, each with where to mend it."""

from __future__ import annotations

from typing import Any

from django import template
from django.template import Context
from django.urls import reverse

from quotes import readiness
from quotes.models import Quote
from quotes.readiness import Finding, Place

register = template.Library()
IN_THE_FORM = {"lines": "lines-heading"}


@register.inclusion_tag("admin/quotes/quote/before_sending.html", takes_context=True)
def before_sending(context: Context, quote: Quote) -> dict[str, Any]:
    found = [(finding, _address(context, quote, finding)) for finding in readiness.findings(quote)]
    return {
        "blocking": [pair for pair in found if pair[0].blocking],
        "advice": [pair for pair in found if not pair[0].blocking],
    }


def _address(context: Context, quote: Quote, finding: Finding) -> str:
    """The field to fill in; empty where this member of staff may not."""
    field = IN_THE_FORM.get(finding.field, f"id_{finding.field}")
    perms = context["request"].user.has_perm
    if finding.place is Place.QUOTE:
        return f"{reverse('admin:quotes_quote_change', args=[quote.pk])}#{field}"
    if finding.place is Place.CUSTOMER:
        may = perms("quotes.change_customer")
        return f"{reverse('admin:quotes_customer_change', args=[quote.customer_id])}#{field}" if may else ""
    # The list of one leads to the company's form, and a browser keeps the field's name on the way.
    return f"{reverse('admin:quotes_company_changelist')}#{field}" if perms("quotes.change_company") else ""
