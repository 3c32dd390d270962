"""The few pages, from templates where everything put in is escaped."""

from __future__ import annotations

import html
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from pathlib import Path
from string import Template
from urllib.parse import urlsplit

from demo.stripe_standin.web import Response

FOLDER = Path(__file__).parent / "templates"
THIN, HARD = "\N{NARROW NO-BREAK SPACE}", "\N{NO-BREAK SPACE}"
SIGNS = {"eur": "€", "usd": "$", "gbp": "£", "chf": "CHF"}


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


def fill(template: str, values: Mapping[str, str]) -> Html:
    safe = {name: value if isinstance(value, Html) else html.escape(value) for name, value in values.items()}
    return Html(_template(template).substitute(safe))


@cache
def _template(name: str) -> Template:
    return Template((FOLDER / name).read_text(encoding="utf-8"))


def many(template: str, rows: list[dict[str, str]]) -> Html:
    return Html("".join(fill(template, row) for row in rows))


def whole_page(
    template: str,
    values: Mapping[str, str],
    *,
    title: str,
    status: int = HTTPStatus.OK,
    leads_to: str = "",
) -> Response:
    """`leads_to`: the address that its form redirects to; a browser wants it announced."""
    body = fill("page.html", {"title": title, "content": fill(template, values)})
    targets = " ".join(["'self'", *([_origin(leads_to)] if leads_to else [])])
    policy = {
        "default-src": "'none'",
        "style-src": "'self'",
        "img-src": "data:",
        "form-action": targets,
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "Referrer-Policy": "same-origin",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(status, body.encode(), headers)


def style() -> Response:
    sheet = (FOLDER / "style.css").read_bytes()
    return Response(HTTPStatus.OK, sheet, {"Content-Type": "text/css; charset=utf-8"})


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def money(cents: int, currency: str) -> str:
    whole, rest = divmod(cents, 100)
    return f"{whole:,}".replace(",", THIN) + f",{rest:02d}{HARD}{SIGNS.get(currency, currency.upper())}"
