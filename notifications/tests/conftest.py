from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from notifications import delivery, registry
from notifications.tests import smtp
from notifications.tests.factories import Listener


@pytest.fixture
def server(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[smtp.Server]:
    """A mail server that works until its script says otherwise, and a sender that does not wait for long."""
    monkeypatch.setattr(delivery, "DATA_TIMEOUT", 0.3)
    monkeypatch.setattr(delivery, "GOODBYE_TIMEOUT", 0.3)
    settings.EMAIL_TIMEOUT = 0.3
    with smtp.running() as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        yield server


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Listener:
    """Stands for the application that asked for the mails."""
    listener = Listener()
    for label in ("quotes", "signing"):
        monkeypatch.setitem(registry._handlers, label, listener)
    return listener
