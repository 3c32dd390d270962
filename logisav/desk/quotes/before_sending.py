"""« Avant d'envoyer »: what is missing, what stops the quote apart from advice, each with where to mend it."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.urls import reverse

from quotes.findings import Finding, MendedAt
from quotes.models import Quote
from quotes.readiness import Draft

IN_THE_FORM = {"lines": "lines-heading", "aids": "aids-heading"}


def before_sending(user: User, draft: Draft) -> dict[str, Any]:
    found = [(finding, _address(user, draft.quote, finding)) for finding in draft.findings()]
    return {
        "blocking": [pair for pair in found if pair[0].blocking],
        "advice": [pair for pair in found if not pair[0].blocking],
    }


def _address(user: User, quote: Quote, finding: Finding) -> str:
    """The field to fill in; empty where this member of staff may not."""
    field = IN_THE_FORM.get(finding.field, f"id_{finding.field}")
    if finding.place is MendedAt.QUOTE:
        return f"{reverse('admin:quotes_quote_change', args=[quote.pk])}#{field}"
    if finding.place is MendedAt.ENCLOSURES:
        return f"{reverse('admin:quotes_quote_change', args=[quote.pk])}#{finding.field}"
    if finding.place is MendedAt.CONTRIBUTION:
        return reverse("admin:quotes_quote_contribution", args=[quote.pk])
    if finding.place is MendedAt.CUSTOMER:
        may = user.has_perm("quotes.change_customer")
        return f"{reverse('admin:quotes_customer_change', args=[quote.customer_id])}#{field}" if may else ""
    # The list of one leads to the company's form, and a browser keeps the field's name on the way.
    may = user.has_perm("quotes.change_company")
    return f"{reverse('admin:quotes_company_changelist')}#{field}" if may else ""
