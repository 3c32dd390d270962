"""The customer's way to pay: two buttons that act, two pages that only read."""

from __future__ import annotations

import logging
from http import HTTPStatus
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from lib.fields import whole
from payments import rules, workflow
from payments.models import BalanceStatus, Payment
from payments.stripe_gateway import GatewayRefused, GatewayUnavailable
from payments.workflow import Announced, Paying
from quotes import access
from quotes.access import Visit, open_house, quote_required
from quotes.rules import Verb

# Seconds until the page looks again: while Stripe's message is on its way, while a bank decides.
SOON, LATER = 3, 60
LOOKS = 20  # how often it looks by itself: then nobody has paid, or a bank takes its days
LOOKED = "vu"
log = logging.getLogger(__name__)

NOT_NOW = {
    Paying.PAID: "Votre acompte a déjà été reçu, il n'y a rien de plus à payer.",
    Paying.PENDING: "Un paiement est déjà en cours, nous attendons la confirmation de votre banque.",
    Paying.TOO_EARLY: "L'acompte ne peut pas encore être réglé : la loi demande d'attendre quelques jours.",
    Paying.NOT_OFFERED: "L'acompte ne peut pas être réglé par carte pour ce devis.",
    Paying.NOT_OPEN: "Ce devis n'attend plus d'acompte.",
    Paying.DECLARED: "Votre rétractation est déclarée : rien n'est à payer.",
    Paying.REFUSED: "Le paiement par carte n'est pas possible pour le moment. Nous en sommes prévenus.",
}


@require_POST
@open_house
@quote_required(Verb.SEE_CONTRACT)
def pay(request: HttpRequest, visit: Visit) -> HttpResponse:
    """« Régler mon acompte »: to Stripe's page, and nowhere else."""
    try:
        outcome, address = workflow.pay_by_card(visit.quote.pk, actor=access.actor_of(request))
    except (GatewayUnavailable, GatewayRefused) as trouble:
        log.error("%s: no payment page: %s", visit.quote.number, trouble)
        # Nothing was charged, nothing is half done: try again, or pay by transfer.
        return render(
            request, "payments/unavailable.html", visit.context, status=HTTPStatus.SERVICE_UNAVAILABLE
        )
    if outcome is Paying.REDIRECT:
        return HttpResponse(status=HTTPStatus.SEE_OTHER, headers={"Location": address})
    messages.warning(request, NOT_NOW[outcome])
    return redirect(visit.quote)


@require_POST
@quote_required(Verb.SEE_CONTRACT)
def announce(request: HttpRequest, visit: Visit) -> HttpResponse:
    """« J'ai fait le virement »."""
    match workflow.announce_transfer(visit.quote.pk, actor=access.actor_of(request)):
        case Announced.DONE:
            messages.success(request, "Merci, nous sommes prévenus. Un reçu vous sera envoyé à son arrivée.")
        case Announced.ALREADY:
            messages.success(request, "Nous sommes déjà prévenus de votre virement.")
        case Announced.NOT_OPEN:
            messages.warning(request, "Ce devis n'attend pas de virement pour le moment.")
    return redirect(visit.quote)


@require_safe
@quote_required(Verb.SEE_CONTRACT)
def transfer_picture(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The QR code of the transfer, as a file: banks' applications read it from the telephone's pictures."""
    deposit = rules.deposit_of(visit.quote)
    company = visit.company
    if deposit is None or company is None or not rules.may_be_paid(deposit):
        raise Http404
    if Payment.Method.TRANSFER not in rules.methods(deposit, visit.content, company):
        raise Http404
    picture = rules.transfer_facts(deposit, company).qr_png
    named = f'attachment; filename="virement-{visit.quote.number}.png"'
    return HttpResponse(picture, content_type="image/png", headers={"Content-Disposition": named})


# The link may have died while the card was typed: the page for those without a grant says one thing more.
after_payment = quote_required(Verb.SEE_CONTRACT, no_grant="payments/no_access.html")


@require_safe
@after_payment
def returned(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Back from Stripe's page: this page reads, the webhook decides."""
    deposit = rules.deposit_of(visit.quote)
    if deposit is None or deposit.pk is None:
        return redirect(visit.quote)
    payments = deposit.payments.filter(method=Payment.Method.CARD)
    session_id = request.GET.get("session_id", "")
    payment = payments.filter(session_id=session_id).first() or payments.last()
    if payment is None:
        return redirect(visit.quote)
    context = visit.context | {
        "deposit": deposit,
        "payment": payment,
        "status": rules.balance_status(deposit),
        "may_be_paid": rules.may_be_paid(deposit),
    }
    looks = whole(request.GET.get(LOOKED, "")) or 0
    looks_again = payment.state in Payment.UNDER_WAY and looks < LOOKS
    context["unconfirmed"] = payment.state in Payment.ON_PAGE and not looks_again
    response = render(request, "payments/returned.html", context)
    if looks_again:
        # By itself, without JavaScript too.
        pause = LATER if payment.state == Payment.State.PENDING else SOON
        query = urlencode({"session_id": payment.session_id, LOOKED: looks + 1})
        response.headers["Refresh"] = f"{pause}; url={request.path}?{query}"
    return response


@require_safe
@after_payment
def cancelled(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Left Stripe's page without paying."""
    deposit = rules.deposit_of(visit.quote)
    if deposit is None:
        return redirect(visit.quote)
    status = rules.balance_status(deposit)
    if status in (BalanceStatus.PAID, BalanceStatus.OVERPAID):
        return redirect("payments:returned", visit.quote.public_id)
    context = visit.context | {
        "deposit": deposit,
        "may_be_paid": rules.may_be_paid(deposit),
    }
    return render(request, "payments/cancelled.html", context)
