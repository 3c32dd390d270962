"""Accepted quotes with a deposit, and payments made by the verbs themselves."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from demo.stripe_standin.standin import StandIn
from payments import workflow
from payments.models import Deposit, Payment
from payments.tests.stripe_side import GOOD, deliver_all
from payments.workflow import Paying
from quotes import journal
from quotes import workflow as quotes
from quotes.journal import Actor
from quotes.models import Company, Quote
from quotes.tests.factories import SYSTEM, make_company, make_sent_quote, version_of, withdraw_at_once
from quotes.workflow.locking import locked

CUSTOMER = Actor("customer", ip="203.0.113.24", agent="Tests")
BANK = {"iban": "FR7630006000011234567890189", "bic": "AGRIFRPP", "account_holder": "Thermo Rhône SARL"}


def make_paying_company(**fields: Any) -> Company:
    company = make_company()
    for name, value in (BANK | {"payment_methods": ["card", "transfer"]} | fields).items():
        setattr(company, name, value)
    company.save()
    return company


def accept(quote: Quote) -> Quote:
    """The signature itself is not what is tested here."""
    with transaction.atomic():
        held = locked(quote.pk)
        quotes.mark_accepted(held, version_of(held))
        journal.append(held, "accepted", actor=SYSTEM)
    quote.refresh_from_db()
    return quote


def make_accepted_quote(company: dict[str, Any] | None = None, **fields: Any) -> Quote:
    make_paying_company(**(company or {}))
    return accept(make_sent_quote(**fields))


def withdraw(quote: Quote) -> None:
    withdraw_at_once(quote.pk)
    quote.refresh_from_db()


def open_page(quote: Quote) -> Payment:
    """The customer stands on Stripe's page."""
    outcome, address = workflow.pay_by_card(quote.pk, actor=CUSTOMER)
    assert outcome is Paying.REDIRECT, outcome
    payment = Payment.objects.get(deposit__quote=quote, state=Payment.State.OPEN)
    assert address == payment.session_url
    return payment


def session_of(payment: Payment) -> str:
    assert payment.session_id is not None
    return payment.session_id


def pay(stripe: StandIn, quote: Quote, *, number: str = GOOD) -> Payment:
    """The whole way by card: page, card, webhooks."""
    payment = open_page(quote)
    stripe.pay_with(session_of(payment), number=number, name="Claire Morel")
    deliver_all(stripe)
    payment.refresh_from_db()
    return payment


def deposit_of(quote: Quote) -> Deposit:
    return Deposit.objects.get(quote=quote)


def kinds(quote: Quote) -> list[str]:
    return [event.kind for event in quote.events.order_by("seq")]
