"""Signing requests and signatures, made by the verbs themselves."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone

from lib import limiter
from quotes.journal import Actor
from quotes.models import AccessLink, Quote
from quotes.tests.factories import make_link, make_sent_quote, secrets_of, version_of
from signing import workflow
from signing.models import Signatory, Signature, SigningRequest
from signing.workflow import Outcome

BROWSER = "b" * 64
CUSTOMER = Actor("customer", ip="203.0.113.24", agent="Tests")


def make_form(**fields: Any) -> Signatory:
    defaults: dict[str, Any] = {
        "first_name": "Claire",
        "last_name": "Morel",
        "phone": "06 39 98 12 34",
        "capacity": "",
        "place": "distance",
        "kind": "individual",
        "consents": frozenset({"quote", "electronic"}),
    }
    return Signatory(**defaults | fields)


def request_code(
    quote: Quote, *, link: AccessLink | None = None, browser: str = BROWSER, **fields: Any
) -> tuple[Outcome, SigningRequest | None]:
    version = version_of(quote)
    fields.setdefault("consents", frozenset(one.id for one in version.reading.consents if one.required))
    return workflow.request_code(
        quote.pk,
        link=link or make_link(quote)[0],
        form=make_form(**fields),
        version_hash=version.version_hash,
        browser=browser,
        actor=CUSTOMER,
    )


def make_signing_request(quote: Quote | None = None, **fields: Any) -> SigningRequest:
    outcome, request = request_code(quote or make_sent_quote(), **fields)
    assert request is not None, outcome
    return request


def right_code(request: SigningRequest) -> str:
    return secrets_of("signing/code", request.quote)["code"]


def wrong_code(request: SigningRequest) -> str:
    return f"{(int(right_code(request)) + 1) % 1_000_000:06}"


def sign(request: SigningRequest, code: str, *, browser: str = BROWSER) -> Outcome:
    return workflow.sign(request.pk, code=code, link=request.link, browser=browser, actor=CUSTOMER)


def make_signature(quote: Quote | None = None) -> Signature:
    request = make_signing_request(quote)
    assert sign(request, right_code(request)) is Outcome.SIGNED
    return Signature.objects.get(quote=request.quote)


def let_the_minute_pass(quote: Quote, *, seconds: int = 61) -> None:
    """From now on another code may be asked for."""
    asked_at = timezone.now() - dt.timedelta(seconds=seconds)
    SigningRequest.objects.filter(quote=quote).update(created_at=asked_at)
    limiter.forget(limiter.CODE.of(quote=quote.pk))
