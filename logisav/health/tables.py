"""How much the database holds, table by table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from django.apps import apps
from django.db import connection

MOST_ROWS = 100_000  # counted at most where the database does not know
BIGGEST = 12


@dataclass(frozen=True)
class Table:
    """Its rows as PostgreSQL estimates them, or counted up to MOST_ROWS (SQLite); its bytes, 0 where nobody knows."""

    name: str
    rows: int
    size: int


@dataclass(frozen=True)
class Holdings:
    size: int
    tables: tuple[Table, ...]


def holdings() -> Holdings:
    """The biggest tables, the biggest first."""
    return _of_postgres() if connection.vendor == "postgresql" else _of_sqlite()


def _of_postgres() -> Holdings:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, greatest(reltuples, 0)::bigint, pg_total_relation_size(oid) FROM pg_class"
            " WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"
            " ORDER BY 3 DESC LIMIT %s",
            [BIGGEST],
        )
        tables = tuple(Table(*row) for row in cursor.fetchall())
        cursor.execute("SELECT pg_database_size(current_database())")
        return Holdings(cursor.fetchone()[0], tables)


def _of_sqlite() -> Holdings:
    """It knows no size of a table; the file's, with what has not been moved into it yet."""
    file = Path(connection.settings_dict["NAME"])
    parts = (file, file.with_name(f"{file.name}-wal"))
    models = [model for model in apps.get_models() if model._meta.managed]
    found = (Table(model._meta.db_table, len_up_to(model._meta.db_table), 0) for model in models)
    tables = sorted(found, key=lambda table: -table.rows)[:BIGGEST]
    return Holdings(sum(part.stat().st_size for part in parts if part.exists()), tuple(tables))


def len_up_to(table: str) -> int:
    with connection.cursor() as cursor:
        name = connection.ops.quote_name(table)
        cursor.execute(f"SELECT count(*) FROM (SELECT 1 FROM {name} LIMIT %s)", [MOST_ROWS])  # noqa: S608 - our own name
        return int(cursor.fetchone()[0])
