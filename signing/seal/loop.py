"""pyHanko speaks asyncio; its callers need not: every call gets a loop and a thread of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


def run(start: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Wait for a coroutine, also where a loop already runs (asyncio.run would refuse)."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(lambda: asyncio.run(start())).result()
