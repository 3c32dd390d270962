"""What the web process loads and asks of the database."""

from __future__ import annotations

import subprocess
import sys

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from quotes import workflow
from quotes.tests.factories import SYSTEM, make_sent_quote, visitor

pytestmark = pytest.mark.sqlite

HEAVY = ("weasyprint", "pyhanko", "pyhanko_certvalidator", "fontTools", "sentry_sdk")
WALK = """
import sys
import django
django.setup()
from django.test import Client
from django.urls import get_resolver
from logisav.tests.test_isolation import ROUTES
from logisav import wsgi
browser = Client(raise_request_exception=False)
for route in ROUTES:
    path = "/" + route.replace("<str:public_id>", "inconnu").replace("<str:token>", "x")
    for method in ("GET", "POST"):
        browser.generic(method, path)
get_resolver().url_patterns
print(*(name for name in {heavy} if name in sys.modules))
"""


def test_no_address_makes_the_web_process_load_the_renderer_or_the_seal() -> None:
    """In a fresh process, every module that an address can reach is imported and every address asked."""
    script = WALK.format(heavy=HEAVY)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.strip() == ""


@pytest.mark.django_db
def test_the_quotes_page_takes_four_queries_beside_the_sessions() -> None:
    quote = make_sent_quote()
    for number in range(3):
        workflow.ask(quote.pk, text=f"Question numéro {number} ?", phone="", actor=SYSTEM)
    browser = visitor(quote)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert browser.get(quote.get_absolute_url()).status_code == 200
    ours = [query["sql"] for query in queries if "logisav_session" not in query["sql"]]
    assert len(ours) <= 4, "\n".join(ours)


def test_the_process_is_up_without_any_database() -> None:
    assert Client().get("/healthz").status_code == 200
