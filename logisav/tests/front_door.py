"""A browser of Django's test client that comes in by the WSGI door, as gunicorn's requests do."""

from __future__ import annotations

from typing import Any

from django.test import Client

from logisav.soundness import readable_head


class FrontDoor(Client):
    """A 500 is an answer to be looked at, not an exception of the test."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(raise_request_exception=False, **settings)
        inside = self.handler
        self.handler = lambda environ: inside(readable_head(environ))  # type: ignore[assignment]
