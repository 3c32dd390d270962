"""One queue for all that happens later: the row is the queue's entry, `run` its only runner."""

from notifications.queue.jobs import NEVER, DatedQueue, GiveUp, Queue, Service, dated
from notifications.queue.rows import NOTHING, ClaimedRow, QueuedRow, QueueEntry, QueueQuerySet, pause
from notifications.queue.runner import Breakers, Chore, JobOutcome, run, sweep

__all__ = [
    "NEVER",
    "NOTHING",
    "Breakers",
    "Chore",
    "ClaimedRow",
    "DatedQueue",
    "GiveUp",
    "JobOutcome",
    "Queue",
    "QueueEntry",
    "QueueQuerySet",
    "QueuedRow",
    "Service",
    "dated",
    "pause",
    "run",
    "sweep",
]
