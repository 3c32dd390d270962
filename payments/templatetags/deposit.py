"""The deposit on a quote's page: `{% deposit_of quote as deposit %}`, then `{% deposit_block deposit %}`."""

from __future__ import annotations

from typing import Any

from django import template
from django.template import Context
from django.utils.safestring import SafeString, mark_safe

from lib import french
from payments import rules
from payments.models import BalanceStatus, Deposit, Payment
from payments.transfer import Transfer
from quotes.content import Content
from quotes.models import Quote

register = template.Library()


@register.simple_tag
def deposit_of(quote: Quote) -> Deposit | None:
    """For the tags below: asked for once a page."""
    return rules.deposit_of(quote)


@register.inclusion_tag("payments/block.html", takes_context=True)
def deposit_block(context: Context, deposit: Deposit | None) -> dict[str, Any]:
    """What is asked for, how to pay it, and what has come of it."""
    quote, content, company = context["quote"], context["content"], context["company"]
    shown: dict[str, Any] = {"quote": quote, "content": content, "deposit": deposit}
    if deposit is None:
        return shown
    payable = rules.may_be_paid(deposit)
    methods = rules.methods(deposit, content, company) if payable else ()
    by_transfer = Payment.Method.TRANSFER in methods
    return shown | {
        "csrf_token": context.get("csrf_token"),
        "status": rules.balance_status(deposit).value,
        "by_card": Payment.Method.CARD in methods,
        "by_transfer": by_transfer,
        "by_cheque": Payment.Method.CHEQUE in methods,
        "company": company,
        "transfer": rules.transfer_facts(deposit, company) if by_transfer else None,
        "payable": payable,
        "announced": payable and rules.is_announced(deposit),
        "asked_with_order": _is_asked_with_order(deposit),
    }


def _is_asked_with_order(deposit: Deposit) -> bool:
    """Nothing has come or been announced yet, no law makes it wait, and the works are still to be done."""
    is_due = rules.balance_status(deposit) is BalanceStatus.DUE and not rules.is_announced(deposit)
    return is_due and deposit.opens_on is None and deposit.quote.state == Quote.State.ACCEPTED


@register.filter
def is_settled(deposit: Deposit | None) -> bool:
    """Nothing more is asked for: what comes next is not the deposit."""
    settled = (BalanceStatus.PAID, BalanceStatus.OVERPAID, BalanceStatus.REFUNDED)
    return deposit is not None and rules.balance_status(deposit) in settled


@register.filter
def deposit_fact(deposit: Deposit | None) -> str:
    """The name of what `step_words` says: with it in `data-fact` a sentence can be compared with the others."""
    if deposit is None:
        return "deposit.none"
    if rules.is_announced(deposit):
        return "deposit.announced"
    return f"deposit.{rules.balance_status(deposit).value}"


@register.filter
def step_words(deposit: Deposit) -> str:
    """Where it stands, in the list of what comes next on an accepted quote."""
    status = rules.balance_status(deposit)
    if status is BalanceStatus.REFUNDED:
        return "remboursé"
    if is_settled(deposit):
        return "réglé"
    if status is BalanceStatus.PENDING:
        return "paiement en cours"
    if rules.is_announced(deposit) and (said := deposit.announced_at):
        return f"virement annoncé le {french.day(french.in_paris(said).date())}"
    if status is BalanceStatus.PARTIAL:
        left = f", {french.money(deposit.remaining)} à régler" if deposit.remaining else ""
        return f"{french.money(deposit.received)} reçus{left}"
    return (
        f"à régler à partir du {french.day(deposit.opens_on)}"
        if deposit.opens_on
        else "à régler à la commande"
    )


@register.filter
def balance_words(deposit: Deposit | None, content: Content) -> str:
    """What is left to pay when the works end."""
    if deposit is None:
        return f"règlement de {french.money(content.payable)}"
    left = content.payable - (deposit.amount if deposit.remaining else deposit.received)
    return f"solde de {french.money(left)}"


@register.simple_tag
def refund_words(deposit: Deposit | None) -> str:
    """How much goes back to a customer who withdrew, by when and how; empty: nothing does."""
    if deposit is None or not deposit.owed:
        return ""
    by = rules.refund_by(deposit.quote)
    until = f" au plus tard le {french.day(by)}" if by else ""
    methods = {payment.method for payment in deposit.payments.all() if payment.refundable}
    by_card = methods == {Payment.Method.CARD}
    means = "sur la carte utilisée" if by_card else "par le moyen de paiement que vous avez utilisé"
    less = (
        ", moins la part des travaux déjà faite à votre demande"
        if deposit.quote.early_start and not deposit.kept
        else ""
    )
    return f"Les {french.money(deposit.owed)} reçus vous sont rendus{until}, {means}{less}."


@register.simple_tag
def transfer_qr(transfer: Transfer) -> SafeString:
    """The SEPA QR code."""
    return mark_safe(transfer.qr_svg)  # noqa: S308 (segno's own paths, and a title of ours)
