"""Whether, from when on, how much and how a deposit may be paid. Pure reading."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.conf import settings
from django.utils import timezone

from lib import french
from lib.day import today_in_paris
from payments import transfer
from payments.models import AWAITED, BalanceStatus, Deposit, Payment
from payments.transfer import Transfer
from quotes import money
from quotes import rules as quote_rules
from quotes.content import Content
from quotes.law import contract, days
from quotes.models import Company, Quote
from quotes.rules import Circumstances, DepositStatus, Verb

SMALLEST_CARD_AMOUNT = Decimal("0.50")
PAYABLE = quote_rules.states(Verb.PAY)


def opens_on(quote: Quote) -> dt.date | None:
    """The first day on which money may be asked for; None: at once."""
    facts = quote.law()
    return contract.money_from(facts) if facts else None


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
    version = quote.current_version()
    if version is None or not version.deposit or not quote.is_concluded:
        return None
    return Deposit(
        quote=quote,
        amount=version.deposit,
        reference=transfer.reference_of(quote.number),
        opens_on=opens_on(quote),
    )


def methods(deposit: Deposit, content: Content, company: Company) -> tuple[str, ...]:
    """What the version offered and the company can take now, for what is still to pay."""
    offered = content_methods(content, company)
    card = bool(settings.STRIPE_SECRET_KEY) and deposit.remaining >= SMALLEST_CARD_AMOUNT
    possible = {
        Payment.Method.CARD: card,
        Payment.Method.TRANSFER: bool(company.iban),
        Payment.Method.CHEQUE: True,  # to the company's address, which no company is without
    }
    return tuple(method for method, is_possible in possible.items() if is_possible and method in offered)


def content_methods(content: Content, company: Company) -> tuple[str, ...]:
    """Versions frozen before methods were kept with them offer what the company does."""
    return tuple(company.payment_methods) if content.payment_methods is None else content.payment_methods


def status(deposit: Deposit | None) -> DepositStatus:
    """Whether it may be asked for, by what is known of it alone: the law, what is under way, what is left."""
    if deposit is None:
        return DepositStatus.NONE
    if not is_open(deposit):
        return DepositStatus.TOO_EARLY
    if deposit.is_pending:
        return DepositStatus.PENDING
    return DepositStatus.DUE if deposit.remaining else DepositStatus.PAID


def circumstances(quote: Quote, deposit: Deposit | None) -> Circumstances:
    """The quote's, as far as payments need them, with its deposit's."""
    return Circumstances(quote.stage, deposit=status(deposit), declaration=quote.declaration_status())


def may(verb: Verb, deposit: Deposit) -> bool:
    return quote_rules.may(verb, circumstances(deposit.quote, deposit))


def may_be_paid(deposit: Deposit) -> bool:
    """A contract that stands, nothing under way that might already be the money, something left to pay, and the law."""
    return may(Verb.PAY, deposit)


def has_fallen(quote: Quote) -> bool:
    """Nothing may be asked for any more: what came goes back."""
    return quote.state not in PAYABLE


def asks_nothing(quote: Quote) -> bool:
    """It has fallen, or a withdrawal is declared that is to be confirmed: no page to pay on stays open."""
    return has_fallen(quote) or quote.declared_at is not None


def transfer_facts(deposit: Deposit, company: Company) -> Transfer:
    return Transfer(
        holder=company.account_holder or company.legal_name,
        iban=company.iban,
        bic=company.bic,
        amount=deposit.remaining or deposit.amount,
        reference=deposit.reference,
    )


def balance_status_of(quote: Quote) -> BalanceStatus:
    """Where the quote's deposit stands; `none` where none is asked for and nothing came."""
    deposit = deposit_of(quote)
    return BalanceStatus.NONE if deposit is None else balance_status(deposit)


def balance_status(deposit: Deposit) -> BalanceStatus:
    received, refunded = deposit.received, deposit.refunded
    if has_fallen(deposit.quote):
        if deposit.owed > 0:
            return BalanceStatus.REFUND_DUE
        return BalanceStatus.REFUNDED if refunded else BalanceStatus.NONE
    if received > deposit.amount:
        return BalanceStatus.OVERPAID
    if received == deposit.amount:
        return BalanceStatus.PAID
    if refunded > deposit.given_back_early and not received:
        return BalanceStatus.REFUNDED
    if deposit.is_pending:
        return BalanceStatus.PENDING
    if received:
        return BalanceStatus.PARTIAL
    return BalanceStatus.DUE if is_open(deposit) else BalanceStatus.NOT_YET


def is_announced(deposit: Deposit) -> bool:
    """The customer says that a transfer is on its way, and it is still waited for."""
    return deposit.announced_at is not None and balance_status(deposit) in AWAITED


def keeps_a_share(quote: Quote) -> bool:
    """Of a withdrawn contract the work that was done is paid for only where its early start was asked for."""
    return quote.state == Quote.State.WITHDRAWN and quote.early_start


def kept_for(deposit: Deposit, share_done: Decimal) -> Decimal:
    """In euros incl. tax: this share (in percent) of the price, no more than what was received."""
    version = deposit.quote.current_version()
    if version is None or not keeps_a_share(deposit.quote):
        return Decimal(0)
    return min(money.percentage_of(version.total, share_done), deposit.paid)


def share_kept(deposit: Deposit) -> Decimal:
    """In percent of the price, as it was said at an earlier refund."""
    version = deposit.quote.current_version()
    if version is None or not version.total:
        return Decimal(0)
    return (deposit.kept * 100 / version.total).quantize(Decimal("0.01"))


def refund_by(quote: Quote) -> dt.date | None:
    """The last day on which a deposit goes back to a customer who withdrew; None where no law sets one."""
    return quote.refund_by


def interest_since(deposit: Deposit) -> dt.date | None:
    """Since when what a consumer paid in advance bears interest: works that are not done three months later."""
    quote = deposit.quote
    waits = quote.state == Quote.State.ACCEPTED and quote.customer.is_individual
    if not waits or deposit.first_came_on is None or not deposit.received:
        return None
    start = days.interest_from(deposit.first_came_on)
    return start if start <= today_in_paris() else None
