"""The demo has known passwords: it talks to this machine alone."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase

FORWARDING = ("HTTP_FORWARDED", "HTTP_VIA", "HTTP_X_REAL_IP")
REFUSAL = "Démonstration : cette adresse ne répond qu'au navigateur de cet ordinateur, sans intermédiaire.\n"


class LocalOnly:
    """Refuse what comes from elsewhere, under another name, or through a proxy or a tunnel."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        port = urlsplit(settings.SITE_URL).port
        self.hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if self._is_local(request):
            return self.get_response(request)
        return HttpResponse(REFUSAL, status=403, content_type="text/plain; charset=utf-8")

    def _is_local(self, request: HttpRequest) -> bool:
        return (
            request.META.get("HTTP_HOST", "").lower() in self.hosts
            and _is_loopback(request.META.get("REMOTE_ADDR", ""))
            and not any(name in FORWARDING or name.startswith("HTTP_X_FORWARDED") for name in request.META)
        )


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
