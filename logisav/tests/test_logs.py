"""One request, one name: in its answer, its log lines, the mails that it asks for; no secret and no forged line."""

from __future__ import annotations

import datetime as dt
import json
import logging
import sys
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from lib import tracing
from logisav.masking import formatter
from notifications.models import OutgoingEmail
from quotes.models import Quote
from quotes.tests.factories import make_sent_quote, visitor


def line(form: str, message: str, *arguments: object, error: BaseException | None = None) -> str:
    told = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord("logisav.x", logging.INFO, __file__, 1, message, arguments, told)
    return formatter(form).format(record)


def raised(message: str) -> Exception:
    try:
        raise RuntimeError(message)
    except RuntimeError as error:
        return error


def test_a_line_bears_time_with_offset_and_the_requests_name() -> None:
    with tracing.following("abcd-1234"):
        time, level, logger, name, said = line("text", "hello").split(" ")
    assert dt.datetime.fromisoformat(time).utcoffset() is not None
    assert (level, logger, name, said) == ("INFO", "logisav.x", "[abcd-1234]", "hello")


def test_json_says_the_same_in_fields() -> None:
    with tracing.following("abcd-1234"):
        told = json.loads(line("json", "GET /l/%s/", "AbC_12-x", error=raised("code 418205")))
    assert dt.datetime.fromisoformat(told["time"]).utcoffset() is not None
    assert (told["level"], told["logger"], told["request"]) == ("INFO", "logisav.x", "abcd-1234")
    assert told["message"] == "GET /l/…/"
    assert "RuntimeError: code ••••••" in told["trace"]


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_form_of_log_shows_a_secret(form: str) -> None:
    secrets = ("AbC_12-x", "418205", "sk_live_51abc", "s3cr3t-t0ken")
    said = line(
        form,
        "GET /l/%s/ code=%s %s Authorization: Bearer %s",
        *secrets,
        error=raised("GET /l/AbC_12-x/ code=418205 sk_live_51abc Authorization: Bearer s3cr3t-t0ken"),
    )
    assert [secret for secret in secrets if secret in said] == []


@pytest.mark.parametrize("form", ["text", "json"])
def test_what_is_typed_forges_no_line(form: str) -> None:
    forged = "2026-11-24T15:00:00+01:00 INFO logisav signed"
    said = line(form, "looked for %s", f"x\n{forged}\r\x1b[31m\u2028{forged}", error=raised(f"x\n{forged}"))
    lines = said.splitlines()
    assert not [each for each in lines if each.startswith("2026-11-24T15:00:00")]
    assert "\x1b" not in said
    assert len(lines) == 1 or all(each.startswith("    ") for each in lines[1:])


@pytest.mark.parametrize(
    ("proxies", "asked", "kept"),
    [
        (1, "proxy-4711-abcd", True),
        (0, "proxy-4711-abcd", False),
        (1, "short", False),
        (1, "x" * 65, False),
        (1, "with space 1234", False),
        (1, "évidemment-non", False),
        (1, "12345678\n", False),
    ],
)
def test_a_name_is_taken_over_from_a_trusted_proxy_alone(
    settings: Settings, proxies: int, asked: str, *, kept: bool
) -> None:
    settings.TRUSTED_PROXY_COUNT = proxies
    name = Client().get("/healthz", headers={"X-Request-ID": asked}).headers["X-Request-ID"]
    assert (name == asked) is kept
    assert tracing.SANE.fullmatch(name)


def test_two_requests_have_two_names() -> None:
    names = {Client().get("/healthz").headers["X-Request-ID"] for _ in range(3)}
    assert len(names) == 3
    assert tracing.current() == ""


@pytest.mark.django_db
def test_the_line_of_a_request_names_the_client_and_the_mail_names_the_request(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.TRUSTED_PROXY_COUNT = 1
    quote: Quote = make_sent_quote()
    browser = visitor(quote)
    with caplog.at_level(logging.INFO, "logisav.requests"):
        response: Any = browser.post(
            f"{quote.get_absolute_url()}question/",
            {"text": "Quand commencez-vous ?"},
            headers={"X-Request-ID": "proxy-4711-abcd", "X-Forwarded-For": "203.0.113.7"},
        )
    assert response.status_code == 302
    line = caplog.records[-1].getMessage()
    assert line.startswith(f"203.0.113.7 POST {quote.get_absolute_url()}question/ 302 ")
    assert set(OutgoingEmail.objects.exclude(trace="").values_list("trace", flat=True)) == {"proxy-4711-abcd"}


def test_what_asks_every_few_seconds_fills_no_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "logisav.requests"):
        Client().get("/healthz")
    assert caplog.records == []


def test_an_error_is_traced_to_its_end() -> None:
    assert "RuntimeError: broken" in line("text", "oh", error=raised("broken"))
    assert sys.exc_info() == (None, None, None)
