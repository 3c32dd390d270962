"""Included by the demo's worker, which leaves a note when it is ready.

The embedded broker has no broadcast, so a worker cannot be asked whether it is there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from celery.signals import worker_ready
from django.conf import settings

WORKER_NOTE = "worker.ready"


@worker_ready.connect
def _leave_note(**_: Any) -> None:
    Path(settings.DEMO_DIR, WORKER_NOTE).touch()
