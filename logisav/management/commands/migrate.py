"""Django's `migrate`, which makes nobody wait for long.

A change of a table waits until all who read it have done, and everybody else waits behind it. So on PostgreSQL it gives
way after a moment, says so, and tries again. Every migration stands that: it is one transaction, or can begin again
(CONTRIBUTING.md).
"""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import OperationalError, connections
from psycopg.errors import LockNotAvailable

PATIENCE = "1500ms"
PAUSE = 2.0  # seconds in which those who waited go on
TRIES = 60


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        connection = connections[options["database"]]
        if connection.vendor != "postgresql":
            super().handle(*args, **options)
            return
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, false)", [PATIENCE])
        for _ in range(TRIES):
            try:
                super().handle(*args, **options)
            except OperationalError as error:
                if not isinstance(error.__cause__, LockNotAvailable):
                    raise
                self.stderr.write("A table is in use: giving way, then trying again.")
                time.sleep(PAUSE)
            else:
                with connection.cursor() as cursor:
                    cursor.execute("RESET lock_timeout")
                return
        raise CommandError("A table was in use all the time. Nothing is half done: run migrate again.")
