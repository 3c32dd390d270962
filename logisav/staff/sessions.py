"""One's own open log-ins at the desk: which browsers, from where, since when; and ending them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils import timezone

from lib.addresses import client_ip
from logisav.staff.models.session import Session, digest_of

SEEN_FROM = "seen_from"  # in the session: address and browser of the log-in
# The first that stands in what a browser says of itself: each pretends to be those below it.
BROWSERS = {
    "Edg": "Edge", "OPR/": "Opera", "SamsungBrowser": "Samsung Internet", "Firefox": "Firefox", "FxiOS": "Firefox",
    "CriOS": "Chrome", "Chrome": "Chrome", "Safari": "Safari",
}  # fmt: skip
SYSTEMS = {
    "iPhone": "un iPhone", "iPad": "un iPad", "Android": "Android", "Windows": "Windows", "CrOS": "ChromeOS",
    "Mac OS X": "un Mac", "Linux": "Linux",
}  # fmt: skip


@dataclass(frozen=True)
class OpenLogin:
    """`name` is the digest that the database knows it by; it opens nothing."""

    name: str
    browser: str
    ip: str
    since: dt.datetime
    used_at: dt.datetime
    is_this: bool


def note_browser(request: HttpRequest) -> None:
    """With the log-in, for the list alone."""
    agent = request.headers.get("User-Agent", "")[:300]
    request.session[SEEN_FROM] = {"ip": client_ip(request), "agent": agent}


def open_logins(user: User, *, this: str | None) -> list[OpenLogin]:
    """Those that still open the desk, the latest used first; `this` is the key of the browser that asks."""
    rows = Session.objects.filter(user=user, expire_date__gt=timezone.now()).order_by("-used_at", "-since")
    found, here = [], digest_of(this or "")
    for row in rows:
        held = row.get_decoded()
        if held.get(HASH_SESSION_KEY) != user.get_session_auth_hash():
            continue  # of an old password
        seen = held.get(SEEN_FROM, {})
        found.append(
            OpenLogin(
                name=row.session_key,
                browser=in_words(seen.get("agent", "")),
                ip=seen.get("ip", ""),
                since=row.since,
                used_at=row.used_at,
                is_this=row.session_key == here,
            )
        )
    return found


def end(user: User, name: str) -> bool:
    """One of one's own."""
    ended, _ = Session.objects.filter(user=user, session_key=name).delete()
    return bool(ended)


def end_all(user: User, *, but: str | None = None) -> int:
    """`but` is the key of the browser that goes on."""
    ended, _ = Session.objects.filter(user=user).exclude(session_key=digest_of(but or "")).delete()
    return ended


def in_words(agent: str) -> str:
    """« Firefox sur Windows », as far as a browser tells."""
    browser = next((name for sign, name in BROWSERS.items() if sign in agent), "")
    system = next((name for sign, name in SYSTEMS.items() if sign in agent), "")
    return f"{browser or 'Un navigateur'} sur {system}" if system else browser or "Un navigateur"
