"""Rules that hold for every answer, whichever view gave it."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template import loader

Next = Callable[[HttpRequest], HttpResponseBase]
log = logging.getLogger(__name__)


def browser_rules(get_response: Next) -> Next:
    """Pages about a person's quote are neither cached nor indexed."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("X-Robots-Tag", "noindex, nofollow")
        response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        return response

    return middleware


class Unavailable:
    """A database that is away is a 503 that says what to do, never a 500."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        try:
            return self.get_response(request)
        except (OperationalError, InterfaceError):
            log.exception("database unavailable")
            return self._page()

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, OperationalError | InterfaceError):
            log.error("database unavailable", exc_info=exception)
            return self._page()
        return None

    def _page(self) -> HttpResponse:
        page = HttpResponse(loader.get_template("503.html").render({}), status=503)
        page.headers["Retry-After"] = "30"
        return page
