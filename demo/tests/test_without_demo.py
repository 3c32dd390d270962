"""Without DEMO=1 nothing of the demo is there."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import NoReverseMatch, reverse


def test_the_application_is_not_installed() -> None:
    assert not settings.DEMO
    assert not apps.is_installed("demo")
    assert not [name for name in settings.MIDDLEWARE if name.startswith("demo.")]


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/demo/mails/", "/demo/mails/20261124T115113492954Z-1b2667e3/"])
def test_its_pages_do_not_exist(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404
    with pytest.raises(NoReverseMatch):
        reverse("demo:mails")


@pytest.mark.parametrize("command", ["demo", "demo_data"])
def test_its_commands_do_not_exist(command: str) -> None:
    with pytest.raises(CommandError, match="Unknown command"):
        call_command(command)
