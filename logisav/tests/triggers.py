"""Empty tables between tests although triggers forbid it: they are lifted for the flush and put back after it.

Only `transactional_db` flushes. The append-only triggers stand during every test, as in production.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.core.management.commands import flush as command
from django.db import connection

Statements = list[str]

# They say which tables there are. Django would empty them, and have every application write them again.
STAY = frozenset({"django_content_type", "auth_permission"})

SQLITE_TRIGGERS = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name"
POSTGRES_TRIGGERS = """
    SELECT format('%s', tgrelid::regclass), format('%I', tgname) FROM pg_trigger
    WHERE NOT tgisinternal AND tgenabled <> 'D' ORDER BY tgrelid, tgname
"""


def sqlite_statements(connection: Any) -> tuple[Statements, Statements]:
    """SQLite cannot switch a trigger off: drop it and create it again from its own text."""
    with connection.cursor() as cursor:
        cursor.execute(SQLITE_TRIGGERS)
        triggers = cursor.fetchall()
    lift = [f"DROP TRIGGER {connection.ops.quote_name(name)}" for name, _ in triggers]
    return lift, [text for _, text in triggers]


def postgres_statements(connection: Any) -> tuple[Statements, Statements]:
    """Switch off, one by one, the triggers that are on."""
    with connection.cursor() as cursor:
        cursor.execute(POSTGRES_TRIGGERS)
        triggers = cursor.fetchall()
    lift = [f"ALTER TABLE {table} DISABLE TRIGGER {name}" for table, name in triggers]
    return lift, [f"ALTER TABLE {table} ENABLE TRIGGER {name}" for table, name in triggers]


STATEMENTS: dict[str, Callable[[Any], tuple[Statements, Statements]]] = {
    "sqlite": sqlite_statements,
    "postgresql": postgres_statements,
}


def lift_triggers_while_flushing() -> None:
    """Wrap Django's flush; it runs its statements in one transaction, so a failure leaves the triggers on."""
    operations: Any = type(connection.ops)
    command.emit_post_migrate_signal = _say_nothing  # type: ignore[attr-defined]
    if connection.vendor == "postgresql":
        operations.sql_flush = sql_flush_of_what_is_filled
        return
    sql_flush, flush = operations.sql_flush, operations.execute_sql_flush

    def sql_flush_but_of_what_stays(
        self: Any, style: Any, tables: Sequence[str], **options: bool
    ) -> Statements:
        return list(sql_flush(self, style, [table for table in tables if table not in STAY], **options))

    def flush_without_triggers(self: Any, sql_list: Iterable[str]) -> None:
        lift, put_back = sqlite_statements(self.connection)
        flush(self, [*lift, *sql_list, *put_back])

    operations.sql_flush = sql_flush_but_of_what_stays
    operations.execute_sql_flush = flush_without_triggers


def _say_nothing(*_: Any, **__: Any) -> None:
    """In place of the signal upon which permissions and the like are written: they stay."""


def sql_flush_of_what_is_filled(
    self: Any,
    style: Any,
    tables: Sequence[str],
    *,
    reset_sequences: bool = False,
    allow_cascade: bool = False,
) -> Statements:
    """TRUNCATE, Django's own, makes new files for every table and takes half a second; few tables have rows."""
    names = [self.quote_name(table) for table in tables if table not in STAY]
    looks = [f"SELECT {at} WHERE EXISTS (SELECT FROM {name})" for at, name in enumerate(names)]  # noqa: S608
    with self.connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(looks))
        filled = [names[at] for (at,) in cursor.fetchall()]
    sequences = self.connection.introspection.sequence_list() if reset_sequences else []
    return [
        # As a replica: no trigger, and no foreign key that would ask for an order.
        "SET LOCAL session_replication_role = replica",
        *(f"DELETE FROM {name}" for name in filled),  # noqa: S608
        *self.sequence_reset_by_name_sql(style, sequences),
    ]
