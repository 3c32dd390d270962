"""The desk's log-in, slowed after failures: five a quarter of an hour for a name at one address, thirty for an address.

Counted in the database, so that all processes of the site count together.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.views.decorators.debug import sensitive_post_parameters

from logisav.models import LoginTry
from quotes.access import client_ip

WINDOW = dt.timedelta(minutes=15)
TRIES_A_PAIR = 5
TRIES_AN_ADDRESS = 30
KEPT = dt.timedelta(days=1)


@dataclass(frozen=True)
class Guest:
    """Who tries, from where, as digests."""

    pair: str
    address: str

    @classmethod
    def of(cls, request: HttpRequest) -> Guest:
        address = client_ip(request)
        name = request.POST.get("username", "").strip().casefold()
        return cls(pair=_digest(f"{address} {name}"), address=_digest(address))


def _digest(text: str) -> str:
    return salted_hmac("logisav.signin", text, algorithm="sha256").hexdigest()


@sensitive_post_parameters("password")
def login(request: HttpRequest) -> HttpResponse:
    """Django's own log-in behind the count."""
    if request.method != "POST":
        return admin.site.login(request)
    guest = Guest.of(request)
    wait = take_try(guest)
    if wait is not None:
        return _pause(request, wait)
    response = admin.site.login(request)
    if request.user.is_authenticated:
        LoginTry.objects.filter(pair=guest.pair).delete()
    return response


login.access = "open"  # type: ignore[attr-defined]


def take_try(guest: Guest) -> dt.timedelta | None:
    """Count a try; how long to wait when there have been too many, and then it is not counted.

    The row is committed before the others are counted: of many at the same moment no more than the limit pass.
    """
    now = timezone.now()
    LoginTry.objects.filter(at__lt=now - KEPT).delete()
    mine = LoginTry.objects.create(pair=guest.pair, address=guest.address, at=now)
    recent = LoginTry.objects.filter(at__gt=now - WINDOW).exclude(pk=mine.pk)
    waits = [
        _wait(recent.filter(pair=guest.pair), TRIES_A_PAIR, now),
        _wait(recent.filter(address=guest.address), TRIES_AN_ADDRESS, now),
    ]
    longest = max((wait for wait in waits if wait is not None), default=None)
    if longest is not None:
        mine.delete()
    return longest


def _wait(tries: QuerySet[LoginTry], limit: int, now: dt.datetime) -> dt.timedelta | None:
    """Until the oldest of the last `limit` tries is a quarter of an hour old."""
    latest = list(tries.order_by("-at").values_list("at", flat=True)[:limit])
    return latest[-1] + WINDOW - now if len(latest) == limit else None


def _pause(request: HttpRequest, wait: dt.timedelta) -> HttpResponse:
    minutes = max(1, math.ceil(wait.total_seconds() / 60))
    context = admin.site.each_context(request) | {"title": "Connexion en pause", "minutes": minutes}
    response = render(request, "admin/login_paused.html", context, status=429)
    response.headers["Retry-After"] = str(minutes * 60)
    return response
