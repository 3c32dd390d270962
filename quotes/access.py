"""Who may see which quote: links open a grant in the browser's session, every request checks it again.

`@quote_required` is the one door to a quote's pages. The situations are the rows of the access table, in its order.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render

from quotes.journal import Actor
from quotes.models import AccessLink, Quote, QuoteVersion

MAX_GRANTS = 20


class Situation(enum.Enum):
    BLOCKED = enum.auto()
    CONCLUDED = enum.auto()
    SETTLED = enum.auto()
    UPDATING = enum.auto()
    PAST_VALIDITY = enum.auto()
    OPEN = enum.auto()


@dataclass(frozen=True)
class Visit:
    """A request that holds a valid grant: this quote, by this link, in this situation."""

    quote: Quote
    link: AccessLink
    version: QuoteVersion
    situation: Situation


View = Callable[[HttpRequest, Visit], HttpResponseBase]
GuardedView = Callable[[HttpRequest, str], HttpResponseBase]


def situation(quote: Quote, version: QuoteVersion) -> Situation:
    """The first row of the access table that matches, once a valid link is at hand."""
    if quote.is_blocked:
        return Situation.BLOCKED
    if quote.is_settled:
        return Situation.SETTLED
    if quote.state in Quote.CONCLUDED:
        return Situation.CONCLUDED
    if quote.state not in Quote.SIGNABLE:
        return Situation.UPDATING
    return Situation.PAST_VALIDITY if version.is_past_validity else Situation.OPEN


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
    link = AccessLink.objects.select_related("quote__customer", "quote__owner").filter(pk=link_id).first()
    if link is None or not link.is_valid or link.quote.public_id != public_id:
        return None
    version = link.quote.current_version
    if version is None:
        return None
    return Visit(link.quote, link, version, situation(link.quote, version))


def quote_required(*allowed: Situation) -> Callable[[View], GuardedView]:
    """Let a view run only with a valid grant and in the situations named; else the page that tells where one stands."""

    def decorate(view: View) -> GuardedView:
        @wraps(view)
        def guarded(request: HttpRequest, public_id: str) -> HttpResponseBase:
            found = visit(request, public_id)
            if found is None:
                return no_access(request, public_id)
            if found.situation is Situation.BLOCKED:
                return blocked(request)
            if found.situation not in allowed:
                return redirect(found.quote)
            return view(request, found)

        guarded.access = "grant"  # type: ignore[attr-defined]
        return guarded

    return decorate


def no_access(
    request: HttpRequest, public_id: str, *, template: str = "quotes/no_access.html"
) -> HttpResponse:
    """One page for all who hold no grant, whether or not the quote exists."""
    return render(request, template, {"public_id": public_id}, status=403)


def blocked(request: HttpRequest) -> HttpResponse:
    return render(request, "quotes/blocked.html", status=403)


def actor_of(request: HttpRequest) -> Actor:
    """The customer behind this request, as far as a browser tells."""
    return Actor("customer", ip=client_ip(request), agent=request.headers.get("User-Agent", "")[:300])


def client_ip(request: HttpRequest) -> str:
    """The address that the outermost trusted proxy saw; without proxies the peer itself."""
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    count = settings.TRUSTED_PROXY_COUNT
    if count and len(hops) >= count:
        return str(hops[-count])[:45]
    return str(request.META.get("REMOTE_ADDR", ""))[:45]
