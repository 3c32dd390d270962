"""A claim is short, and whoever is at a row says every few seconds that they still are.

A worker that is gone is missed within one lease, however long its work would have taken; one that was stopped, or that
the database did not hear for so long, has lost its row to whoever takes it up, and knows it (`sure_until`).
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, connections
from django.utils import timezone

from notifications.queue.rows import ClaimedRow, QueueQuerySet

RENEWALS = 4  # in the time of a lease
log = logging.getLogger(__name__)


@contextmanager
def holding(
    row: ClaimedRow, rows: QueueQuerySet[Any], *, lease: dt.timedelta, since: float
) -> Iterator[None]:
    """Keeps the claim of `row`, made at `since` (monotonic) at the earliest, until the end of the block."""
    if connection.in_atomic_block:  # a test's: nobody else sees this claim, and nobody could renew it
        yield
        return
    row.sure_until = since + lease.total_seconds()
    over = threading.Event()
    keeper = threading.Thread(
        target=_keep, args=(row, rows, lease, over), name=f"claim of {row.pk}", daemon=True
    )
    keeper.start()
    try:
        yield
    finally:
        over.set()
        keeper.join()


def _keep(row: ClaimedRow, rows: QueueQuerySet[Any], lease: dt.timedelta, over: threading.Event) -> None:
    try:
        while not over.wait(lease.total_seconds() / RENEWALS):
            try:
                if not _renew(row, rows, lease):
                    return
            except Exception as error:  # noqa: BLE001 - the database is away: it may be back before the claim has run out
                log.warning("the claim of %r could not be renewed: %s", row.pk, error)
                connections.close_all()
    finally:
        connections.close_all()


def _renew(row: ClaimedRow, rows: QueueQuerySet[Any], lease: dt.timedelta) -> bool:
    """False when it is settled, or in other hands."""
    now, until = time.monotonic(), timezone.now() + lease
    if not rows.held(row).update(claimed_until=until):
        row.sure_until = now
        return False
    row.claimed_until, row.sure_until = until, now + lease.total_seconds()
    return True
