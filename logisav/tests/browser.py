"""A real browser and the whole site behind it, for the tests of every application: one browser, one event loop."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponseBase
from django.test.testcases import LiveServerThread
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    WebError,
    expect,
    sync_playwright,
)

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
    "--renderer-process-limit=1",
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
        context.on("request", self._asked)
        context.on("console", self._told)
        context.on("weberror", self._failed)

    def leave(self, context: BrowserContext) -> None:
        context.remove_listener("request", self._asked)
        context.remove_listener("console", self._told)
        context.remove_listener("weberror", self._failed)

    def _asked(self, request: Request) -> None:
        self.requests.append(request.url)

    def _told(self, message: ConsoleMessage) -> None:
        """An answer that is not 200 is told there too, and is meant."""
        if "the server responded with a status of" not in message.text:
            self.complaints.append(message.text)

    def _failed(self, error: WebError) -> None:
        self.complaints.append(str(error.error))

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


class Kept:
    """Contexts that go from test to test, without the pages and the cookies of the one before; nothing else is left,
    since each test's site has a port of its own. A new one costs a second: its processes, each script compiled anew.
    """

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.contexts: dict[str, BrowserContext] = {}

    def take(self, *, own: bool = False, **options: Any) -> BrowserContext:
        """`own` is for who sets its clock, which cannot be undone."""
        if own:
            return self.browser.new_context(**options)
        key = json.dumps(options, sort_keys=True)
        if key not in self.contexts:
            self.contexts[key] = self.browser.new_context(**options)
            self.contexts[key].new_page()  # the process of a context ends with its last page
        return self.contexts[key]

    def give_back(self, context: BrowserContext) -> None:
        if context not in self.contexts.values():
            context.close()
            return
        for page in context.pages[1:]:
            page.close()
        context.clear_cookies()


@pytest.fixture(scope="session")
def kept(chromium: Browser) -> Kept:
    return Kept(chromium)


def violations(page: Page, *parts: str, leaving_out: str = "", **options: Any) -> list[str]:
    """What axe objects to, on the page or in parts of it. Its script is half a megabyte: a page gets it once."""
    page.evaluate("document.fonts.ready")
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    context = {"include": [[part] for part in parts or ("html",)]}
    if leaving_out:
        context["exclude"] = [[leaving_out]]
    found = page.evaluate(
        "([context, options]) => axe.run(context, options).then(results => results.violations)",
        [context, options | {"resultTypes": ["violations"]}],
    )
    return [f"{rule['id']}: {node['html']}" for rule in found for node in rule["nodes"]]
