"""Where a deposit stands, as the desk shows it: one to three words, the colour says it once more."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString

from payments import rules
from payments.models import AWAITED, BalanceStatus, Deposit, Payment, Refund

ANNOUNCED = "Virement annoncé"
HELD = "Acompte suspendu"
TONES = {
    BalanceStatus.DUE: "info",
    BalanceStatus.PENDING: "info",
    BalanceStatus.PARTIAL: "warn",
    BalanceStatus.PAID: "ok",
    BalanceStatus.OVERPAID: "warn",
    BalanceStatus.REFUND_DUE: "bad",
}
PAYMENT_TONES = {
    Payment.State.PENDING: "info",
    Payment.State.FAILED: "bad",
    Payment.State.SET_ASIDE: "bad",
    Payment.State.PAID: "ok",
}
REFUND_TONES = {
    Refund.State.REQUESTED: "info",
    Refund.State.PENDING: "info",
    Refund.State.SUCCEEDED: "ok",
    Refund.State.FAILED: "bad",
}


def pill(status: BalanceStatus) -> SafeString:
    return _deposit_pill(TONES.get(status, "quiet"), status.value, status.label)


def deposit_pill(deposit: Deposit) -> SafeString:
    """Where it stands. A transfer on its way is looked for at the bank; a declaration stops what is asked for."""
    if rules.is_announced(deposit):
        return _deposit_pill("info", "announced", ANNOUNCED)
    status = rules.balance_status(deposit)
    if status in AWAITED and deposit.quote.declared_at is not None:
        return _deposit_pill("quiet", "held", HELD)
    return pill(status)


def words(deposit: Deposit) -> str:
    """The same without its colour, for a file."""
    return ANNOUNCED if rules.is_announced(deposit) else rules.balance_status(deposit).label


def payment_pill(payment: Payment) -> SafeString:
    tone = PAYMENT_TONES.get(Payment.State(payment.state), "quiet")
    return _pill(tone, payment.get_state_display())


def refund_pill(refund: Refund) -> SafeString:
    return _pill(REFUND_TONES[Refund.State(refund.state)], refund.get_state_display())


def _deposit_pill(tone: str, fact: str, words: str) -> SafeString:
    return format_html('<span class="pill {}" data-fact="deposit.{}">{}</span>', tone, fact, words)


def _pill(tone: str, words: str) -> SafeString:
    return format_html('<span class="pill {}">{}</span>', tone, words)
