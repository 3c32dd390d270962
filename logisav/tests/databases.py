"""The tests' databases: migrated once a run, then copied for each of the parallel processes."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from django.db import connection

ROOT = Path(__file__).resolve().parents[2]
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """The copy is there when pytest-django looks; it goes with the run's folder and servers."""
    return bool(WORKER)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    if not WORKER:
        return
    folder = Path(os.environ["LOGISAV_TEST_DIR"])
    with (folder / "database.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        copy = _copy_of_file if connection.vendor == "sqlite" else _copy_in_server
        copy(folder, connection.creation._get_test_db_name())  # type: ignore[attr-defined]


def _copy_of_file(folder: Path, name: str) -> None:
    migrated = folder / "migrated.sqlite3"
    if not migrated.exists():
        _migrate(f"sqlite:///{migrated}.draft")
        Path(f"{migrated}.draft").rename(migrated)
    shutil.copyfile(migrated, name)


def _copy_in_server(folder: Path, name: str) -> None:
    server = f"postgres://logisav@127.0.0.1:{os.environ['LOGISAV_TEST_POSTGRES_PORT']}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as administrator:
        if not (folder / "migrated").exists():
            administrator.execute("CREATE DATABASE migrated")
            _migrate(f"{server}/migrated")
            (folder / "migrated").touch()
        administrator.execute(f'CREATE DATABASE "{name}" TEMPLATE migrated')


def _migrate(url: str) -> None:
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(command, check=True, cwd=ROOT, env=os.environ | {"DATABASE_URL": url})
