"""Whether, from when on, how much and how a deposit may be paid. Pure reading."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.conf import settings
from django.utils import timezone

from payments import transfer
from payments.models import Deposit, Payment, Standing
from payments.transfer import Transfer
from quotes import french, withdrawal
from quotes.content import Content
from quotes.models import Company, Customer, Quote

COOLING_DAYS = 8  # day D+8: seven whole days have passed since the contract (art. L221-10)
SMALLEST_CARD_AMOUNT = Decimal("0.50")
FALLEN = (Quote.State.WITHDRAWN, Quote.State.CANCELLED, Quote.State.REFUSED)


def opens_on(quote: Quote) -> dt.date | None:
    """The first day on which a consumer who signed off premises may be asked for money; None: at once."""
    version = quote.current_version
    if version is None or quote.accepted_at is None:
        return None
    content = version.reading
    consumer = content.customer.kind == Customer.Kind.INDIVIDUAL
    if not consumer or content.contract != Quote.Contract.OFF_PREMISES:
        return None
    return french.in_paris(quote.accepted_at).date() + dt.timedelta(days=COOLING_DAYS)


def opening(day: dt.date) -> dt.datetime:
    """00:00 in Paris of that day, whatever the clocks do."""
    return dt.datetime.combine(day, dt.time(), tzinfo=french.PARIS)


def is_open(deposit: Deposit) -> bool:
    return deposit.opens_on is None or timezone.now() >= opening(deposit.opens_on)


def deposit_of(quote: Quote) -> Deposit | None:
    """The stored deposit; else the one that would be stored, to be shown; None when none is asked for."""
    stored = Deposit.objects.with_payments().filter(quote=quote).first()
    if stored is None:
        return new_deposit(quote)
    stored.quote = quote
    return stored


def new_deposit(quote: Quote) -> Deposit | None:
    version = quote.current_version
    if version is None or not version.deposit or not quote.is_concluded:
        return None
    return Deposit(
        quote=quote,
        amount=version.deposit,
        reference=transfer.reference_of(quote.number),
        opens_on=opens_on(quote),
    )


def methods(deposit: Deposit, content: Content) -> tuple[str, ...]:
    """What the version offered and the company can take now, for what is still to pay."""
    company = Company.current()
    offered = content_methods(content, company)
    card = bool(settings.STRIPE_SECRET_KEY) and deposit.remaining >= SMALLEST_CARD_AMOUNT
    possible = {Payment.Method.CARD: card, Payment.Method.TRANSFER: bool(company.iban)}
    return tuple(method for method, is_possible in possible.items() if is_possible and method in offered)


def content_methods(content: Content, company: Company) -> tuple[str, ...]:
    """Versions frozen before methods were kept with them offer what the company does."""
    return tuple(company.payment_methods) if content.payment_methods is None else content.payment_methods


def may_be_paid(deposit: Deposit) -> bool:
    """An accepted quote, nothing under way that might already be the money, something left to pay, and the law."""
    return (
        deposit.quote.state == Quote.State.ACCEPTED
        and is_open(deposit)
        and deposit.remaining > 0
        and not deposit.is_pending
    )


def transfer_facts(deposit: Deposit) -> Transfer:
    company = Company.current()
    return Transfer(
        holder=company.account_holder or company.legal_name,
        iban=company.iban,
        bic=company.bic,
        amount=deposit.remaining or deposit.amount,
        reference=deposit.reference,
    )


def standing_of(quote: Quote) -> Standing:
    """Where the quote's deposit stands; `none` where none is asked for and nothing came."""
    deposit = deposit_of(quote)
    return Standing.NONE if deposit is None else standing(deposit)


def standing(deposit: Deposit) -> Standing:
    received, refunded = deposit.received, deposit.refunded
    if deposit.quote.state in FALLEN:
        if received > 0:
            return Standing.REFUND_DUE
        return Standing.REFUNDED if refunded else Standing.NONE
    if received > deposit.amount:
        return Standing.OVERPAID
    if received == deposit.amount:
        return Standing.PAID
    if refunded and not received:
        return Standing.REFUNDED
    if deposit.is_pending:
        return Standing.PENDING
    if received:
        return Standing.PARTIAL
    return Standing.DUE if is_open(deposit) else Standing.NOT_YET


def refund_by(quote: Quote) -> dt.date | None:
    """The last day on which a deposit goes back to a customer who withdrew; None where no law sets one."""
    if quote.state != Quote.State.WITHDRAWN or quote.withdrawn_at is None:
        return None
    return withdrawal.refund_by(quote.withdrawn_at)
