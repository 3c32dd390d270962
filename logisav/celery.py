"""The Celery application. A task is only a nudge: what must happen is a row in the database."""

from __future__ import annotations

import os
from typing import Any

import kombu.transport.sqlalchemy
from celery import Celery, Task

from lib import tracing

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "logisav.settings")

# The embedded broker is a table that is polled; as a transport option the interval raises TypeError.
kombu.transport.sqlalchemy.Transport.polling_interval = 0.1


class FollowedTask(Task):  # type: ignore[type-arg]
    """Runs under the name of the request or pass that nudged it."""

    def __call__(self, *args: Any, **options: Any) -> Any:
        with tracing.following((self.request.headers or {}).get(tracing.HEADER) or ""):
            return super().__call__(*args, **options)


app = Celery("logisav", task_cls=FollowedTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# Without it threads that did not import this module nudge an unconfigured application of their own.
app.set_default()
