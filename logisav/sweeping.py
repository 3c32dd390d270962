"""Every queue that lives in the database: in which order a pass takes them, and the passes that run by themselves.

A pass begins with whoever sits and waits. It lives beside the broker, not in its lanes, so that it takes up what a
broker that is away or a lane that is full has left.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

from django.db import connections

from lib import limiter, tracing
from logisav.health import alarms, processes
from notifications import delivery, queue, readings
from payments import workflow as payments
from quotes import declaring, list_columns, reminding
from quotes.pdf import drafts, mending, rendering
from signing import sealing
from signing.proof import anchoring

BEATS = 10.0  # seconds from one sign of life to the next, within a long pass
EVERY = 20.0  # seconds from one pass to the next
AT_ONCE = 20  # rows: after so many there may be more, and the next pass does not wait

Part = queue.Queue[Any] | queue.Chore
MAILS: tuple[Part, ...] = (delivery.MAILS, delivery.UNHEARD)
DOCUMENTS: tuple[Part, ...] = (
    mending.UNSIGNED,
    mending.SIGNED,
    *sealing.QUEUES,
    rendering.RENDERING,
    drafts.DRAFTS,
)
STRIPE: tuple[Part, ...] = payments.WITH_STRIPE
BY_THE_DAY: tuple[Part, ...] = (
    *declaring.QUEUES,
    reminding.REMINDERS,
    reminding.EXPIRY_NOTICES,
    *payments.BY_ITSELF,
    queue.Chore("versions that lapse", list_columns.sweep),
    drafts.FORGETTING,
    anchoring.ANCHORS,
    queue.Chore("askings past their time", limiter.sweep),
)
HEALTH: tuple[Part, ...] = (queue.Chore("health", alarms.look),)
LANES = {"mails": MAILS, "documents": DOCUMENTS, "stripe": STRIPE, "by the day": BY_THE_DAY}
log = logging.getLogger(__name__)


def sweep() -> int:
    """One pass over every queue, and once more over the mails that it wrote. Returns rows taken up."""
    breakers = queue.Breakers()
    parts = [part for lane in LANES.values() for part in lane]
    return queue.sweep(*parts, *MAILS, breakers=breakers)


def sweep_and_watch() -> int:
    """`manage.py sweep` from cron: one pass, its sign of life in every lane, and one look at how all is."""
    with tracing.following():
        taken = sweep()
        for name in (*LANES, "health"):
            _say_alive(name)
        queue.sweep(*HEALTH)
    return taken


def keep_sweeping(stop: threading.Event, *, every: float = EVERY) -> None:
    """Until `stop` is set: a thread a lane, so that one whose outside service hangs keeps no other from its turn."""
    threads = [
        threading.Thread(target=_walk, args=(name, parts, stop, every), name=f"sweep: {name}", daemon=True)
        for name, parts in LANES.items()
    ]
    threads.append(threading.Thread(target=_watch, args=(stop, every), name="sweep: health", daemon=True))
    for thread in threads:
        thread.start()
    while not stop.wait(1.0):
        if dead := [thread.name for thread in threads if not thread.is_alive()]:
            raise RuntimeError(f"{', '.join(dead)} has ended")


def _watch(stop: threading.Event, every: float) -> None:
    """Not at once: after a restart everybody shall have said first that they are there."""
    queue.sweep(queue.Chore("sign of life", lambda: _say_alive("health")))
    connections.close_all()
    if not stop.wait(every):
        _walk("health", HEALTH, stop, every)


def _walk(name: str, parts: tuple[Part, ...], stop: threading.Event, every: float) -> None:
    while not stop.is_set():
        with tracing.following():
            taken = _pass(name, parts)
            connections.close_all()
            if taken:
                log.info("sweep of %s: %s rows", name, taken)
        if taken < AT_ONCE:
            stop.wait(every)


def _pass(name: str, parts: tuple[Part, ...]) -> int:
    """One pass, with signs of life: a lane that is busy for minutes is not dead."""
    alive = queue.Chore("sign of life", lambda: _say_alive(name))
    breakers, taken, beaten = queue.Breakers(), 0, time.monotonic()
    for part in parts:
        taken += queue.sweep(part, breakers=breakers)
        if time.monotonic() - beaten > BEATS:
            queue.sweep(alive)
            beaten = time.monotonic()
    return taken + queue.sweep(alive)


def _say_alive(name: str) -> int:
    readings.note(processes.sweep_reading(name))
    return 0
