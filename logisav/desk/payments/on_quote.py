"""What a quote's page of the desk says about its deposit."""

from __future__ import annotations

from typing import Any

from logisav.desk.payments import pills
from payments import rules
from payments.models import BalanceStatus, Dispute, StripeEvent
from quotes.models import Quote


def is_due(card: dict[str, Any] | None) -> bool:
    """Whether the owner's next step is in it: money to give back, or a transfer to look for."""
    return card is not None and (card["announced"] or card["status"] == BalanceStatus.REFUND_DUE)


def deposit_card(quote: Quote) -> dict[str, Any] | None:
    """Where it stands, all that was paid, went back or is in doubt; None where none is asked for."""
    # The quote was read with its deposit's row: that there is none yet is known.
    deposit = rules.deposit_of(quote) if hasattr(quote, "deposit") else rules.new_deposit(quote)
    if deposit is None:
        return None
    status = rules.balance_status(deposit)
    card = {
        "deposit": deposit,
        "status": status.value,
        "pill": pills.deposit_pill(deposit),
        "announced": rules.is_announced(deposit),
        "refund_by": rules.refund_by(quote),
        "interest_since": rules.interest_since(deposit) if deposit.pk else None,
    }
    if deposit._state.adding:
        return card
    payments = deposit.payments.prefetch_related("refunds", "disputes")
    return card | {
        "payments": sorted(payments, key=lambda payment: payment.created_at, reverse=True),
        "open_disputes": Dispute.objects.filter(payment__deposit=deposit, state=Dispute.State.OPEN),
        "events": StripeEvent.objects.set_aside().filter(payment__deposit=deposit),
    }
