"""The demo has known passwords: it talks to this machine's browser alone."""

from __future__ import annotations

import pytest
from django.conf import LazySettings
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from demo.middleware import LocalOnly

HERE = {"HTTP_HOST": "127.0.0.1:8000", "REMOTE_ADDR": "127.0.0.1"}


def status(settings: LazySettings, **meta: str) -> int:
    settings.SITE_URL = "http://127.0.0.1:8000"

    def site(request: HttpRequest) -> HttpResponse:
        return HttpResponse("secret")

    return LocalOnly(site)(RequestFactory().get("/", **HERE | meta)).status_code  # type: ignore[arg-type]


@pytest.mark.parametrize("meta", [{}, {"HTTP_HOST": "localhost:8000"}, {"REMOTE_ADDR": "::1"}])
def test_this_machine_is_answered(settings: LazySettings, meta: dict[str, str]) -> None:
    assert status(settings, **meta) == 200


@pytest.mark.parametrize(
    "meta",
    [
        {"HTTP_X_FORWARDED_FOR": "203.0.113.7"},
        {"HTTP_X_FORWARDED_HOST": "127.0.0.1:8000"},
        {"HTTP_X_FORWARDED_PROTO": "https"},
        {"HTTP_FORWARDED": "for=203.0.113.7"},
        {"HTTP_X_REAL_IP": "127.0.0.1"},
        {"HTTP_VIA": "1.1 tunnel"},
        {"HTTP_HOST": "demo.example.com"},
        {"HTTP_HOST": "127.0.0.1:8001"},
        {"HTTP_HOST": "127.0.0.1"},
        {"HTTP_HOST": ""},
        {"REMOTE_ADDR": "192.168.1.20"},
        {"REMOTE_ADDR": ""},
    ],
)
def test_everything_else_is_refused(settings: LazySettings, meta: dict[str, str]) -> None:
    assert status(settings, **meta) == 403
