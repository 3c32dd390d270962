"""Requests that nobody foresaw: every address of the resolver, whoever may ask, bodies of every kind; seeded.

What sends them is told apart from what makes them: `test_fuzz.py` sends to the test client on PostgreSQL, `fuzz.py`
to a whole installation behind nginx. A request *reaches* when the view's body ran. The installation says so itself
(logisav/tests/reach.py); the test client is told by the answer, low rather than high: a page, a file or a redirect that
is not to the log-in; a conflict or a form that is shown again. Whoever was turned away (400, 403, 404, 405, 413, 429)
does not count there, though many a view had run by then. What nginx answers by itself is counted apart.
"""

from __future__ import annotations

import html
import random  # noqa: TID251  seeded: what was found must be found again
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, urlencode

from django.urls import URLPattern, URLResolver, get_resolver

BOUNDARY = "x9Qfuzz"
FORM, MULTIPART = "application/x-www-form-urlencoded", f"multipart/form-data; boundary={BOUNDARY}"
NAMES = (
    "q", "p", "o", "e", "all", "state__exact", "tour", "responsable", "signe", "envoye", "kind__exact",
    "is_active__exact",
    "session_id", "reference", "devis", "next", "secours", "etat", "nature", "pour", "customer", "modele", "_popup",
    "_to_field", "ids", "term", "app_label", "model_name", "field_name", "demande",
    "_changelist_filters", "title__regex", "retractation",
    "created_at__year", "id__in", "pk", "statut", "unsent", "place__exact",
)  # fmt: skip
GENTLE = (
    "", "1", "0", "-1", "2026-11", "D-2026-0001", "chaudière", "sent", "individual", "on", "12,50", "24/11/2026",
    "julien@exemple.fr", "nous", "L'Été", "a" * 80,
)  # fmt: skip
STRANGE = (
    "9" * 30, "9" * 400, "1e999", "NaN", "sNaN", "Infinity", "-0", "01/01/0001", "31/12/9999", "0000-00-00", "2026-13",
    "\u2028\v\x1b", "\u202egnp", "\ufffe", "\U0001f6e0\u200d", "'\";--", "(a+)+$", "{{7*7}}", "%s%n",
    "../../etc/passwd",
    "<script>", "null", "[]", "[object Object]", "\x00", "a\x00b", "é" * 5000, "٣٤", "ǅ", "\r\nSet-Cookie: a=b",
    "²", "１２",
)  # fmt: skip
BAD_KINDS = (
    "multipart/form-data", f"{FORM}; charset=utf-16", f"{FORM}; charset=hex", "text/plain; charset*=utf-8''%00",
    f"{MULTIPART}; charset=utf-7", "", "application/json; charset=latin-1", "a/b;" + "x" * 500,
    "multipart/form-data; boundary=é",
)  # fmt: skip
BAD_PATHS = (
    "%00",
    "%ED%A0%80",
    "%FF",
    "a" * 300,
    "%2500",
    "..%2f",
    "%0d%0aX:1",
    "٣",
    "9" * 30,
    "%20",
    "%3Cb%3E",
)
MIDDLE = re.compile(r"<(input|select|textarea|option)\b([^>]*)>([^<]*)")
ATTRIBUTE = re.compile(r'([\w-]+)(?:="([^"]*)")?')
OURS = ('lang="fr"', "lang='fr'")
TURNED_AWAY = frozenset({400, 403, 404, 405, 413, 414, 429, 444})


@dataclass(frozen=True)
class Asked:
    who: str
    method: str
    path: str  # with its query, as it stands in the request line
    body: bytes = b""
    kind: str = ""
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Answered:
    status: int
    kind: str
    location: str
    body: bytes
    ran: bool | None = None  # whether the view's body did, where it is known
    by_nginx: bool = False

    @property
    def is_nginx(self) -> bool:
        return self.by_nginx or self.status == 444 or b"<center>nginx" in self.body

    @property
    def reached(self) -> bool:
        if self.ran is not None:
            return self.ran
        if self.status in TURNED_AWAY or self.status >= 500:
            return False
        return not self.location.startswith("/admin/login/")

    @property
    def is_foreign_page(self) -> bool:
        """An error whose page is neither ours nor empty."""
        if self.status < 400 or not self.body or self.is_nginx:
            return False
        page = self.body.decode(errors="replace")
        return not any(mark in page for mark in OURS)


Send = Callable[[Asked], Answered]


@dataclass
class Tally:
    seed: int
    requests: int = 0
    reached: int = 0
    answered_as_if: int = 0  # by the answer alone
    statuses: Counter[int] = field(default_factory=Counter)
    nginx: Counter[int] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    traces: list[str] = field(default_factory=list)  # of the installation's own log

    def count(self, asked: Asked, answered: Answered) -> None:
        self.requests += 1
        if answered.is_nginx:
            self.nginx[answered.status] += 1
            return
        self.statuses[answered.status] += 1
        self.reached += answered.reached
        self.answered_as_if += replace(answered, ran=None).reached
        told = f"{answered.status} {asked.who} {asked.method} {asked.path[:200]} {asked.kind[:60]} {asked.body[:300]!r}"
        if answered.status >= 500 and answered.status != 503:
            self.broken.append(told)
        if answered.is_foreign_page:
            self.foreign.append(f"{told} -> {answered.body[:80]!r}")

    @property
    def arrived(self) -> int:
        """What nginx let through."""
        return self.requests - self.nginx.total()

    @property
    def share(self) -> float:
        return self.reached / max(1, self.arrived)

    def facts(self) -> dict[str, Any]:
        return {
            "seed": self.seed,
            "requests": self.requests,
            "by_nginx_itself": self.nginx.total(),
            "arrived": self.arrived,
            "reached": self.reached,
            "reached_by_the_answer": self.answered_as_if,
            "share": round(self.share, 3),
            "statuses": dict(sorted(self.statuses.items())),
            "by_nginx": dict(sorted(self.nginx.items())),
            "broken": len(self.broken),
            "foreign_error_pages": len(self.foreign),
        }

    def lines(self) -> Iterator[str]:
        yield f"seed {self.seed}: {self.requests} requests, {self.reached} reach, {self.share:.0%} of {self.arrived}"
        yield "answered: " + ", ".join(f"{status} × {n}" for status, n in sorted(self.statuses.items()))
        yield "by nginx itself: " + (", ".join(f"{s} × {n}" for s, n in sorted(self.nginx.items())) or "none")
        yield f"5xx but 503: {len(self.broken)}; error pages that are not ours: {len(self.foreign)}"
        yield from self.broken[:20]
        yield from self.foreign[:20]


def addresses() -> list[str]:
    """Every route of the resolver, as it is written there."""
    return sorted(set(_walk(get_resolver())))


def _walk(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern).removeprefix("^")
        if isinstance(entry, URLResolver):
            yield from _walk(entry, route)
        elif isinstance(entry, URLPattern):
            yield route


def fields_of(page: bytes) -> list[tuple[str, str]]:
    """What a browser would send of the page's forms, as far as a pattern tells."""
    found: list[tuple[str, str]] = []
    select = ""
    for tag, attributes, text in MIDDLE.findall(page.decode(errors="replace")):
        said = {name: html.unescape(value) for name, value in ATTRIBUTE.findall(attributes)}
        if tag == "select":
            select = said.get("name", "")
        elif tag == "option" and select and "selected" in said:
            found.append((select, said.get("value", "")))
        elif tag == "textarea" and said.get("name"):
            found.append((said["name"], html.unescape(text)))
        elif tag == "input" and said.get("name") and _is_sent(said):
            found.append((said["name"], said.get("value", "")))
    return found


def _is_sent(said: dict[str, str]) -> bool:
    if said.get("type") in ("checkbox", "radio"):
        return "checked" in said
    return said.get("type") not in ("submit", "file")


class Fuzzer:
    """`pages`: by address, who may see it and stands for them; `forms` remembers what their pages hold, for another
    one too where the house stays the same.
    """

    def __init__(
        self,
        seed: int,
        *,
        pages: dict[str, list[str]],
        send: Send,
        never: tuple[str, ...] = (),
        forms: dict[tuple[str, str], list[tuple[str, str]]] | None = None,
    ) -> None:
        self.chance = random.Random(seed)  # noqa: S311
        self.tally, self.send, self.never = Tally(seed), send, never
        self.doors = [(who, path) for who, paths in sorted(pages.items()) for path in paths]
        self.shut: set[tuple[str, str]] = set()
        self.forms = {} if forms is None else forms

    def run(self, times: int) -> Tally:
        for _ in range(times):
            asked = self.request()
            answered = self.send(asked)
            self.tally.count(asked, answered)
            self._learn(asked, answered)
        return self.tally

    def _learn(self, asked: Asked, answered: Answered) -> None:
        """A door that is shut to somebody, or to a method, is tried again now and then only."""
        path = asked.path.partition("?")[0]
        if answered.status == 405:
            self.shut.add((asked.method, path))
        elif answered.status in (403, 404):
            self.shut.add((asked.who, path))

    def _door(self) -> tuple[str, str]:
        door = self.chance.choice(self.doors)
        for _ in range(4):
            if door not in self.shut or self.chance.random() < 0.05:
                break
            door = self.chance.choice(self.doors)
        return door

    def request(self) -> Asked:
        who, path = self._door()
        if self.chance.random() < 0.08:
            path = self._other_path(path)
        query = self._query() if self.chance.random() < 0.35 else ""
        headers = self._headers() if self.chance.random() < 0.05 else ()
        reads = self.chance.random() < 0.5 or path in self.never
        if (("GET" if reads else "POST"), path) in self.shut and self.chance.random() < 0.9:
            reads = path in self.never or not reads
        if reads:
            kind = self.chance.choice(BAD_KINDS) if self.chance.random() < 0.03 else ""
            return Asked(
                who,
                self.chance.choice(("GET", "GET", "GET", "HEAD")),
                path + query,
                kind=kind,
                headers=headers,
            )
        if self.chance.random() < 0.03:
            method = self.chance.choice(("PUT", "PATCH", "DELETE", "OPTIONS"))
            return Asked(who, method, path + query, b"x", "text/plain", headers)
        return self._posted(who, path, query, headers)

    def _posted(self, who: str, path: str, query: str, headers: tuple[tuple[str, str], ...]) -> Asked:
        typed = [list(pair) for pair in self._form(who, path)]
        for pair in self.chance.sample(typed, min(len(typed), self.chance.choice((0, 0, 1, 2)))):
            if pair[0] != "csrfmiddlewaretoken":
                pair[1] = self._value()
        if self.chance.random() < 0.15:
            typed.append([self.chance.choice(NAMES), self._value()])
        dice = self.chance.random()
        if dice < 0.05:
            return Asked(
                who,
                "POST",
                path + query,
                self._junk(),
                self.chance.choice((FORM, MULTIPART, "application/json")),
                headers,
            )
        if dice < 0.08:
            return Asked(who, "POST", path + query, self._junk(), self.chance.choice(BAD_KINDS), headers)
        if dice < 0.4:
            return Asked(who, "POST", path + query, multipart(typed), MULTIPART, headers)
        return Asked(
            who,
            "POST",
            path + query,
            urlencode([(pair[0], pair[1]) for pair in typed], errors="replace").encode(),
            FORM,
            headers,
        )

    def _form(self, who: str, path: str) -> list[tuple[str, str]]:
        if (who, path) not in self.forms:
            page = self.send(Asked(who, "GET", path))
            self.forms[who, path] = fields_of(page.body) if page.status == 200 else []
        return self.forms[who, path]

    def _value(self) -> str:
        return self.chance.choice(GENTLE if self.chance.random() < 0.6 else STRANGE)

    def _query(self) -> str:
        names = self.chance.sample(NAMES, self.chance.choice((1, 1, 2)))
        return "?" + "&".join(f"{name}={quote(self._value()[:300])}" for name in names)

    def _other_path(self, path: str) -> str:
        parts = path.split("/")
        parts[self.chance.randrange(1, len(parts))] = self.chance.choice(BAD_PATHS)
        return quote("/".join(parts), safe="/%")

    def _headers(self) -> tuple[tuple[str, str], ...]:
        strange = ("\xff\xfe", "a" * 3000, "é".encode().decode("latin-1"), "t=1,v1=00", "<x>")
        name = self.chance.choice(
            ("User-Agent", "Referer", "X-Request-ID", "Accept-Language", "Stripe-Signature")
        )
        return ((name, self.chance.choice(strange)),)

    def _junk(self) -> bytes:
        return self.chance.choice(
            (
                self.chance.randbytes(200), b"[" * 3000, b"&=" * 500, b"%", b"a=%ff%fe%00", b"{}", b"\x00" * 50,
                f"--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n".encode(),
                b"--" + BOUNDARY.encode() + b"--",
            )
        )  # fmt: skip


def multipart(typed: list[list[str]]) -> bytes:
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in typed
    ]
    return ("".join(parts) + f"--{BOUNDARY}--\r\n").encode(errors="replace")
