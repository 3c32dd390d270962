"""A kept installation is put back as it lay on its machine: database, media folder, broker, keys."""

from __future__ import annotations

import gzip
import os
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import redis

from logisav.tests import environment, stack

QUEUE = "logisav"


@contextmanager
def restored(kept: Path, folder: Path, *, on_postgres: bool) -> Iterator[dict[str, str]]:
    """In `folder`; the environment that today's commands find it by."""
    (folder / "seal.p12").write_bytes((kept / "seal.p12").read_bytes())
    (folder / "seal.p12").chmod(0o600)
    with tarfile.open(kept / "media.tar.xz") as archive:
        # Debian's Python 3.11 has no filters yet.
        archive.extraction_filter = getattr(tarfile, "data_filter", None)
        archive.extractall(folder)  # noqa: S202 (an archive of our own)
    put_back = _on_postgres_and_redis if on_postgres else _on_sqlite
    with put_back(kept, folder) as (database, broker):
        made = environment.variables(
            folder, database_url=database, broker_url=broker, cache_url="locmemcache://"
        )
        # The static files are collected once for all tests.
        yield os.environ | made | keys(kept) | {"STATIC_ROOT": os.environ["STATIC_ROOT"]}


def keys(kept: Path) -> dict[str, str]:
    lines = (kept / "keys.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line)


@contextmanager
def _on_sqlite(kept: Path, folder: Path) -> Iterator[tuple[str, str]]:
    for name, dump in (("logisav", "sqlite.sql.gz"), ("broker", "broker.sql.gz")):
        with sqlite3.connect(folder / f"{name}.sqlite3") as database:
            database.executescript(_text(kept / dump))
        database.close()
    yield f"sqlite:///{folder}/logisav.sqlite3", f"sqla+sqlite:///{folder}/broker.sqlite3"


@contextmanager
def _on_postgres_and_redis(kept: Path, folder: Path) -> Iterator[tuple[str, str]]:
    """A database of its own beside the tests', and a Redis of its own."""
    place = f"postgresql://logisav@127.0.0.1:{os.environ['LOGISAV_TEST_POSTGRES_PORT']}"
    name = f"kept_{os.getpid()}"
    with psycopg.connect(f"{place}/postgres", autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"'.encode())
    with psycopg.connect(f"{place}/{name}", autocommit=True) as database:
        database.execute(_text(kept / "postgres.sql.gz").encode())
    broker = stack.Redis()
    broker.start()
    try:
        _fill_redis(broker.url(0), _text(kept / "broker.sql.gz"))
        yield f"{place}/{quote(name)}", broker.url(0)
    finally:
        broker.remove()
        with psycopg.connect(f"{place}/postgres", autocommit=True) as server:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


def _fill_redis(url: str, dump: str) -> None:
    """A message is the same text in either broker."""
    messages = sqlite3.connect(":memory:")
    messages.executescript(dump)
    waiting = redis.Redis.from_url(url)
    for (payload,) in messages.execute("SELECT payload FROM kombu_message ORDER BY id"):
        waiting.lpush(QUEUE, payload)
    waiting.sadd(f"_kombu.binding.{QUEUE}", f"{QUEUE}\x06\x16\x06\x16{QUEUE}")
    waiting.close()


def _text(path: Path) -> str:
    return gzip.decompress(path.read_bytes()).decode()


def run(*command: str, variables: dict[str, str], typed: str = "") -> Any:
    """A Python command of the checkout, as an operator would give it."""
    return subprocess.run(
        [sys.executable, *command],
        input=typed,
        capture_output=True,
        text=True,
        check=False,
        env=variables,
        cwd=Path(environment.__file__).parents[2],
    )
