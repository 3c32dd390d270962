"""Who stores something of a quote above us, and keeps it with each fact. No model here: AppConfigs import it."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from django.utils.module_loading import import_string

Follower = Callable[[int], None]
_followers: list[str] = []


def when_refreshed(path: str) -> None:
    """The dotted path of a function of the quote's id, called in the transaction of a fact, under the quote's lock."""
    if path not in _followers:
        _followers.append(path)


def followers() -> list[Follower]:
    return [cast(Follower, import_string(path)) for path in _followers]
