"""No token and no code in any log, stored mail or dump of the database."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from logisav.masking import MaskingFormatter, mask
from notifications import delivery
from quotes.models import AccessLink, Quote
from quotes.tests.factories import make_sent_quote, secrets_of, version_of
from signing.models import SigningRequest

pytestmark = pytest.mark.django_db


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that any logger says, through the formatter that every handler has."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(MaskingFormatter())
    root = logging.getLogger()
    root.addHandler(handler)
    yield stream
    root.removeHandler(handler)


def dump() -> str:
    out = io.StringIO()
    call_command("dumpdata", stdout=out, verbosity=0)
    return out.getvalue()


def traces(quote: Quote, token: str, code: str, *texts: str) -> list[str]:
    """Every form in which the two could stand there."""
    forms = [token, f"{code[:3]} {code[3:]}", f"{code[:3]}\u00a0{code[3:]}", f'"{code}"', f">{code}<"]
    return [form for form in forms for text in texts if form in text]


def visit(quote: Quote, path: str) -> Client:
    browser = Client(raise_request_exception=False)
    browser.get(path)
    form = {
        "first_name": "Claire",
        "last_name": "Morel",
        "phone": "0639981234",
        "place": "distance",
        "kind": "individual",
        "consent_quote": "on",
        "consent_electronic": "on",
        "consent_vat_5_5": "on",
        "version_hash": version_of(quote).version_hash,
    }
    assert browser.post(f"{quote.get_absolute_url()}signer/", form).status_code == 302
    return browser


@pytest.mark.parametrize("fate", ["queued", "failed", "not found", "expired", "error"])
def test_neither_token_nor_code_can_be_read_afterwards(
    log: io.StringIO, fate: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    quote = make_sent_quote()
    path = "/" + secrets_of("quotes/link", quote)["link"].split("/", 3)[3]
    token = path.split("/")[2]
    browser = visit(quote, path)
    code = secrets_of("signing/code", quote)["code"]
    meet(fate, browser, quote, path, code, monkeypatch)
    assert traces(quote, token, code, log.getvalue(), dump()) == []
    assert fate == "queued" or log.getvalue()


def meet(
    fate: str, browser: Client, quote: Quote, path: str, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let things go wrong, with the secrets on the way."""
    if fate == "failed":
        delivery.sweep()  # nobody listens at the tests' mail port
    if fate == "not found":
        AccessLink.objects.update(revoked_at=timezone.now())
        assert browser.get(path).status_code == 404
    if fate == "expired":
        AccessLink.objects.update(expires_at=timezone.now())
        assert browser.get(path).status_code == 410
    if fate == "error":
        monkeypatch.setattr(SigningRequest, "is_alive", property(_broken))
        monkeypatch.setattr(AccessLink, "has_expired", property(_broken))
        assert browser.post(f"{quote.get_absolute_url()}signer/code/", {"code": code}).status_code == 500
        assert browser.get(path).status_code == 500


def _broken(_: Any) -> bool:
    raise RuntimeError("broken on purpose")


def test_the_mask_covers_links_codes_and_cookies() -> None:
    line = mask("GET /l/AbC_12-x/ code=418205 Cookie: logisav=abc; jeton=def")
    assert line == "GET /l/…/ code=•••••• Cookie: •"


def test_the_mask_leaves_the_rest_alone() -> None:
    assert mask("GET /devis/abc/ 200 123456 ms") == "GET /devis/abc/ 200 123456 ms"
