"""Telling the worker that there is something to do, without ever waiting for the broker.

A thread of its own talks to the broker: one that hangs costs a request nothing. Nothing is lost with it
either, since the sweep reads the rows themselves.
"""

from __future__ import annotations

import atexit
import logging
import os
import queue
import threading
import time

from celery import current_app

from lib import tracing

log = logging.getLogger(__name__)

URGENT = "urgent"  # the lane of what a person waits for
ROOM = 1000
GOODBYE = 2.0  # seconds a command that ends gives its last nudges


class _Messenger:
    """One thread and its queue, begun anew in a process that was forked."""

    def __init__(self) -> None:
        self.pid = 0
        self.lock = threading.Lock()
        self.waiting: queue.Queue[tuple[str, int, str, str]] = queue.Queue(ROOM)

    def take(self, task_name: str, pk: int, lane: str) -> None:
        if self.pid != os.getpid():
            self._begin()
        self.waiting.put_nowait((task_name, pk, lane, tracing.current()))

    def _begin(self) -> None:
        with self.lock:
            if self.pid != os.getpid():
                self.waiting = queue.Queue(ROOM)
                threading.Thread(target=self._run, args=(self.waiting,), name="nudges", daemon=True).start()
                self.pid = os.getpid()

    def _run(self, waiting: queue.Queue[tuple[str, int, str, str]]) -> None:
        while True:
            task_name, pk, lane, trace = waiting.get()
            try:
                current_app.send_task(
                    task_name,
                    [pk],
                    queue=lane or None,
                    headers={tracing.HEADER: trace},
                    ignore_result=True,
                    retry=False,
                )
            except Exception as error:  # noqa: BLE001 - every broker has exceptions of its own, and the sweep comes anyway
                log.warning("nudge %s(%s) missed: %s", task_name, pk, error)
            finally:
                waiting.task_done()

    def finish(self) -> None:
        """A short command's nudges shall leave before it ends, if the broker is there."""
        end = time.monotonic() + GOODBYE
        while self.pid == os.getpid() and self.waiting.unfinished_tasks and time.monotonic() < end:
            time.sleep(0.01)


_messenger = _Messenger()
atexit.register(_messenger.finish)


def nudge(task_name: str, pk: int, *, lane: str = "") -> None:
    """Ask a worker to look at a row now, in this lane or in the task's own. Never raises, never waits."""
    try:
        _messenger.take(task_name, pk, lane)
    except queue.Full:
        log.warning("nudge %s(%s) missed: too many are waiting for the broker", task_name, pk)
