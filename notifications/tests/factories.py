"""Mails as the applications above ask for them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone

from notifications import outbox
from notifications.models import OutgoingEmail
from notifications.tests.samples import CONTEXTS, SECRETS

CUSTOMER = "claire.morel@example.net"
OWNER = "julien.faure@thermo-rhone.example"


class Listener:
    """A handler that writes down what it hears, or fails while `trouble` is set."""

    def __init__(self) -> None:
        self.heard: list[tuple[int, str]] = []
        self.trouble: Exception | None = None

    def __call__(self, email: OutgoingEmail) -> None:
        if self.trouble is not None:
            raise self.trouble
        self.heard.append((email.pk, email.state))


def queue_mail(message: str = "quotes/refused", **fields: Any) -> OutgoingEmail:
    defaults: dict[str, Any] = {
        "to": CUSTOMER,
        "about": "D-2026-0148",
        "context": CONTEXTS[message],
        "secrets": SECRETS.get(message),
        "sender_name": "Thermo Rhône",
        "reply_to": OWNER,
    }
    return outbox.queue(message, **defaults | fields)


def queue_code(**fields: Any) -> OutgoingEmail:
    return queue_mail("signing/code", expires_at=timezone.now() + dt.timedelta(minutes=10), **fields)


def make_due(email: OutgoingEmail) -> None:
    """Its back-off is over."""
    OutgoingEmail.objects.filter(pk=email.pk).update(next_try_at=timezone.now())


def everything_stored(email: OutgoingEmail) -> str:
    """Every column of the row, as somebody who reads the database sees it."""
    row = OutgoingEmail.objects.filter(pk=email.pk).values().get()
    return "\n".join(
        f"{name}={bytes(value) if isinstance(value, memoryview) else value}" for name, value in row.items()
    )


def reloaded(row: OutgoingEmail) -> OutgoingEmail:
    return OutgoingEmail.objects.get(pk=row.pk)
