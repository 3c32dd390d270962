"""A real browser and the whole site behind it, for the tests of every application: one browser, one event loop."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponseBase
from django.test.testcases import LiveServerThread
from playwright.sync_api import Browser, sync_playwright

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
        browser = playwright.chromium.launch(executable_path=executable, args=QUIET)
        yield browser
        browser.close()
