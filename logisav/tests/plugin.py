"""The pytest plugin of this project: which servers the tests run on, what they may see, what is said at the end.

It is loaded by name (`-p`, see pytest.ini) because pytest-django reads the settings before any conftest.py.
LOGISAV_TEST_STACK chooses `sqlite` (default: SQLite and the embedded broker) or `postgres` (PostgreSQL and Redis).
PostgreSQL carries the suite; with LOGISAV_TEST_BESIDE=1 the SQLite stack runs beside it and takes only what is marked
`sqlite` or `both`. Alone, where there is no PostgreSQL, it runs everything that needs no other server.
"""

import atexit
import gc
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command

from logisav.tests import environment, stack, triggers
from logisav.tests.figures import FULL, PART, PARTS, SEED, Figure, Figures, Line, as_table

STACK = os.environ.get("LOGISAV_TEST_STACK", "sqlite")
BESIDE = STACK == "sqlite" and bool(os.environ.get("LOGISAV_TEST_BESIDE"))
TITLES = {"sqlite": "SQLite and the embedded broker", "postgres": "PostgreSQL and Redis"}
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
CHROMIUM = shutil.which("chromium")

servers: list[stack.Server] = []


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests() -> Iterator[None]:
    """Servers and environment first: the settings are read inside."""
    if STACK not in TITLES:
        raise pytest.UsageError(f"LOGISAV_TEST_STACK: {STACK} is none of {', '.join(TITLES)}")
    if not WORKER:
        _prepare_run()
    folder = Path(os.environ["LOGISAV_TEST_DIR"]) / (WORKER or "main")
    folder.mkdir(exist_ok=True)
    os.environ.update(_variables(folder) | {"STATIC_ROOT": str(folder.parent / "static")})
    return (yield)


def _prepare_run() -> None:
    """Once per run, in the process that the other ones descend from."""
    atexit.register(_clean, os.getpid())
    os.environ["LOGISAV_TEST_DIR"] = tempfile.mkdtemp(prefix="logisav-tests-")
    if STACK == "postgres":
        try:
            postgres, redis = _start(stack.Postgres), _start(stack.Redis)
        except stack.MissingProgram as missing:
            raise pytest.UsageError(f"{TITLES[STACK]}: missing {missing}") from missing
        os.environ["LOGISAV_TEST_POSTGRES_PORT"] = str(postgres.port)
        os.environ["LOGISAV_TEST_REDIS_PORT"] = str(redis.port)


def _start(kind: type[stack.Postgres] | type[stack.Redis]) -> stack.Server:
    server = kind()
    servers.append(server)
    server.start()
    return server


def _variables(folder: Path) -> dict[str, str]:
    """Each process of a parallel run has its own files and its own numbers in Redis."""
    if STACK == "sqlite":
        return environment.sqlite_variables(folder)
    number = 2 * (1 + int(WORKER.removeprefix("gw") or -1))
    redis = f"redis://127.0.0.1:{os.environ['LOGISAV_TEST_REDIS_PORT']}"
    return environment.variables(
        folder,
        database_url=f"postgres://logisav@127.0.0.1:{os.environ['LOGISAV_TEST_POSTGRES_PORT']}/logisav",
        broker_url=f"{redis}/{number}",
        cache_url=f"{redis}/{number + 1}",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Flushes must get past the append-only triggers; pages want their static files collected, as in production."""
    for fixtures in ("browser", "at_desk", "editor", "databases"):
        config.pluginmanager.import_plugin(f"logisav.tests.{fixtures}")
    triggers.lift_triggers_while_flushing()
    # Names that follow the content, without the ten seconds that compressing takes.
    named = {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": named}
    # Each test client would otherwise look at every static file once more: a third of a second each time.
    settings.WHITENOISE_AUTOREFRESH = True
    # A slow hash protects stored passwords, and costs a test a third of a second at every log-in.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    if STACK == "sqlite":
        # The data is thrown away: never wait for the disk.
        settings.DATABASES["default"]["OPTIONS"]["init_command"] += " PRAGMA synchronous=OFF;"
    if not WORKER:
        call_command("collectstatic", interactive=False, verbosity=0)


def pytest_unconfigure() -> None:
    """Leave no server and no file."""
    _clean(os.getpid())


def _clean(owner: int) -> None:
    """Also run at exit, for a start that failed half-way; a fork of ours owns nothing."""
    if os.getpid() != owner or WORKER:
        return
    while servers:
        servers.pop().remove()
    if folder := os.environ.pop("LOGISAV_TEST_DIR", None):
        shutil.rmtree(folder, ignore_errors=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep what this run is about; a browser test without a browser is a skip, but a failure on the build machine."""
    left_out = [item for item in items if not _wanted(item)]
    items[:] = [item for item in items if item not in set(left_out)]
    config.hook.pytest_deselected(items=left_out)
    if CHROMIUM is None and not os.environ.get("CI"):
        for item in items:
            if item.get_closest_marker("browser"):
                item.add_marker(pytest.mark.skip(reason="needs chromium"))
    if WORKER:
        items[:] = _long_ones_first(items, among=int(os.environ["PYTEST_XDIST_WORKER_COUNT"]))


def _long_ones_first(items: list[pytest.Item], *, among: int) -> list[pytest.Item]:
    """Each process begins with its share of the long files. It is given neighbours, and who is idle takes from the end
    of another's: so nobody is alone with a long one while the others have nothing left to do.
    """
    files = list(dict.fromkeys(item.path for item in items if item.get_closest_marker("long")))
    others = iter([item for item in items if item.path not in files])
    ordered: list[pytest.Item] = []
    for process in range(among):
        size = (len(items) - len(ordered)) // (among - process)
        own = [item for item in items if item.path in files[process::among]]
        ordered += [*own, *islice(others, max(0, size - len(own)))]
    return [*ordered, *others]


def pytest_collection_finish() -> None:
    """What is loaded by now stays: looking through it for garbage again and again took a fifth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def _wanted(item: pytest.Item) -> bool:
    if FULL:
        # One run prints them all, so what needs no particular database counts here too.
        counts = "figure" in getattr(item, "fixturenames", ()) or bool(item.get_closest_marker("figures"))
        return counts and not (STACK == "sqlite" and item.get_closest_marker("postgres"))
    if item.get_closest_marker("figures") or any(
        item.get_closest_marker(other) for other in TITLES if other != STACK
    ):
        return False
    return not BESIDE or bool(item.get_closest_marker("sqlite") or item.get_closest_marker("both"))


@pytest.fixture(scope="session")
def figure() -> Figure:
    """`figure("code", "200 courses, 0 erreur")` adds a line to the table printed at the end."""
    return Figures(Path(os.environ["LOGISAV_TEST_DIR"])).record


@pytest.fixture(autouse=True)
def _empty_cache() -> Iterator[None]:
    """What a test left in the cache (counters of attempts above all) is no business of the next one."""
    yield
    cache.clear()


def pytest_report_header() -> str:
    """Say at the top what the tests run on."""
    part = f", part {PART + 1} of {PARTS}" if PARTS > 1 else ""
    return f"logisav: {TITLES[STACK]}{', full counts' if FULL else ''}{part}, LOGISAV_TEST_SEED={SEED}"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Iterator[None]:
    """After everybody else's: the table of figures, then one line that says how this stack fared."""
    yield
    if folder := os.environ.get("LOGISAV_TEST_DIR"):
        lines = Figures(Path(folder)).lines()
        _write_table(terminalreporter, lines)
        if result := os.environ.get("LOGISAV_FIGURES_RESULT"):
            kept = _totals(terminalreporter.stats) | {"lines": [asdict(line) for line in lines]}
            Path(result).write_text(json.dumps(kept))
    totals = ", ".join(f"{count} {name}" for name, count in _totals(terminalreporter.stats).items())
    terminalreporter.write_line(f"On {TITLES[STACK]}: {totals}")


def _write_table(terminalreporter: pytest.TerminalReporter, lines: list[Line]) -> None:
    if lines:
        terminalreporter.section("Figures" if FULL else "Figures (samples)")
        terminalreporter.write("\n".join([*as_table(lines), ""]), flush=True)


def _totals(stats: dict[str, list[object]]) -> dict[str, int]:
    def count(*names: str) -> int:
        return sum(len(stats.get(name, [])) for name in names)

    return {
        "passed": count("passed", "xfailed"),
        "failed": count("failed", "error"),
        "skipped": count("skipped"),
    }
