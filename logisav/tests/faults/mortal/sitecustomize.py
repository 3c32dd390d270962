"""Makes a process mortal: at a point that is armed it dies as `kill -9` does, before or after the call.

Python imports this by itself in every process that has this folder on its PYTHONPATH, which are those of the harness.
A point is armed by a file of its name in LOGISAV_FAULTS; whoever comes by takes the file away and is dead. Other files
there: `clock` (seconds that the clock is ahead), `statements` (how many each accept had).
"""

from __future__ import annotations

import functools
import importlib.abc
import importlib.machinery
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

FOLDER = Path(os.environ.get("LOGISAV_FAULTS") or "/nonexistent")
CLAIM = "QueueQuerySet.claim"
DEATHS_A_CODE = 3  # each costs its customer a try, and a code has few of them


class Claimed(threading.local):
    """The row that this thread has claimed last; pyHanko's own threads have claimed none and take the process's."""

    row = ""


claimed, last = Claimed(), {"row": ""}


def note_claim(row: Any) -> None:
    if row is not None:
        claimed.row = last["row"] = f"{row._meta.label_lower}-{row.pk}"


def pass_by(name: str, *, code: object = None) -> None:
    """Dead when the point is armed; who takes the file is who dies. A `code` is not spoiled by too many deaths."""
    deaths = FOLDER / "deaths" / str(code)
    if code is not None and deaths.exists() and deaths.stat().st_size >= DEATHS_A_CODE:
        return
    with suppress(FileNotFoundError):
        file = FOLDER / "armed" / name
        file.rename(FOLDER / "reached" / f"{name}@{time.time():.3f}@{claimed.row or last['row']}")
        if code is not None:
            with deaths.open("a") as counted:
                counted.write("x")
        os.kill(os.getpid(), signal.SIGKILL)


def mortal(call: Callable[..., Any], points: Sequence[dict[str, str]]) -> Callable[..., Any]:
    @functools.wraps(call)
    def walked(*args: Any, **kwargs: Any) -> Any:
        here = [one for one in points if not one["given"] or one["given"] in (*args, *kwargs.values())]
        for one in here:
            if one["when"] == "before":
                pass_by(one["name"])
        result = call(*args, **kwargs)
        if call.__qualname__ == CLAIM:
            note_claim(result)
        for one in here:
            if one["when"] == "after":
                pass_by(one["name"])
        return result

    return walked


def step_by_step(accept: Callable[..., Any]) -> Callable[..., Any]:
    """Each statement of accept is a point; so is the moment between COMMIT and the nudges."""

    @functools.wraps(accept)
    def walked(*args: Any, **kwargs: Any) -> Any:
        connection = sys.modules["django.db"].connection
        count, commit, code = 0, connection._commit, args[0]

        def statement(execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
            nonlocal count
            count += 1
            pass_by(f"accept: statement {count}", code=code)
            return execute(sql, params, many, context)

        def committed() -> None:
            pass_by("accept: before COMMIT", code=code)
            commit()
            pass_by("accept: COMMIT, nobody nudged", code=code)

        connection._commit = committed
        try:
            with connection.execute_wrapper(statement):
                return accept(*args, **kwargs)
        finally:
            connection._commit = commit
            with (FOLDER / "statements").open("a") as seen:
                seen.write(f"{count}\n")

    return walked


def shift_the_clock(timezone: ModuleType) -> None:
    """What the product calls now is the file's seconds ahead of the machine; asyncio and Celery keep their own."""
    timedelta = sys.modules["datetime"].timedelta
    now = timezone.now

    def shifted() -> Any:
        try:
            return now() + timedelta(seconds=float((FOLDER / "clock").read_text()))
        except (OSError, ValueError):
            return now()

    timezone.now = shifted  # type: ignore[attr-defined]


def change(module: ModuleType) -> None:
    for call, points in POINTS.items():
        place, _, path = call.partition(":")
        if place != module.__name__:
            continue
        *owners, name = path.split(".")
        owner: Any = functools.reduce(getattr, owners, module)
        changed = mortal(getattr(owner, name), points)
        setattr(owner, name, step_by_step(changed) if call == ACCEPT else changed)
    if module.__name__ == "django.utils.timezone":
        shift_the_clock(module)


class Loader(importlib.abc.Loader):
    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        created: ModuleType | None = self.inner.create_module(spec)
        return created

    def exec_module(self, module: ModuleType) -> None:
        self.inner.exec_module(module)
        change(module)


class Finder(importlib.abc.MetaPathFinder):
    """Finds as Python does, and changes a module of the table once it has been run."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in MODULES:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = Loader(spec.loader)
        return spec


if FOLDER.is_dir():
    TABLE = json.loads((FOLDER / "points.json").read_text())
    ACCEPT: str = TABLE["accept"]
    POINTS: dict[str, list[dict[str, str]]] = {}
    for point in TABLE["points"]:
        POINTS.setdefault(point["call"], []).append(point)
    MODULES = {call.partition(":")[0] for call in POINTS} | {"django.utils.timezone"}
    sys.meta_path.insert(0, Finder())
