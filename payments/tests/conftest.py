"""Stripe as the tests know it: the stand-in, over HTTP, by the real package."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from demo.stripe_standin.server import running
from demo.stripe_standin.standin import StandIn
from payments.tests.stripe_side import SECRET


@pytest.fixture
def stripe(settings: Settings) -> Iterator[StandIn]:
    """Its webhooks are posted by the tests, in the order that they want."""
    with running(key="sk_test_logisav0123456789", webhook_secrets=(SECRET,)) as standin:
        settings.STRIPE_SECRET_KEY = "sk_test_logisav0123456789"
        settings.STRIPE_WEBHOOK_SECRETS = [SECRET]
        settings.STRIPE_API_URL = standin.base_url
        settings.PAYMENT_PAGE_ORIGINS = [standin.base_url]
        yield standin
