"""What whoever administers the database can do: the triggers are a lock on a door of their own house."""

from __future__ import annotations

from django.db import connection

from logisav.tests.triggers import STATEMENTS


def lift_triggers() -> None:
    """Until the end of the test's transaction."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":  # a table with checks still to come cannot be altered
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for statement in STATEMENTS[connection.vendor](connection)[0]:
            cursor.execute(statement)
