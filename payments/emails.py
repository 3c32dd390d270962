"""What the payments application writes to people. Called inside the transaction of the fact that it tells."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.urls import reverse

from lib import addresses, french
from notifications import events, outbox
from notifications.staff import who_may
from notifications.strangers import defused
from payments import rules
from payments.models import Deposit, Dispute, Payment, Refund
from quotes import emails as quote_emails
from quotes import money
from quotes.content import Content
from quotes.facts import FAILURE


def _facts(deposit: Deposit, **more: Any) -> dict[str, Any]:
    return {
        "deposit_amount": french.money(deposit.amount),
        "remaining": french.money(deposit.remaining) if deposit.remaining else "",
        "reference": deposit.reference_grouped,
    } | more


def _payment_facts(payment: Payment) -> dict[str, Any]:
    quote, paid_on, opens_on = payment.deposit.quote, "", payment.deposit.opens_on
    if payment.received_on:
        paid_on = french.day(payment.received_on)
    elif payment.paid_at:
        paid_on = french.moment(payment.paid_at)
    return _facts(
        payment.deposit,
        amount=french.money(payment.amount),
        means=payment.means,
        card_holder=defused(payment.card_holder),
        paid_on=paid_on,
        opens_on=french.day(opens_on) if opens_on and payment.came_before(opens_on) else "",
        # `rétracté` and the like: the money came although nothing was asked for any more.
        fallen=quote.get_state_display().lower() if rules.has_fallen(quote) else "",
    )


def _receipt_facts(payment: Payment) -> dict[str, Any]:
    """With what of it is VAT, by the rates of the quote in their proportion; nothing of money that goes back."""
    context, version = _payment_facts(payment), payment.deposit.quote.current_version()
    goes_back = context["opens_on"] or context["fallen"]
    return context | {
        "vat_parts": _vat_parts(payment.amount, version.reading) if version and not goes_back else []
    }


def _vat_parts(amount: Decimal, content: Content) -> list[dict[str, str]]:
    shares = {share.rate: share.base + share.amount for share in content.totals.vat}
    vat = {
        rate: part - money.to_cent(part * 100 / (100 + rate))
        for rate, part in money.spread(amount, shares).items()
    }
    parts = [("Dont HT", french.money(amount - sum(vat.values())))]
    for rate, part in vat.items():
        if rate:
            parts.append((f"Dont TVA {french.percent(rate)}", french.money(part)))
        elif content.zero_rate:
            parts.append(("TVA", content.zero_rate.line))
    return [{"label": label, "value": value} for label, value in parts]


# To the customer


def pending(payment: Payment) -> None:
    quote_emails.to_customer("payments/pending", payment.deposit.quote, context=_payment_facts(payment))


def failed(payment: Payment) -> None:
    quote_emails.to_customer("payments/failed", payment.deposit.quote, context=_payment_facts(payment))


def reminder(deposit: Deposit) -> None:
    quote_emails.to_customer("payments/reminder", deposit.quote, context=_facts(deposit))


def open_now(deposit: Deposit) -> None:
    quote_emails.to_customer("payments/open_now", deposit.quote, context=_facts(deposit))


# To both


def paid_by_card(payment: Payment) -> None:
    """The receipt; the owner learns it by mail and behind the bell."""
    quote, context = payment.deposit.quote, _receipt_facts(payment)
    quote_emails.to_customer("payments/receipt", quote, context=context)
    text = f"{quote.customer.name} a payé {context['amount']} d'acompte par carte ({quote.number})."
    quote_emails.to_staff("payments/paid_owner", quote, text=text, context=context)


def transfer_received(payment: Payment) -> None:
    """The owner wrote it down, so only the customer is told."""
    context = _receipt_facts(payment)
    quote_emails.to_customer("payments/transfer_received", payment.deposit.quote, context=context)


def cheque_received(payment: Payment) -> None:
    context = _receipt_facts(payment)
    quote_emails.to_customer("payments/cheque_received", payment.deposit.quote, context=context)


def refunded(refund: Refund) -> None:
    payment = refund.payment
    context = _payment_facts(payment) | {"amount": french.money(refund.amount)}
    quote_emails.to_customer("payments/refunded", payment.deposit.quote, context=context)


# To the owner


def transfer_announced(deposit: Deposit) -> None:
    quote, context = deposit.quote, _facts(deposit)
    text = f"{quote.customer.name} annonce le virement de l'acompte ({quote.number})."
    quote_emails.to_staff("payments/transfer_announced_owner", quote, text=text, context=context)


def tell_excess(payment: Payment) -> None:
    """Card and transfer together, or a transfer of too much; or nothing at all was asked for any more."""
    deposit = payment.deposit
    if not deposit.excess:
        return
    quote = deposit.quote
    context = _payment_facts(payment) | {
        "received": french.money(deposit.received),
        "excess": french.money(deposit.excess),
    }
    text = f"Acompte reçu en trop pour {quote.number} : {context['excess']}."
    quote_emails.to_staff("payments/overpaid_owner", quote, text=text, context=context)


def set_aside(payment: Payment, *, difference: str) -> None:
    quote = payment.deposit.quote
    text = f"Un paiement de {quote.number} est à vérifier : {difference}."
    context = _payment_facts(payment) | {"difference": difference}
    quote_emails.to_staff("payments/set_aside_owner", quote, text=text, context=context)


def card_refused(payment: Payment) -> None:
    """Stripe made no page: a wrong key, an account that is not active yet."""
    quote = payment.deposit.quote
    text = f"Stripe a refusé d'ouvrir le paiement de l'acompte de {quote.number}."
    context = _payment_facts(payment) | {"difference": payment.reason}
    quote_emails.to_staff("payments/card_refused_owner", quote, text=text, context=context)


def refund_failed(refund: Refund) -> None:
    quote = refund.payment.deposit.quote
    amount = french.money(refund.amount)
    text = f"Le remboursement de {amount} pour {quote.number} a échoué."
    context = _payment_facts(refund.payment) | {"amount": amount}
    quote_emails.to_staff("payments/refund_failed_owner", quote, text=text, context=context)


def disputed(dispute: Dispute) -> None:
    quote = dispute.payment.deposit.quote
    status = dispute.get_state_display()
    text = f"Paiement par carte de {quote.number} : {status.lower()}."
    context = _payment_facts(dispute.payment) | {"amount": french.money(dispute.amount), "standing": status}
    quote_emails.to_staff("payments/disputed_owner", quote, text=text, context=context)


def unknown_event(event_id: str, *, reason: str) -> None:
    """It belongs to no quote, so whoever manages all of them has to look."""
    company, address = quote_emails.company_context(), addresses.absolute(reverse("admin:index"))
    context = {"company": company, "admin_url": address, "event": event_id, "difference": reason}
    text = f"Stripe annonce un paiement que Logisav ne reconnaît pas : {reason}."
    mail = outbox.StaffMail("payments/unknown_owner", context, sender_name=company["name"])
    kind = events.notice_of(mail.message).name
    for person in who_may("quotes.manage_all_quotes"):
        outbox.tell(person, kind=kind, text=text, about="Stripe", url=address, mail=mail)


def event_stuck(event_id: str, reason: str) -> None:
    """Kept and tried again for ever; it may belong to no quote, so whoever manages all of them is told."""
    address = addresses.absolute(reverse("admin:index"))
    text = (
        f"Un message de Stripe ({event_id}) n'a pas encore pu être traité, un paiement peut manquer ici. "
        f"Comparez avec le tableau de bord de Stripe, et prévenez qui administre Logisav\u00a0: {reason}"
    )
    for person in who_may("quotes.manage_all_quotes"):
        outbox.tell(person, kind=FAILURE.name, text=text, about="Stripe", url=address)
