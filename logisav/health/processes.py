"""Whether the schedule and the workers live: each leaves a reading every few seconds (notifications/readings.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings

from logisav.health.facts import Fact, Level, duration, level_since, seconds_since
from notifications.models import Reading

SWEEPS = {
    "mails": "mails",
    "documents": "documents",
    "stripe": "Stripe",
    "by the day": "échéances du jour",
    "health": "surveillance",
}
START_SCHEDULE = (
    "Démarrez le passage périodique : systemctl restart logisav-schedule, puis lisez son journal."
)


@dataclass(frozen=True)
class Beat:
    """A process's last sign of life; None when it never gave one."""

    name: str
    subject: str
    at: dt.datetime | None
    to_do: str


def sweep_reading(lane: str) -> str:
    return f"sweep {lane}"


def worker_reading(lane: str) -> str:
    return f"worker {lane}"


def lanes() -> list[str]:
    return [lane.name for lane in settings.CELERY_TASK_QUEUES]


def beats(readings: Mapping[str, Reading]) -> list[Beat]:
    """The passes of the schedule, then the lanes' workers."""
    names = [
        *(
            (sweep_reading(lane), f"Passage périodique : {words}", START_SCHEDULE)
            for lane, words in SWEEPS.items()
        ),
        *(
            (
                worker_reading(lane),
                f"Worker de la file {lane}",
                f"Démarrez-le : systemctl restart logisav-worker@{lane}, puis lisez son journal.",
            )
            for lane in lanes()
        ),
    ]
    return [
        Beat(name, subject, readings[name].at if name in readings else None, to_do)
        for name, subject, to_do in names
    ]


def fact(beat: Beat) -> Fact:
    never = beat.at is None
    return Fact(
        name=beat.name,
        subject=beat.subject,
        level=Level.LATE if never else level_since(beat.at),
        figure="jamais vu" if beat.at is None else f"vu il y a {duration(beat.at)}",
        to_do=beat.to_do,
        since=beat.at,
        value=None if never else seconds_since(beat.at),
        unit="s",
    )


def is_dead(beat: Beat) -> bool:
    return beat.at is None or level_since(beat.at) is not Level.OK
