from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator

import pytest
from pytest_django import Settings

from notifications import delivery, events
from notifications.tests import smtp
from notifications.tests.factories import Listener


@pytest.fixture
def patience(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """How long the sender waits for a server, in seconds."""

    def set_to(seconds: float) -> None:
        monkeypatch.setattr(delivery, "DATA_TIMEOUT", seconds)
        monkeypatch.setattr(delivery, "GOODBYE_TIMEOUT", seconds)
        settings.EMAIL_TIMEOUT = seconds

    return set_to


@pytest.fixture
def server(
    request: pytest.FixtureRequest, settings: Settings, patience: Callable[[float], None]
) -> Iterator[smtp.Server]:
    """A mail server that works until its script says otherwise; only one that will hang is not waited for."""
    parameters = getattr(request.node, "callspec", None)
    hangs = parameters is not None and smtp.HANG in parameters.params.values()
    patience(0.3 if hangs else 10)
    with smtp.running() as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        yield server


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Listener:
    """Stands for the application that asked for the mails."""
    listener = Listener()
    for mail in events.mails():
        monkeypatch.setitem(events._mails, mail.message, dataclasses.replace(mail, settled=listener))
    return listener
