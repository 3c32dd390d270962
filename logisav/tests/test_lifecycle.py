"""The whole journey, in any order, with the clock, sudden death and everything said twice: no invariant breaks.

docs/architecture.md lists the invariants; `lifecycle/laws.py` reads them from the database after every step.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from logisav.tests.figures import FULL, SEED, Figure, share
from logisav.tests.lifecycle.edges import STRIPE, Edges
from logisav.tests.lifecycle.journey import NEW_VERSION_WHILE_SIGNING, Journey
from payments.tests.factories import make_paying_company
from payments.tests.stripe_side import SECRET
from quotes.tests.factories import make_owner

# Savepoints and rows alone: the quicker database will do.
pytestmark = [pytest.mark.sqlite, pytest.mark.django_db]
STEPS = 18
# Without each of these having happened a hundred times (rows.py) the whole says little.
RARE = {"accepted", "refused", "withdrawn", "cancelled", "done", "blocked", "email_changed", "sending_failed"}
RARE |= {"deposit_paid", "transfer_confirmed", "refunded", "disputed", "contradiction", "sealed"}
RARE |= {NEW_VERSION_WHILE_SIGNING, "options_chosen", "choice_in_force"}


@pytest.fixture
def journey(monkeypatch: pytest.MonkeyPatch, settings: Any) -> type[Journey]:
    settings.STRIPE_API_URL, settings.PAYMENT_PAGE_ORIGINS = STRIPE, [STRIPE]
    settings.STRIPE_WEBHOOK_SECRETS = [SECRET]
    edges = Edges()
    edges.put_in_place(monkeypatch)
    make_paying_company(quote_reminder_days=[1, 3], deposit_reminder_days=[3, 10], expiry_notice_days=2)
    Journey.edges, Journey.owner, Journey.tally = edges, make_owner(), Counter()
    return Journey


def test_whatever_happens_on_the_way_no_invariant_breaks(journey: type[Journey], figure: Figure) -> None:
    examples = share(15, 2000)
    run_state_machine_as_test(
        seed(SEED)(journey),
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
    reached = {kind: tally[f"told: {kind}"] for kind in sorted(RARE)}
    figure(
        "lifecycle",
        f"{tally['examples']} examples, {tally['steps']} steps ({f'seed {SEED}' if FULL else 'no chance'}): "
        f"{', '.join(f'{kind} {count}' for kind, count in reached.items())}, "
        f"{tally['deaths']} broken off, {tally['webhook']} webhooks, 0 broken invariants",
        {name: tally[name] for name in ("examples", "steps", "deaths", "webhook")} | reached,
    )
