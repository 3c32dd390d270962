"""Every write about money: one verb, one story. Verbs that talk to Stripe hold no transaction while they do.

Lock order: Quote → Deposit → JournalHead. States only rise, so each step may be taken again after a crash.
"""

from payments.workflow.card import Paying, close, pay_by_card
from payments.workflow.chasing import look_up, reconcile, sweep
from payments.workflow.events import apply_event, receive_event
from payments.workflow.opening import ensure_deposit
from payments.workflow.refunds import NotRefundable, request_refund, send_refund
from payments.workflow.settling import Settled, settle
from payments.workflow.transfers import Announced, NoDeposit, announce_transfer, confirm_transfer

__all__ = [
    "Announced",
    "NoDeposit",
    "NotRefundable",
    "Paying",
    "Settled",
    "announce_transfer",
    "apply_event",
    "close",
    "confirm_transfer",
    "ensure_deposit",
    "look_up",
    "pay_by_card",
    "receive_event",
    "reconcile",
    "request_refund",
    "send_refund",
    "settle",
    "sweep",
]
