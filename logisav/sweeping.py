"""One pass over every queue that lives in the database."""

from __future__ import annotations

import logging
from collections.abc import Callable

from notifications import delivery
from payments import workflow as payments
from quotes import drafting, glance, reminding, rendering
from signing import anchoring, sealing

SWEEPS: tuple[Callable[[], int], ...] = (
    rendering.sweep,
    drafting.sweep,
    glance.sweep,
    sealing.sweep,
    anchoring.sweep,
    payments.sweep,
    reminding.sweep,
    delivery.sweep,
)
log = logging.getLogger(__name__)


def sweep() -> int:
    """Run every sweep; one that fails does not keep the others from running. Returns rows taken up."""
    return sum(_run(one) for one in SWEEPS)


def _run(one: Callable[[], int]) -> int:
    try:
        return one()
    except Exception:
        log.exception("%s.sweep failed", one.__module__)
        return 0
