"""Who may see which quote: links open a grant in the browser's session, every request checks it again.

`@quote_required` is the one door to a quote's pages; what may be done behind it is asked of quotes/rules.py.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render

from lib import addresses
from notifications import restoration
from quotes import rules
from quotes.content import Content
from quotes.journal import Actor
from quotes.models import AccessLink, Company, Quote, QuoteVersion
from quotes.rules import Circumstances, LinkStatus, Situation, Verb

MAX_GRANTS = 20


@dataclass(frozen=True)
class Visit:
    """A request that holds a valid grant: this quote, by this link, in these circumstances."""

    quote: Quote
    link: AccessLink
    version: QuoteVersion
    content: Content
    company: Company | None
    circumstances: Circumstances
    own_code: bool  # a code to sign that this browser asked for is alive
    code_elsewhere_until: dt.datetime | None  # one that another browser asked for is, until then

    @property
    def situation(self) -> Situation:
        return rules.situation(self.circumstances)

    @property
    def context(self) -> dict[str, object]:
        """What the quote's pages show, each read once."""
        return {
            "quote": self.quote,
            "version": self.version,
            "content": self.content,
            "company": self.company,
            "link": self.link,
        }


View = Callable[..., HttpResponseBase]  # of a request, its visit, and what else its address names
GuardedView = Callable[..., HttpResponseBase]  # of a request, a public id, and the same


def grant(request: HttpRequest, link: AccessLink) -> None:
    """Give this browser's session this one quote, beside those that it holds already."""
    grants = dict(request.session.get("grants", {}))
    if grants.get(link.quote.public_id) == link.pk:
        return
    grants.pop(link.quote.public_id, None)
    grants[link.quote.public_id] = link.pk
    request.session.cycle_key()
    request.session["grants"] = dict(list(grants.items())[-MAX_GRANTS:])


def visit(request: HttpRequest, public_id: str) -> Visit | None:
    """The visit that this browser's grant allows, None when there is none (any more)."""
    link_id = request.session.get("grants", {}).get(public_id)
    if link_id is None:
        return None
    own = browser_digest(request.session.get("browser", ""))
    link = AccessLink.objects.with_version_in_force().knowing_of_codes(own).filter(pk=link_id).first()
    version: QuoteVersion | None = getattr(link, "version_in_force", None)
    if link is None or link.quote.public_id != public_id or version is None:
        return None
    quote = link.quote.holding(version)
    circumstances = quote.circumstances(version, link=link.status(version))
    if circumstances.link is not LinkStatus.VALID:
        return None
    return Visit(
        quote=quote,
        link=link,
        version=version,
        content=version.reading,
        company=Company.objects.first(),
        circumstances=circumstances,
        own_code=link.own_code,
        code_elsewhere_until=link.code_elsewhere_until,
    )


def quote_required(verb: Verb, *, no_grant: str = "quotes/no_access.html") -> Callable[[View], GuardedView]:
    """Let a view run only with a valid grant and where its verb is possible; else the page that tells where one is.

    `no_grant` is the page for those without one.
    """

    def decorate(view: View) -> GuardedView:
        @wraps(view)
        def guarded(request: HttpRequest, public_id: str, **named: str) -> HttpResponseBase:
            found = visit(request, public_id)
            if found is None:
                return render(request, no_grant, {"public_id": public_id}, status=403)
            if found.situation is Situation.BLOCKED:
                return blocked(request)
            if not rules.may(verb, found.circumstances):
                return redirect(found.quote)
            return view(request, found, **named)

        guarded.access = "grant"  # type: ignore[attr-defined]
        return guarded

    return decorate


def open_house(view: GuardedView) -> GuardedView:
    """Let a view run that ends in a mail or a charge; after a restore, until the house is opened, a page says when."""

    @wraps(view)
    def guarded(request: HttpRequest, public_id: str) -> HttpResponseBase:
        return come_back(request) if restoration.is_closed() else view(request, public_id)

    return guarded


def come_back(request: HttpRequest) -> HttpResponse:
    response = render(request, "quotes/come_back.html", status=HTTPStatus.SERVICE_UNAVAILABLE)
    response.headers["Retry-After"] = "1800"
    return response


def blocked(request: HttpRequest) -> HttpResponse:
    return render(request, "quotes/blocked.html", status=403)


def browser_of(request: HttpRequest) -> str:
    """This browser's own secret, in its session: a code asked for here is of no use elsewhere."""
    if "browser" not in request.session:
        request.session["browser"] = secrets.token_hex(32)
    return str(request.session["browser"])


def browser_digest(browser: str) -> str:
    """As a code remembers which browser asked for it."""
    return hashlib.sha256(browser.encode()).hexdigest()


def actor_of(request: HttpRequest) -> Actor:
    """The customer behind this request, as far as a browser tells."""
    return Actor(
        "customer", ip=addresses.client_ip(request), agent=request.headers.get("User-Agent", "")[:300]
    )
