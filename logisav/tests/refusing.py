"""A database that refuses one row: a real error of the edge, for one quote and no other."""

from __future__ import annotations

from django.db import connection

POSTGRES = """
CREATE OR REPLACE FUNCTION refused_by_the_test() RETURNS trigger AS $$
BEGIN RAISE EXCEPTION 'refused by the test'; END $$ LANGUAGE plpgsql;
CREATE TRIGGER refused_by_the_test BEFORE INSERT ON {table} FOR EACH ROW
WHEN ({condition}) EXECUTE FUNCTION refused_by_the_test()
"""
SQLITE = """
CREATE TRIGGER refused_by_the_test BEFORE INSERT ON {table} WHEN {condition}
BEGIN SELECT RAISE(ABORT, 'refused by the test'); END
"""


def refuse(table: str, condition: str) -> None:
    """Rows of which `condition` (about NEW) holds; until the test's transaction is rolled back."""
    statement = SQLITE if connection.vendor == "sqlite" else POSTGRES
    with connection.cursor() as cursor:
        cursor.execute(statement.format(table=table, condition=condition))


def refuse_mail(message: str, number: str) -> None:
    refuse("notifications_outgoingemail", f"NEW.message = '{message}' AND NEW.about = '{number}'")
