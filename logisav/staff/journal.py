"""Writing the staff's journal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest

from lib.addresses import client_ip
from logisav.staff.models import StaffAction

Kind = StaffAction.Kind


@dataclass(frozen=True)
class By:
    """Who acts, from where. Nobody yet while a log-in is being tried."""

    user: User | None
    ip: str = ""

    @classmethod
    def of(cls, request: HttpRequest) -> By:
        return cls(request.user if isinstance(request.user, User) else None, client_ip(request))

    @property
    def name(self) -> str:
        return known_as(self.user) if self.user else ""


def known_as(user: User) -> str:
    return user.get_full_name() or user.get_username()


def append(what: str, *, by: By, target: str = "", **facts: Any) -> StaffAction:
    """One act, in the transaction of what it tells."""
    return StaffAction.objects.create(
        what=Kind(what), who=by.user, name=by.name, target=target[:300], facts=facts, ip=by.ip
    )
