"""The whole journey, in any order, with the clock, sudden death and everything said twice: no invariant breaks.

docs/architecture.md lists the invariants; `lifecycle/laws.py` reads them from the database after every step.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from logisav.tests.figures import FULL, sample
from logisav.tests.lifecycle.edges import STRIPE, Edges
from logisav.tests.lifecycle.journey import Journey
from payments.tests.factories import make_paying_company
from payments.tests.stripe_side import SECRET
from quotes.tests.factories import make_owner

# Savepoints and rows alone: the sample takes the quicker database, the full count runs where the others do.
pytestmark = [pytest.mark.sqlite, pytest.mark.django_db]
STEPS = 18
# Without these having happened the run says little.
RARE = {"accepted", "refused", "withdrawn", "cancelled", "done", "blocked", "email_changed", "sending_failed"}
RARE |= {"deposit_paid", "transfer_confirmed", "refunded", "disputed", "contradiction", "sealed"}
SHOWN = ("accepted", "withdrawn", "deposit_paid", "refunded", "disputed", "transfer_confirmed", "refused")


@pytest.fixture
def journey(monkeypatch: pytest.MonkeyPatch, settings: Any) -> type[Journey]:
    settings.STRIPE_API_URL, settings.PAYMENT_PAGE_ORIGINS = STRIPE, [STRIPE]
    settings.STRIPE_WEBHOOK_SECRETS = [SECRET]
    edges = Edges()
    edges.put_in_place(monkeypatch)
    make_paying_company(quote_reminder_days=[1, 3], deposit_reminder_days=[3, 10], expiry_notice_days=2)
    Journey.edges, Journey.owner, Journey.tally = edges, make_owner(), Counter()
    return Journey


def test_whatever_happens_on_the_way_no_invariant_breaks(
    journey: type[Journey], figure: Callable[[str, str], None]
) -> None:
    examples, number = sample(15, 2000), secrets.randbelow(2**32) if FULL else 0
    run_state_machine_as_test(
        seed(number)(journey),
        settings=settings(
            max_examples=examples,
            stateful_step_count=STEPS,
            derandomize=not FULL,
            database=None,
            deadline=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        ),
    )
    tally = journey.tally
    assert tally["examples"] >= examples
    missing = [kind for kind in sorted(RARE) if not tally[f"told: {kind}"]]
    assert not (FULL and missing), f"never happened: {missing}"
    told = ", ".join(f"{kind} {tally[f'told: {kind}']}" for kind in SHOWN)
    figure(
        "lifecycle",
        f"{tally['examples']} examples, {tally['steps']} steps (seed {number if FULL else 'fixed'}): {told}, "
        f"{tally['deaths']} broken off, {tally['webhook']} webhooks, 0 broken invariants",
    )
