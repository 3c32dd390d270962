"""Rules that hold for every answer, whichever view gave it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from lib import metrics, tracing
from lib.addresses import client_ip
from logisav import errors, soundness

Next = Callable[[HttpRequest], HttpResponseBase]
log = logging.getLogger(__name__)
requests = logging.getLogger("logisav.requests")
# What asks every few seconds whether all is well would fill the log.
QUIET = ("/healthz", "/readyz", "/metrics")


def followed(get_response: Next) -> Next:
    """Gives the request its name, the trusted proxy's if it has one; writes its line and counts it."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        start = time.perf_counter()
        asked = request.headers.get("X-Request-ID", "") if settings.TRUSTED_PROXY_COUNT else ""
        with tracing.following(asked) as name:
            response = get_response(request)
            response.headers["X-Request-ID"] = name
            taken, level = time.perf_counter() - start, _level(request.path)
            view = request.resolver_match.view_name if request.resolver_match else "-"
            metrics.observe(metrics.REQUESTS, taken, view, f"{response.status_code // 100}xx")
            line = "%s %s %s %s %.0fms"
            requests.log(
                level,
                line,
                client_ip(request) or "-",
                request.method,
                request.path,
                response.status_code,
                taken * 1000,
            )
        return response

    return middleware


def _level(path: str) -> int:
    return logging.DEBUG if path in QUIET else logging.INFO


def browser_rules(get_response: Next) -> Next:
    """Pages about a person's quote are neither cached nor indexed."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("X-Robots-Tag", "noindex, nofollow")
        response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        return response

    return middleware


# Of a page that is made before the middleware that writes them.
BARE_PAGE = {
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
    "object-src 'none'; form-action 'none'; frame-ancestors 'none'",
}


def _unreadable() -> HttpResponse:
    """Asks nothing of the request, whose body is not read, nor of the database."""
    page = errors.page(400)
    for name, value in BARE_PAGE.items():
        page.headers[name] = value
    return page


def sound_requests(get_response: Next) -> Next:
    """What no person sends goes no further than here."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        return get_response(request) if soundness.is_sound(request) else _unreadable()

    return middleware


class SoundFields:
    """The same for the fields of a form: below the check of its token, which has read them already.

    A view that is exempt from that check looks at the length first, or at a signature, and reads its body itself.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponseBase], *_: object
    ) -> HttpResponse | None:
        if request.method != "POST" or getattr(view, "csrf_exempt", False):
            return None
        return None if soundness.has_sound_fields(request) else _unreadable()


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
        page = errors.page(503)
        page.headers["Retry-After"] = "30"
        return page
