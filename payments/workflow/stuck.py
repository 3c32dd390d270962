"""Work with Stripe that does not come to its end: when Stripe counts as away, who is told, and when."""

from __future__ import annotations

from lib import french
from notifications.queue import Service
from payments.models import Payment, Refund
from payments.stripe_gateway import GatewayRefused, GatewayUnavailable, TooEarlyToPay
from quotes import workflow as quotes

STRIPE = Service("stripe", away=(GatewayUnavailable,))
EXPECTED = (GatewayUnavailable, GatewayRefused, TooEarlyToPay)
TELLS_AFTER = 10  # tries: about three quarters of an hour


def tell_refund_stuck(refund: Refund, reason: str) -> None:
    quotes.tell_stuck(
        refund.payment.deposit.quote_id,
        what=f"Le remboursement de {french.money(refund.amount)} n'a pas encore pu être demandé à Stripe.",
        effect="Le client n'a encore rien reçu. Logisav essaie encore, toutes les demi-heures au plus.",
        to_do="Regardez chez Stripe si votre compte est en ordre, et prévenez le client du retard.",
        reason=reason,
    )


def tell_payment_stuck(payment_id: int, reason: str) -> None:
    payment = Payment.objects.select_related("deposit").get(pk=payment_id)
    quotes.tell_stuck(
        payment.deposit.quote_id,
        what=f"Un paiement par carte de {french.money(payment.amount)} n'a pas pu être vérifié chez Stripe.",
        effect="Ce que Logisav en montre peut être en retard. Il essaie encore, toutes les demi-heures au plus.",
        to_do="Regardez sur le tableau de bord de Stripe si ce paiement est arrivé.",
        reason=reason,
    )


def tell_deposit_stuck(quote_id: int, reason: str) -> None:
    quotes.tell_stuck(
        quote_id,
        what="La demande ou le rappel de l'acompte n'a pas pu partir.",
        effect="Le client n'a rien reçu à ce sujet. Logisav essaie encore, toutes les demi-heures au plus.",
        to_do="Regardez l'acompte sur la page du devis, et écrivez au client s'il le faut.",
        reason=reason,
    )
