"""Who hears what by which way: each member of staff chooses, within what must reach them."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib.auth.models import User
from django.db import transaction

from notifications import registry
from notifications.models import NotificationChoice
from notifications.registry import Kind

Ways = NotificationChoice.Ways


class NotAllowed(Exception):
    """Nobody stops hearing of what is important."""


def offered(kind: Kind) -> list[Ways]:
    return [ways for ways in Ways if ways is not Ways.NONE or not kind.is_important]


def ways_of(user: User, name: str) -> Ways:
    """What they chose, both without a choice; an important kind that was switched off is not."""
    chosen = NotificationChoice.objects.filter(user=user, kind=name).first()
    return _allowed(registry.kind_of(name), chosen)


def all_of(user: User) -> dict[str, Ways]:
    chosen = {choice.kind: choice for choice in NotificationChoice.objects.filter(user=user)}
    return {kind.name: _allowed(kind, chosen.get(kind.name)) for kind in registry.kinds()}


def _allowed(kind: Kind | None, chosen: NotificationChoice | None) -> Ways:
    ways = Ways(chosen.ways) if chosen else Ways.BOTH
    may_be_silent = kind is not None and not kind.is_important
    return ways if ways is not Ways.NONE or may_be_silent else Ways.BOTH


@transaction.atomic
def choose(user: User, chosen: Mapping[str, str]) -> None:
    """Keep a choice per kind; raises NotAllowed for a kind that is unknown or must be heard of."""
    for name, ways in chosen.items():
        kind = registry.kind_of(name)
        if kind is None or ways not in offered(kind):
            raise NotAllowed(f"{name}: {ways}")
        NotificationChoice.objects.update_or_create(user=user, kind=name, defaults={"ways": ways})
