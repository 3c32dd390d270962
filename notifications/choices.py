"""Who hears what by which way: each member of staff chooses, within what must reach them."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib.auth.models import User
from django.db import transaction

from notifications import events
from notifications.events import Notice
from notifications.models import NotificationChoice

Ways = NotificationChoice.Ways


class NotAllowed(Exception):
    """Nobody stops hearing of what is important."""


def offered(notice: Notice) -> list[Ways]:
    return [ways for ways in Ways if ways is not Ways.NONE or not notice.is_important]


def ways_of(user: User, name: str) -> Ways:
    """What they chose, both without a choice; an important kind that was switched off is not."""
    chosen = NotificationChoice.objects.filter(user=user, kind=name).first()
    return _allowed(events.find_notice(name), chosen)


def all_of(user: User) -> dict[str, Ways]:
    chosen = {choice.kind: choice for choice in NotificationChoice.objects.filter(user=user)}
    return {notice.name: _allowed(notice, chosen.get(notice.name)) for notice in events.notices()}


def _allowed(notice: Notice | None, chosen: NotificationChoice | None) -> Ways:
    ways = Ways(chosen.ways) if chosen else Ways.BOTH
    may_be_silent = notice is not None and not notice.is_important
    return ways if ways is not Ways.NONE or may_be_silent else Ways.BOTH


@transaction.atomic
def choose(user: User, chosen: Mapping[str, str]) -> None:
    """Keep a choice per kind; raises NotAllowed for a kind that is unknown or must be heard of."""
    for name, ways in chosen.items():
        notice = events.find_notice(name)
        if notice is None or ways not in offered(notice):
            raise NotAllowed(f"{name}: {ways}")
        NotificationChoice.objects.update_or_create(user=user, kind=name, defaults={"ways": ways})
