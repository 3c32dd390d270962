"""The deposit on a quote's page: `{% load deposit %}`, then `{% deposit_block quote content %}`."""

from __future__ import annotations

from typing import Any

from django import template
from django.template import Context
from django.utils.safestring import SafeString, mark_safe

from payments import rules
from payments.models import Payment, Standing
from payments.transfer import Transfer
from quotes.content import Content
from quotes.models import Quote

register = template.Library()


@register.inclusion_tag("payments/block.html", takes_context=True)
def deposit_block(context: Context, quote: Quote, content: Content) -> dict[str, Any]:
    """What is asked for, how to pay it, and what has come of it."""
    deposit = rules.deposit_of(quote)
    shown: dict[str, Any] = {"quote": quote, "content": content, "deposit": deposit}
    if deposit is None:
        return shown
    payable = rules.may_be_paid(deposit)
    methods = rules.methods(deposit, content) if payable else ()
    return shown | {
        "csrf_token": context.get("csrf_token"),
        "standing": rules.standing(deposit).value,
        "by_card": Payment.Method.CARD in methods,
        "by_transfer": Payment.Method.TRANSFER in methods,
        "transfer": rules.transfer_facts(deposit) if Payment.Method.TRANSFER in methods else None,
        "payable": payable,
        "payments": list(deposit.payments.all()) if deposit.pk else [],
    }


@register.simple_tag
def deposit_is_settled(quote: Quote) -> bool:
    """Nothing more is asked for: what comes next is not the deposit."""
    return rules.standing_of(quote) in (Standing.PAID, Standing.OVERPAID, Standing.REFUNDED)


@register.simple_tag
def transfer_qr(transfer: Transfer) -> SafeString:
    """The SEPA QR code."""
    return mark_safe(transfer.qr_svg)  # noqa: S308 (segno's own paths, and a title of ours)
