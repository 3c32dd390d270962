"""A real browser and the whole site behind it, for the tests of every application: one browser, one event loop."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponseBase
from django.test.testcases import LiveServerThread
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class AsItIs(WSGIHandler):
    """No test server's own way of serving static files: WhiteNoise is in the middleware."""

    def __init__(self, application: WSGIHandler) -> None:
        self.application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> HttpResponseBase:
        return self.application(environ, start_response)


@dataclass
class Watch:
    """What a browser did and complained of."""

    site: str
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def follow(self, context: BrowserContext) -> None:
        context.on("request", lambda request: self.requests.append(request.url))
        context.on("console", lambda message: self._note(message.text))
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))

    def _note(self, text: str) -> None:
        """An answer that is not 200 is told there too, and is meant."""
        if "the server responded with a status of" not in text:
            self.complaints.append(text)

    @property
    def elsewhere(self) -> list[str]:
        return [url for url in self.requests if not url.startswith((f"{self.site}/", "data:"))]


@pytest.fixture
def site(transactional_db: None) -> Iterator[str]:
    """The site's address; its rows are those of the test, both read the same database."""
    server = LiveServerThread("127.0.0.1", AsItIs)
    server.daemon = True
    server.start()
    server.is_ready.wait()
    if server.error:
        raise server.error
    yield f"http://127.0.0.1:{server.port}"
    server.terminate()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser a run. It keeps an event loop in this thread, where tests go on using the database."""
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        executable = shutil.which("chromium") or os.environ.get("CHROMIUM", "")
        expect.set_options(timeout=15_000)  # two cores do much else at the same time
        browser = playwright.chromium.launch(executable_path=executable, args=QUIET)
        yield browser
        browser.close()
