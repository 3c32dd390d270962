"""A worker's sign of life, and its eye on the schedule.

The schedule looks after everything and nobody but a worker can look after the schedule: each worker tells its alarms
when that one is silent (`alarms.watch` lets one of all tell). When schedule and workers are dead, /readyz says so.
"""

from __future__ import annotations

import logging
import os
import threading
from typing import Any

from celery import bootsteps
from django.db import connections

from lib import tracing
from logisav.health import alarms, processes
from notifications import readings

EVERY = 20.0  # seconds
log = logging.getLogger(__name__)


class Heartbeat(bootsteps.StartStopStep):
    """A thread beside the worker's own loop, which a database that hangs shall not stop."""

    requires = ("celery.worker.components:Timer",)

    def __init__(self, worker: Any, **options: Any) -> None:
        super().__init__(worker, **options)
        self.ended = threading.Event()

    def start(self, worker: Any) -> None:
        lanes = list(worker.app.amqp.queues.consume_from)
        threading.Thread(target=self._run, args=(lanes,), name="heartbeat", daemon=True).start()

    def stop(self, worker: Any) -> None:
        self.ended.set()

    def _run(self, lanes: list[str]) -> None:
        """The schedule is not judged at once: after a restart it shall have said first that it is there."""
        beat(lanes)
        while not self.ended.wait(EVERY):
            beat(lanes)
            watch_the_schedule()


def beat(lanes: list[str]) -> None:
    try:
        for lane in lanes:
            readings.note(processes.worker_reading(lane), f"pid {os.getpid()}")
    except Exception:
        # Whatever it is: the thread goes on, and what cannot be written now is written in 20 seconds.
        log.exception("no sign of life")
    finally:
        connections.close_all()


def watch_the_schedule() -> None:
    """Tell in its place, once it is silent."""
    own = processes.sweep_reading("health")
    try:
        with tracing.following():
            schedule = next(each for each in processes.beats(readings.latest()) if each.name == own)
            if processes.is_dead(schedule):
                alarms.watch()
    except Exception:
        log.exception("nobody watches the schedule")
    finally:
        connections.close_all()
