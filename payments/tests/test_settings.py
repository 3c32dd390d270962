"""What the settings refuse about Stripe, and where customers may be sent."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from logisav.environment import payment_page_origins

STAND_IN = "http://127.0.0.1:8002"


@pytest.mark.parametrize("key", ["sk_live_x", "rk_live_x"])
def test_a_live_key_never_meets_a_stand_in(key: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="STRIPE_API_URL"):
        payment_page_origins(key=key, webhook_secrets=["whsec_x"], stand_in=STAND_IN)


def test_card_payments_want_a_webhook_that_can_be_checked() -> None:
    with pytest.raises(ImproperlyConfigured, match="STRIPE_WEBHOOK_SECRETS"):
        payment_page_origins(key="sk_test_x", webhook_secrets=[], stand_in="")


@pytest.mark.parametrize(
    ("key", "stand_in", "origins"),
    [
        ("", "", []),
        ("", STAND_IN, []),
        ("sk_live_x", "", ["https://checkout.stripe.com"]),
        ("sk_test_x", "", ["https://checkout.stripe.com"]),
        ("sk_test_x", STAND_IN, [STAND_IN]),
    ],
)
def test_customers_are_sent_to_one_place_at_most(key: str, stand_in: str, origins: list[str]) -> None:
    assert payment_page_origins(key=key, webhook_secrets=["whsec_x"], stand_in=stand_in) == origins
