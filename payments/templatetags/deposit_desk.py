"""What the deposit has to say on the desk: on a quote's page, and on the first page."""

from __future__ import annotations

from typing import Any

from django import template
from django.http import HttpRequest

from notifications.staff import member
from payments import pills, rules, waiting
from payments.models import Dispute, StripeEvent
from quotes.models import Quote

register = template.Library()
register.filter("payment_pill", pills.payment_pill)
register.filter("refund_pill", pills.refund_pill)


@register.inclusion_tag("admin/payments/on_quote.html")
def deposit_on_quote(quote: Quote, *, may_book: bool) -> dict[str, Any]:
    """Where the deposit stands, all that was paid, went back or is in doubt, and what can be done."""
    deposit = rules.deposit_of(quote)
    if deposit is None:
        return {"deposit": None}
    standing = rules.standing(deposit)
    stored = deposit.pk is not None
    payments = deposit.payments.prefetch_related("refunds", "disputes") if stored else ()
    aside = StripeEvent.objects.set_aside()
    return {
        "quote": quote,
        "deposit": deposit,
        "standing": standing.value,
        "pill": pills.pill(standing),
        "payments": sorted(payments, key=lambda payment: payment.created_at, reverse=True),
        "open_disputes": Dispute.objects.filter(payment__deposit=deposit, state=Dispute.State.OPEN)
        if stored
        else (),
        "events": aside.filter(payment__deposit=deposit) if stored else (),
        "refund_by": rules.refund_by(quote),
        "may_book": may_book,
    }


@register.inclusion_tag("admin/payments/on_start.html")
def deposits_waiting(request: HttpRequest) -> dict[str, Any]:
    """For the first page: what has to be done about deposits, with its date."""
    if not (request.user.has_perm("quotes.view_quote") or request.user.has_perm("quotes.change_quote")):
        return {}
    user = member(request)
    return {
        "refunds": waiting.refunds_due(user),
        "transfers": waiting.transfers_announced(user),
        "to_look_into": waiting.to_look_into(user),
        "unknown": waiting.unknown_events(user),
    }


@register.inclusion_tag("admin/payments/figures.html")
def deposit_figures(request: HttpRequest) -> dict[str, Any]:
    """For the first page: how many deposits wait, each figure with the way to its list."""
    if not request.user.has_perm("payments.view_deposit"):
        return {}
    return {"figures": waiting.figures(member(request))}
