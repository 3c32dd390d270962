"""Included by the demo's workers, each of which leaves a note when it is ready.

The embedded broker has no broadcast, so a worker cannot be asked whether it is there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from celery.signals import worker_ready
from django.conf import settings


def note_of(worker: str) -> str:
    return f"{worker}.ready"


@worker_ready.connect
def _leave_note(sender: Any, **_: Any) -> None:
    name = sender.hostname.partition("@")[0]
    Path(settings.DEMO_DIR, note_of(name)).touch()
