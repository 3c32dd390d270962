"""Tried by `manage.py doctor`: Stripe's key, asked of Stripe."""

from __future__ import annotations

from django.conf import settings
from django.utils import timezone

from lib.trials import FellShort, Reading, Trial, Tried
from notifications.headers import one_line
from payments import stripe_gateway


def stripe() -> Tried:
    """Read only: whose key it is, and whether payments are real where they should be."""
    if not settings.STRIPE_SECRET_KEY:
        return Tried("non réglé : aucun paiement par carte n'est proposé")
    try:
        account = stripe_gateway.look_at_account()
    except stripe_gateway.GatewayUnavailable as away:
        raise FellShort(
            f"Stripe ne répond pas ({one_line(str(away), limit=120)}…). Vérifiez l'accès à api.stripe.com."
        ) from away
    except stripe_gateway.GatewayRefused as refused:
        raise FellShort(
            f"Stripe refuse STRIPE_SECRET_KEY ({refused}). Recopiez la clé ; à une clé restreinte (rk_…), donnez la"
            " lecture du solde (Balance)."
        ) from refused
    if account.livemode != stripe_gateway.expects_live():
        raise FellShort("Stripe répond dans l'autre mode que celui de STRIPE_SECRET_KEY. Recopiez la clé.")
    if not account.livemode and settings.SECURE:
        raise FellShort(
            "la clé est une clé d'essai : aucun argent n'arrivera. Mettez la clé sk_live_… dans STRIPE_SECRET_KEY."
        )
    mode = "réel" if account.livemode else "d'essai"
    return Tried(f"la clé ouvre un compte {mode}", (Reading("Stripe", account.at - timezone.now()),))


STRIPE = Trial("Stripe", stripe)
