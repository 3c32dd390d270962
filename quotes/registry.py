"""What the applications above add: what they store of a quote, what they let be done to it.

No model is imported here, so that AppConfigs may.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.utils.module_loading import import_string

Follower = Callable[[int], None]
_followers: list[str] = []
_moves: list[str] = []


def when_refreshed(path: str) -> None:
    """The dotted path of a function of the quote's id, called in the transaction of a fact, under the quote's lock."""
    if path not in _followers:
        _followers.append(path)


def followers() -> list[Follower]:
    return [cast(Follower, import_string(path)) for path in _followers]


def offer(path: str) -> None:
    """The dotted path of a `quotes.offers.Move` that the list of quotes offers beside our own."""
    if path not in _moves:
        _moves.append(path)


def moves() -> list[Any]:
    return [import_string(path) for path in _moves]
