"""What the desk costs with a hundred times as many quotes: `python -m bench.growth sqlite` or `postgres`.

Run by `python -m bench`, each database in a process of its own; prints its results as JSON.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import django
from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client
from django.test.utils import setup_test_environment

from bench.measuring import Result
from logisav.tests import environment, stack

if TYPE_CHECKING:
    from django.contrib.auth.models import User

FEW, MANY, ROUNDS = 1_000, 100_000, 15
LIMIT = 2.0
SEARCH = "liste cherchée"
START = "accueil"
# SQLite has no index for words inside texts, and this process itself counts the thousand rows of each figure.
WITHOUT_LIMIT = {("sqlite", SEARCH), ("sqlite", START)}
ANEW = "accueil, année relue"  # once an hour; a year has a hundred times as many quotes too
# SQLite works in this process; PostgreSQL in one of its own, so that only waiting for it tells.
CLOCKS = {"sqlite": time.process_time, "postgres": time.perf_counter}
TITLES = {"sqlite": "SQLite", "postgres": "PostgreSQL"}


@contextmanager
def variables(name: str, folder: Path) -> Iterator[dict[str, str]]:
    """The environment of a database of our own, gone afterwards."""
    with ExitStack() as exits:
        found = environment.sqlite_variables(folder)
        if name == "postgres":
            server = stack.Postgres()
            exits.callback(server.remove)
            server.start()
            found["DATABASE_URL"] = server.url("postgres").replace("postgresql://", "postgres://")
        yield found


def timed(work: Callable[[], object], clock: Callable[[], float]) -> float:
    """Seconds of the quickest of several rounds: few and many rows are measured minutes apart, on a busy machine."""
    work()
    rounds = []
    for _ in range(ROUNDS):
        before = clock()
        work()
        rounds.append(clock() - before)
    return min(rounds)


def pages(user: User) -> dict[str, Callable[[], object]]:
    """The pages of the desk that a company opens all day; the first page also without what it keeps for an hour."""
    from quotes.tests.factories import make_quote  # noqa: PLC0415 (models want the settings)

    browser = Client()
    browser.force_login(user)
    quote = make_quote(owner=user)

    def get(address: str) -> Callable[[], object]:
        def work() -> None:
            assert browser.get(address).status_code == 200, address

        return work

    def start_anew() -> None:
        cache.clear()
        get("/admin/")()

    quotes = "/admin/quotes/quote/"
    return {
        "liste": get(quotes),
        "liste, page 20": get(f"{quotes}?p=20"),
        "liste filtrée": get(f"{quotes}?tour=client"),
        SEARCH: get(f"{quotes}?q=chaudière"),
        START: get("/admin/"),
        ANEW: start_anew,
        "éditeur": get(f"{quotes}{quote.pk}/change/"),
        "acomptes à recevoir": get("/admin/payments/deposit/?situation=due"),
        "clients": get("/admin/quotes/customer/"),
        "mails": get("/admin/notifications/outgoingemail/"),
    }


def measure(name: str) -> Iterator[Result]:
    from logisav.desk.tests.desk import manager, owner  # noqa: PLC0415
    from logisav.tests.many import analyze, make_many  # noqa: PLC0415 (models want the settings)

    setup_test_environment()
    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    call_command("migrate", verbosity=0)
    owners = [owner() for _ in range(5)]
    make_many(FEW, owners=owners)
    analyze()
    work = pages(manager())
    few = {page: timed(get, CLOCKS[name]) for page, get in work.items()}
    make_many(MANY - FEW, owners=owners, start=FEW)
    analyze()
    for page, get in work.items():
        title = f"{page} ({TITLES[name]}, {MANY} devis)"
        limit = None if (name, page) in WITHOUT_LIMIT or page == ANEW else LIMIT
        yield Result(title, timed(get, CLOCKS[name]), f"la même à {FEW} devis", few[page], limit_ratio=limit)


def main(name: str) -> int:
    with (
        tempfile.TemporaryDirectory(prefix="logisav-bench-") as folder,
        variables(name, Path(folder)) as found,
    ):
        os.environ.update(found)
        django.setup()
        results = list(measure(name))
        django.db.connections.close_all()
    print(json.dumps([result.document for result in results]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
