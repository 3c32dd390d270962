"""Many callers at the same moment, from several processes: how races are provoked on PostgreSQL."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import quote

import django
from django.db import connection, connections

T = TypeVar("T")
R = TypeVar("R")
HEAD_START = 0.05  # seconds that the slowest thread needs to be ready


def _join(url: str) -> None:
    """In a process of the crowd: the same settings, on the tests' own database."""
    os.environ["DATABASE_URL"] = url
    django.setup()


def _database_url() -> str:
    database = connection.settings_dict
    user, host, port = database["USER"], database["HOST"], database["PORT"]
    return f"postgres://{quote(user)}@{host}:{port}/{quote(str(database['NAME']))}"


@contextmanager
def processes(count: int) -> Iterator[ProcessPoolExecutor]:
    """Fresh processes, as gunicorn's workers are; kept for several rounds."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(count, context, _join, (_database_url(),)) as pool:
        yield pool


def spread(
    pool: ProcessPoolExecutor, call: Callable[[T], R], jobs: Sequence[T], *, parts: int, threads: int
) -> list[Future[list[R]]]:
    """Deal the jobs out to the processes; each calls them from many threads."""
    return [pool.submit(_work, call, jobs[part::parts], threads) for part in range(parts)]


def _work(call: Callable[[T], R], jobs: Sequence[T], threads: int) -> list[R]:
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(lambda job: _alone(call, job), jobs))


def _alone(call: Callable[[T], R], job: T) -> R:
    """A thread of its own has a connection of its own, and closes it."""
    try:
        return call(job)
    finally:
        connections.close_all()


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Run the calls in threads that start at the same moment; an exception is a result too."""
    start = threading.Event()

    def one(call: Callable[[], Any]) -> Any:
        start.wait()
        try:
            return call()
        except Exception as error:  # noqa: BLE001 (what happened is judged by the test)
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        running = [pool.submit(one, call) for call in calls]
        time.sleep(HEAD_START)
        start.set()
        return [future.result() for future in running]
