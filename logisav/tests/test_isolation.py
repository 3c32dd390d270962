"""Nobody sees a quote without a valid grant of that quote, at whatever address, and all refusals look alike."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from quotes import workflow
from quotes.models import AccessLink, Quote
from quotes.tests.factories import SYSTEM, make_customer, make_link, make_owner, make_sent_quote, visitor
from signing.tests.factories import make_signature

pytestmark = pytest.mark.django_db

OPEN_TO_ALL = {
    "healthz",
    "readyz",
    "metrics",  # whoever has METRICS_TOKEN
    "marque.css",
    "logo",
    "mentions-legales/",
    "donnees-personnelles/",
    "accessibilite/",
    "signature-electronique/",
    "verifier/",
    "verifier/<str:reference>/",
    "devis/<str:public_id>/lien/",
    "retractation/",
    "retractation/accuse/",
    "devis/<str:public_id>/retractation/",  # a declaration is always taken, and looks nothing up
    "devis/<str:public_id>/retractation/accuse/",  # gives back what our own key has signed
    "stripe/webhook/",  # whoever signs with Stripe's secret
}
# Their refusal says one thing more, the same to everybody: a receipt is on its way if a payment went through.
AFTER_PAYMENT = ("devis/<str:public_id>/acompte/retour/", "devis/<str:public_id>/acompte/annule/")
# A quote has them only where its owner joined them.
JOINED = ("attestation-rge.pdf", "cadre-de-contribution.pdf", "<str:sha256>.jpg", "<str:sha256>.pdf")
POST_ONLY = ("nouveau-code/", "retractation/code/", "acompte/carte/", "acompte/virement/")
CANARIES = ("Chantier-canari", "12 chemin des Canaris", "canari@exemple.fr", "Madame Canari", "6\u202f890")


def routes(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every address of the site, the admin's own tree aside: its log-in guards that."""
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            if not route.startswith("admin"):
                yield from routes(entry, route)
        else:
            yield route, entry


ROUTES = dict(routes(get_resolver()))
OF_A_QUOTE = sorted(route for route in ROUTES if "<str:public_id>" in route and route not in OPEN_TO_ALL)


def test_every_view_says_who_may_see_it() -> None:
    """A view without an access decorator is on the short list of open ones, or the site is not let out."""
    undecided = {
        route
        for route, entry in ROUTES.items()
        if not hasattr(entry.callback, "access") and route not in OPEN_TO_ALL
    }
    assert undecided == set()
    assert set(ROUTES) >= OPEN_TO_ALL


def make_canary() -> Quote:
    customer = make_customer(last_name="Canari", email="canari@exemple.fr", address="12 chemin des Canaris")
    return make_sent_quote(title="Chantier-canari", customer=customer)


def no_grant(quote: Quote) -> Client:
    return Client()


def other_quotes_grant(quote: Quote) -> Client:
    return visitor(make_sent_quote())


def expired_grant(quote: Quote) -> Client:
    browser = visitor(quote)
    AccessLink.objects.filter(quote=quote).update(expires_at=timezone.now())
    return browser


def revoked_grant(quote: Quote) -> Client:
    browser = visitor(quote)
    AccessLink.objects.filter(quote=quote).update(revoked_at=timezone.now())
    return browser


def other_owner(quote: Quote) -> Client:
    """A member of staff has no business on the customer's pages without a link."""
    browser = Client()
    browser.force_login(make_owner())
    return browser


INTRUDERS = [no_grant, other_quotes_grant, expired_grant, revoked_grant, other_owner]


def bare(response: Any, quote: Quote) -> str:
    """The page without what differs at every request."""
    text: str = re.sub(r'name="csrfmiddlewaretoken"\s+value="\w+"', "", response.content.decode())
    return text.replace(quote.public_id, "")


def call(browser: Client, route: str, quote: Quote, method: str) -> Any:
    path = "/" + route.replace("<str:public_id>", quote.public_id)
    return browser.generic(method, path)


@pytest.mark.parametrize("intruder", INTRUDERS, ids=lambda intruder: intruder.__name__)
@pytest.mark.parametrize("route", OF_A_QUOTE)
def test_without_a_valid_grant_every_address_gives_the_same_answer(
    route: str, intruder: Callable[[Quote], Client]
) -> None:
    quote = make_canary()
    browser = intruder(quote)
    answers = {method: call(browser, route, quote, method) for method in ("GET", "HEAD", "POST", "PUT")}
    for method, answer in answers.items():
        assert answer.status_code in (403, 405), method
        assert not [canary for canary in CANARIES if canary in answer.content.decode()], method
    response = answers["GET"]
    if response.status_code == 403:
        path = route.replace("<str:public_id>", "inconnu") if route in AFTER_PAYMENT else "devis/inconnu/"
        reference = Client().get(f"/{path}")
        assert bare(response, quote) == bare(reference, quote).replace("inconnu", "")


@pytest.mark.parametrize("route", OF_A_QUOTE)
def test_a_blocked_quote_shows_nothing_of_itself_anywhere(route: str) -> None:
    quote = make_canary()
    browser = visitor(quote)
    workflow.block(quote.pk, reason="", actor=SYSTEM)
    response = call(browser, route, quote, "GET")
    assert response.status_code in (403, 405)
    assert not [canary for canary in CANARIES if canary in response.content.decode()]


@pytest.mark.parametrize("route", OF_A_QUOTE)
def test_with_the_right_grant_the_same_addresses_answer(route: str) -> None:
    quote = make_canary()
    if "signe" in route and "signer" not in route:
        make_signature(quote)
        assert call(visitor(quote), route, quote, "GET").status_code == 404  # not sealed yet
        return
    browser = visitor(quote)
    response = call(browser, route, quote, "POST" if route.endswith(POST_ONLY) else "GET")
    assert response.status_code in ((404,) if route.endswith(JOINED) else (200, 302))


def test_the_control_sees_the_canaries() -> None:
    quote = make_canary()
    page = visitor(quote).get(quote.get_absolute_url()).content.decode()
    assert {canary for canary in CANARIES if canary in page} >= {"Chantier-canari", "6\u202f890"}


def test_a_link_opens_its_own_quote_alone() -> None:
    quote, other = make_canary(), make_sent_quote()
    browser = Client()
    browser.get(make_link(other)[1])
    assert browser.get(quote.get_absolute_url()).status_code == 403
