"""The database as one stream of bytes, and back: PostgreSQL by its own programs, SQLite by its own copy."""

from __future__ import annotations

import datetime as dt
import itertools
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from django.apps import apps
from django.db import connection, models, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from logisav.backup.storing import chunks_of, piped
from notifications import restoration
from notifications.models import OutgoingEmail
from quotes.content import Content
from quotes.models import QuoteVersion
from signing.models import Anchor

Written = TypeVar("Written")
# Those of today, and those of versions that kept their keys in clear.
SESSIONS = ("logisav_session", "django_session")
# What `migrate` writes by itself: a database that holds no more than this is empty.
BOOKKEEPING = {
    "django_migrations", "django_content_type", "auth_permission", "auth_group", "auth_group_permissions",
    *SESSIONS,
}  # fmt: skip
# libpq's names (PostgreSQL, "Environment Variables") of what Django gives to psycopg.
VARIABLES = {
    "dbname": "PGDATABASE", "host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD",
    "passfile": "PGPASSFILE", "service": "PGSERVICE", "sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT", "sslkey": "PGSSLKEY", "connect_timeout": "PGCONNECT_TIMEOUT",
}  # fmt: skip
CLOSED = (
    "INSERT INTO {table} (restored_at, dumped_at, epoch) VALUES ('{restored_at}', '{dumped_at}', {epoch})"
)


@dataclass(frozen=True)
class Facts:
    """Read in the same snapshot as the dump. `named` are the files of the media folder that its rows name."""

    at: dt.datetime
    migrations: tuple[str, ...]
    rows: dict[str, int]
    anchor: dict[str, str] | None
    epoch: int
    named: frozenset[str]


def read_facts() -> Facts:
    anchor = Anchor.objects.order_by("day").last()
    return Facts(
        at=timezone.now(),
        migrations=tuple(
            sorted(f"{app}.{name}" for app, name in MigrationRecorder(connection).applied_migrations())
        ),
        rows=rows(),
        anchor={"day": anchor.day.isoformat(), "sha256": anchor.sha256} if anchor else None,
        epoch=restoration.epoch(),
        named=frozenset(named_files()),
    )


def rows() -> dict[str, int]:
    """Of each table; sessions are in no backup."""
    tables = sorted({*connection.introspection.django_table_names(only_existing=True), "django_migrations"})
    with connection.cursor() as cursor:
        counts = {}
        for table in tables:
            cursor.execute(f"SELECT COUNT(*) FROM {connection.ops.quote_name(table)}")  # noqa: S608 - our own tables
            counts[table] = int(cursor.fetchone()[0])
    return counts | dict.fromkeys(SESSIONS, 0)


def named_files() -> Iterator[str]:
    """By file fields, by the frozen text of versions, by attachments of mails."""
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, models.FileField):
                yield from filter(None, model._base_manager.values_list(field.name, flat=True))
    for text in QuoteVersion.objects.values_list("content", flat=True).iterator():
        content = Content.from_json(text)
        if content.company.logo is not None:
            yield f"company/{content.company.logo.sha256}.png"
        if content.terms is not None and content.terms.kind == "pdf":
            yield f"company/{content.terms.sha256}.pdf"
        if content.contribution is not None:
            yield content.contribution.path
        if content.rge_proof:
            yield f"company/{content.rge_proof}.pdf"
        yield from (name for name, _ in content.enclosed_files)
    for attachments in (
        OutgoingEmail.objects.exclude(attachments=[]).values_list("attachments", flat=True).iterator()
    ):
        yield from (one["path"] for one in attachments)


def is_empty() -> bool:
    tables = set(connection.introspection.table_names()) - BOOKKEEPING
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"SELECT 1 FROM {connection.ops.quote_name(table)} LIMIT 1")  # noqa: S608 - as it is there
            if cursor.fetchone():
                return False
    return True


# Out


def dump(write: Callable[[Iterable[bytes]], Written]) -> tuple[Facts, Written]:
    """One snapshot: what the facts count is what was written."""
    return (_dump_sqlite if connection.vendor == "sqlite" else _dump_postgres)(write)


def _dump_postgres(write: Callable[[Iterable[bytes]], Written]) -> tuple[Facts, Written]:
    """pg_dump reads in the snapshot of this transaction, which locks nothing that anybody writes."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SELECT pg_export_snapshot()")
        snapshot = cursor.fetchone()[0]
        facts = read_facts()
        without = [f"--exclude-table-data={table}" for table in SESSIONS]
        command = ["pg_dump", "--format=custom", f"--snapshot={snapshot}", *without]
        return facts, write(piped(command, variables=_variables()))


def _dump_sqlite(write: Callable[[Iterable[bytes]], Written]) -> tuple[Facts, Written]:
    """Writers wait while the file is copied; the copy is cleaned and compacted afterwards, beside the original."""
    live = Path(connection.settings_dict["NAME"])
    with tempfile.TemporaryDirectory(dir=live.parent, prefix=".backup-") as folder:
        copy = Path(folder) / "copy.sqlite3"
        with transaction.atomic():
            facts = read_facts()
            with closing(sqlite3.connect(live)) as source, closing(sqlite3.connect(copy)) as target:
                source.backup(target)
        with closing(sqlite3.connect(copy, isolation_level=None)) as cleaned:
            cleaned.execute("PRAGMA journal_mode=DELETE")
            for table in SESSIONS:
                cleaned.execute(f"DELETE FROM {table}")  # noqa: S608 - a constant
            cleaned.execute("VACUUM")  # else what was deleted would still stand in free pages
        return facts, write(chunks_of(copy))


def _variables() -> dict[str, str]:
    """How PostgreSQL's programs find the database: never on a command line, which others can read."""
    found: dict[str, Any] = connection.get_connection_params()
    return {VARIABLES[name]: str(value) for name, value in found.items() if name in VARIABLES and value}


# In


def load(dumped: Iterable[bytes], *, at: dt.datetime, epoch: int) -> None:
    """All or nothing, and closed from its first moment on: `at` is the time of the dump."""
    connection.close()
    (_load_sqlite if connection.vendor == "sqlite" else _load_postgres)(dumped, at, epoch)


def _load_postgres(dumped: Iterable[bytes], at: dt.datetime, epoch: int) -> None:
    """One transaction: what was there before is gone only once the dump stands in its place."""
    before = b"SET lock_timeout = '20s';\nDROP SCHEMA public CASCADE;\nCREATE SCHEMA public;\n"
    before += b"GRANT USAGE ON SCHEMA public TO PUBLIC;\n"
    table = "public.notifications_restoration"
    after = CLOSED.format(
        table=table, restored_at=timezone.now().isoformat(), dumped_at=at.isoformat(), epoch=epoch
    )
    script = piped(["pg_restore", "--no-owner", "--no-privileges", "--no-comments", "--file=-"], feed=dumped)
    psql = ["psql", "--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", "--file=-"]
    whole = itertools.chain([before], script, [f"\n{after};\n".encode()])
    for _ in piped(psql, feed=whole, variables=_variables()):
        pass  # it answers its own statements


def _load_sqlite(dumped: Iterable[bytes], at: dt.datetime, epoch: int) -> None:
    """Copied over what is there in one transaction of SQLite's, so that whoever has the file open sees it too."""
    live = Path(connection.settings_dict["NAME"])
    with tempfile.TemporaryDirectory(dir=live.parent, prefix=".restore-") as folder:
        copy = Path(folder) / "copy.sqlite3"
        with copy.open("wb") as file:
            file.writelines(dumped)
        words = CLOSED.format(
            table="notifications_restoration",
            restored_at=timezone.now().astimezone(dt.UTC).replace(tzinfo=None),
            dumped_at=at.astimezone(dt.UTC).replace(tzinfo=None),
            epoch=epoch,
        )
        with closing(sqlite3.connect(copy)) as source, closing(sqlite3.connect(live, timeout=20)) as target:
            source.execute(words)
            source.commit()
            source.backup(target)
