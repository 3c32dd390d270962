"""An installation is migrated while others work on it: nobody waits for long, and an interruption does no harm."""

from __future__ import annotations

import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from logisav.tests.figures import FULL, sample
from logisav.tests.installations import restoring
from logisav.tests.topology import ROOT

pytestmark = [pytest.mark.long, pytest.mark.postgres]

KEPT = Path(__file__).parent / "installations" / "v1"
QUOTES = sample(2_000, 100_000)
LINES = 5  # a quote
NEW_QUOTES = "(SELECT id AS quote FROM quotes_quote WHERE number LIKE 'X-%')"
LONGEST = 2.0  # seconds that anybody may wait, at full size

WORK = (
    "UPDATE quotes_quote SET title = title WHERE id = %(quote)s",
    "UPDATE quotes_quoteline SET label = label WHERE quote_id = %(quote)s",
    "UPDATE quotes_customer SET phone = phone WHERE id = (SELECT customer_id FROM quotes_quote WHERE id = %(quote)s)",
    "SELECT number, last_name FROM quotes_quote q JOIN quotes_customer c ON c.id = customer_id ORDER BY 1 LIMIT 50",
    "SELECT * FROM quotes_quoteline WHERE quote_id = %(quote)s ORDER BY position",
)


@contextmanager
def grown(folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """What is kept of version 1, with many more quotes; its database, and the environment of its commands."""
    with restoring.restored(KEPT, folder, on_postgres=True) as variables:
        url = variables["DATABASE_URL"]
        with psycopg.connect(url, autocommit=True) as database:
            grow(database)
        yield url, variables


def grow(database: psycopg.Connection) -> None:
    copy(database, "quotes_customer", f"generate_series(1, {QUOTES}) AS n")
    before = f"(SELECT max(id) - {QUOTES} FROM quotes_customer)"  # noqa: S608 - our own number
    copy(
        database,
        "quotes_quote",
        f"generate_series(1, {QUOTES}) AS n",
        number="'X-' || n",
        public_id="substr(md5(n::text), 1, 20)",
        customer_id=f"{before} + n",
    )
    copy(
        database,
        "quotes_quoteline",
        f"generate_series(1, {LINES}) AS n, {NEW_QUOTES} AS q",
        quote_id="quote",
        position="n",
    )
    database.execute("ANALYZE")


def copy(database: psycopg.Connection, table: str, times: str, **changes: str) -> None:
    """The table's first row, so often, with these columns otherwise."""
    columns = [
        name
        for (name,) in database.execute(
            "SELECT column_name FROM information_schema.columns"
            " WHERE table_name = %s AND is_generated = 'NEVER' AND column_name <> 'id'",
            [table],
        )
    ]
    values = ", ".join(changes.get(name, f'one."{name}"') for name in columns)
    names = ", ".join(f'"{name}"' for name in columns)
    one = f"(SELECT * FROM {table} ORDER BY id LIMIT 1) AS one"  # noqa: S608 - our own tables
    database.execute(f"INSERT INTO {table} ({names}) SELECT {values} FROM {one}, {times}".encode())  # noqa: S608


def migrate(variables: dict[str, str], *only: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "manage.py", "migrate", "--no-input", *only],
        env=variables,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def work(url: str, over: threading.Event, waits: list[tuple[float, str]]) -> None:
    """What pages do, one after the other, with how long each took."""
    # As the product: what was prepared before a table changed would fail after it.
    with psycopg.connect(url, autocommit=True, prepare_threshold=None) as database:
        quotes = [
            pk for (pk,) in database.execute("SELECT id FROM quotes_quote WHERE number LIKE 'X-%' LIMIT 1000")
        ]
        while not over.wait(0.01):
            statement = secrets.choice(WORK)
            start = time.monotonic()
            database.execute(statement.encode(), {"quote": secrets.choice(quotes)})
            waits.append((time.monotonic() - start, statement))


def test_others_work_while_tables_change(tmp_path: Path, figure: Callable[[str, str], None]) -> None:
    over, waits = threading.Event(), list[tuple[float, str]]()
    with grown(tmp_path) as (url, variables), ThreadPoolExecutor() as pool:
        workers = [pool.submit(work, url, over, waits) for _ in range(2)]
        try:
            started = time.monotonic()
            said, complaints = (process := migrate(variables)).communicate()
            took = time.monotonic() - started
        finally:
            over.set()
        for worker in workers:
            worker.result()
        assert process.returncode == 0, said + complaints
        with psycopg.connect(url) as database:
            names = database.execute(
                "SELECT count(*), count(DISTINCT identity), min(identity), bool_and(identity = 'l' || id)"
                " FROM quotes_quoteline"
            ).fetchone()
    assert names is not None
    assert names[0] == names[1] > QUOTES * LINES
    assert names[3]
    longest, statement = max(waits)
    figure(
        "migrating",
        f"{QUOTES} devis, {took:.0f} s, {len(waits)} lectures et écritures, la plus longue {longest:.2f} s",
    )
    assert not FULL or longest <= LONGEST, statement


def test_it_gives_way_to_who_reads_and_begins_again_where_it_was(tmp_path: Path) -> None:
    with grown(tmp_path) as (url, variables):
        with psycopg.connect(url) as reader:
            reader.execute("SELECT 1 FROM quotes_quoteline LIMIT 1")
            process = migrate(variables)
            assert process.stderr is not None
            assert process.stderr.readline().startswith("A table is in use")
        said, complaints = process.communicate()
        assert process.returncode == 0, said + complaints

        # As if it had been killed while lines were filled, and the index half built.
        with psycopg.connect(url, autocommit=True) as database:
            database.execute("DELETE FROM django_migrations WHERE app = 'quotes' AND name >= '0010'")
            database.execute("ALTER TABLE quotes_quoteline DROP CONSTRAINT line_identity_unique")
            database.execute("UPDATE quotes_quoteline SET identity = '' WHERE id % 2 = 0")
            database.execute("CREATE INDEX line_identity_unique ON quotes_quoteline (identity)")
        again = migrate(variables, "quotes", "0010")
        said, complaints = again.communicate()
        assert again.returncode == 0, said + complaints
        with psycopg.connect(url) as database:
            left = database.execute(
                "SELECT count(*) FROM quotes_quoteline WHERE identity <> 'l' || id"
            ).fetchone()
        assert left == (0,)
