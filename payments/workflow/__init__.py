"""Every write about money: one verb, one story. Verbs that talk to Stripe hold no transaction while they do.

Lock order: Quote → Deposit → JournalHead. States only rise, so each step may be taken again after a crash.
"""

from payments.workflow.card import Paying, close, pay_by_card
from payments.workflow.events import apply_event, receive_event, set_event_aside
from payments.workflow.opening import ensure_deposit
from payments.workflow.periodic import BY_ITSELF, WITH_STRIPE, reconcile, sweep
from payments.workflow.refunds import NotRefundable, request_refund, send_refund
from payments.workflow.settling import Settled, settle
from payments.workflow.transfers import (
    Announced,
    NoDeposit,
    announce_transfer,
    confirm_cheque,
    confirm_transfer,
)

__all__ = [
    "BY_ITSELF",
    "WITH_STRIPE",
    "Announced",
    "NoDeposit",
    "NotRefundable",
    "Paying",
    "Settled",
    "announce_transfer",
    "apply_event",
    "close",
    "confirm_cheque",
    "confirm_transfer",
    "ensure_deposit",
    "pay_by_card",
    "receive_event",
    "reconcile",
    "request_refund",
    "send_refund",
    "set_event_aside",
    "settle",
    "sweep",
]
