"""With SENTRY_DSN an error is told elsewhere, without anybody's secret."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import brotli
import pytest

pytestmark = pytest.mark.sqlite
SECRETS = ("AbC12xYz-token", "418205", "claire.morel", "sk_live_51abc")
SCRIPT = """
import logging
import sys
import django
django.setup()
import sentry_sdk
from django.conf import settings
from django.test import Client
from django.urls import path
from logisav import urls

def view(request, token):
    code = request.POST["code"]
    logging.getLogger("logisav").error("wrong code %s", code)
    raise RuntimeError(f"code {code} at /l/{token}/ with sk_live_51abc")

urlpatterns = [path("l/<str:token>/", view), *urls.urlpatterns]
settings.ROOT_URLCONF = "__main__"
browser = Client(raise_request_exception=False)
browser.cookies["logisav"] = "AbC12xYz-token"
answer = browser.post("/l/AbC12xYz-token/?who=claire.morel", {"code": "418205", "name": "claire.morel"})
sentry_sdk.flush(20)
print(answer.status_code)
"""


class StandIn(BaseHTTPRequestHandler):
    """Takes envelopes as Sentry does."""

    taken: list[str]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        unpack = {"br": brotli.decompress, "gzip": gzip.decompress}.get(
            self.headers.get("Content-Encoding", ""), bytes
        )
        self.taken.append(unpack(body).decode())
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
        return


@pytest.fixture
def sentry() -> Iterator[tuple[str, list[str]]]:
    taken: list[str] = []
    handler = type("Handler", (StandIn,), {"taken": taken})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://key@127.0.0.1:{server.server_port}/1", taken
        server.shutdown()


def run(**variables: str) -> str:
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "logisav.settings"} | variables
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=90,
    )
    return done.stdout.strip()


def test_an_error_arrives_without_tokens_codes_and_names(sentry: tuple[str, list[str]]) -> None:
    dsn, taken = sentry
    assert run(SENTRY_DSN=dsn) == "500"
    told = "\n".join(taken)
    assert "RuntimeError" in told
    assert (
        "wrong code ••••••"
        in told.encode().decode("unicode_escape").encode("latin-1", "ignore").decode("utf-8", "ignore")
        or "wrong code" in told
    )
    assert [secret for secret in SECRETS if secret in told] == []
