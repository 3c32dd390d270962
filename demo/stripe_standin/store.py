"""Everything that exists, in every version it ever had, in memory and in one file.

Keeping every version lets the API answer as of an event long past, which is how tests replay events in any order.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Resource = dict[str, Any]
EVERYTHING = ""
ID_LENGTH = {"cs_test": 58}
USUAL_LENGTH = 24
KEPT_FOR = 24 * 3600  # what Stripe promises for an idempotency key


class LeapingClock:
    """Whole seconds, and a hand to put it forward."""

    def __init__(self) -> None:
        self.ahead = 0

    def now(self) -> int:
        return int(time.time()) + self.ahead


@dataclass
class Answered:
    """What an idempotency key got, to be said again."""

    path: str
    params: dict[str, Any]
    request: str
    status: int
    body: str
    at: int


@dataclass
class Delivery:
    """How the webhook of one event fares."""

    done: bool = False
    attempts: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Contents:
    """What the file holds."""

    seq: int = 0
    counter: int = 0
    base_url: str = ""
    ahead: int = 0
    history: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    kinds: dict[str, list[str]] = field(default_factory=dict)
    family: dict[str, str] = field(default_factory=dict)
    answered: dict[str, Answered] = field(default_factory=dict)
    deliveries: dict[str, Delivery] = field(default_factory=dict)


class Store:
    """A resource belongs to a family: the Checkout Session that it came from."""

    def __init__(self, *, file: Path | None = None, base_url: str = "", counted_ids: bool = False) -> None:
        self.file, self.counted_ids = file, counted_ids
        self.clock = LeapingClock()
        self.lock = threading.RLock()
        self.depth = 0
        self.news: list[str] = []
        self.on_news: Callable[[list[str]], None] = lambda events: None
        self.views: dict[str, int] = {}
        self.contents = self._read(base_url)

    # Changing

    @contextmanager
    def changing(self) -> Iterator[None]:
        """One change at a time; it is on disk before anybody hears of it."""
        with self.lock:
            self.depth += 1
            try:
                yield
            finally:
                self.depth -= 1
                news: list[str] = []
                if self.depth == 0:
                    self._write()
                    news, self.news = self.news, []
        if news:
            self.on_news(news)

    def new_id(self, prefix: str) -> str:
        length = ID_LENGTH.get(prefix, USUAL_LENGTH)
        if not self.counted_ids:
            return f"{prefix}_{secrets.token_hex(length // 2)}"
        self.contents.counter += 1
        return f"{prefix}_{self.contents.counter:0{length}d}"

    def save(self, resource: Resource, *, family: str) -> None:
        """A new version; whoever holds an older one keeps it as it was."""
        contents, identity = self.contents, resource["id"]
        contents.seq += 1
        if identity not in contents.history:
            contents.history[identity] = []
            contents.kinds.setdefault(resource["object"], []).append(identity)
            contents.family[identity] = family
        contents.history[identity].append((contents.seq, json.dumps(resource, ensure_ascii=False)))

    def announce(self, event: Resource, *, family: str) -> None:
        self.save(event, family=family)
        self.contents.deliveries[event["id"]] = Delivery()
        self.news.append(event["id"])

    # Reading

    def now(self, kind: str, identity: str) -> Resource | None:
        """As it is, whatever view was chosen."""
        with self.lock:
            versions = self.contents.history.get(identity)
            found: Resource | None = json.loads(versions[-1][1]) if versions else None
        return found if found and found["object"] == kind else None

    def seen(self, kind: str, identity: str) -> Resource | None:
        """As the API shows it: as it is, or as it was at the chosen event."""
        with self.lock:
            limit = self.views.get(self.family_of(identity), self.views.get(EVERYTHING))
            versions = self.contents.history.get(identity, [])
            count = (
                len(versions)
                if limit is None
                else bisect_right(versions, limit, key=lambda version: version[0])
            )
            found: Resource | None = json.loads(versions[count - 1][1]) if count else None
        return found if found and found["object"] == kind else None

    def all_seen(self, kind: str, *, family: str = EVERYTHING) -> list[Resource]:
        """Newest first, of one family or of everything."""
        with self.lock:
            found = [self.seen(kind, identity) for identity in reversed(self._named(kind, family))]
        return [resource for resource in found if resource is not None]

    def all_now(self, kind: str, *, family: str = EVERYTHING) -> list[Resource]:
        """Oldest first."""
        with self.lock:
            found = [self.now(kind, identity) for identity in self._named(kind, family)]
        return [resource for resource in found if resource is not None]

    def _named(self, kind: str, family: str) -> list[str]:
        known = self.contents.kinds.get(kind, [])
        return [identity for identity in known if family in {EVERYTHING, self.contents.family[identity]}]

    def family_of(self, identity: str) -> str:
        return self.contents.family.get(identity, "?")

    def view_as_of(self, event: str, families: list[str]) -> None:
        """Answer as of this event, for some families or for everything; without an event as of the end."""
        with self.lock:
            if not event and not families:
                self.views.clear()
            for family in families or [EVERYTHING]:
                if event:
                    self.views[family] = self.contents.history[event][0][0]
                else:
                    self.views.pop(family, None)

    # Idempotency keys

    def answered(self, key: str) -> Answered | None:
        known = self.contents.answered.get(key)
        return known if known and known.at > self.clock.now() - KEPT_FOR else None

    def keep_answer(self, key: str, answer: Answered) -> None:
        old = [known for known, was in self.contents.answered.items() if was.at <= answer.at - KEPT_FOR]
        for known in old:
            del self.contents.answered[known]
        self.contents.answered[key] = answer

    # The file

    def empty(self) -> None:
        with self.changing():
            self.views.clear()
            self.contents = Contents(base_url=self.contents.base_url)
            self.clock.ahead = 0

    def _read(self, base_url: str) -> Contents:
        if self.file is None or not self.file.exists():
            return Contents(base_url=base_url)
        text = self.file.read_text(encoding="utf-8")
        raw = json.loads(text)
        if raw["base_url"] != base_url:  # another port than last time: the pages moved
            raw = json.loads(text.replace(f"{raw['base_url']}/", f"{base_url}/"))
        self.clock.ahead = raw["ahead"]
        return Contents(
            seq=raw["seq"],
            counter=raw["counter"],
            base_url=base_url,
            history={
                identity: [(seq, version) for seq, version in versions]
                for identity, versions in raw["history"].items()
            },
            kinds=raw["kinds"],
            family=raw["family"],
            answered={key: Answered(**kept) for key, kept in raw["answered"].items()},
            deliveries={event: Delivery(**kept) for event, kept in raw["deliveries"].items()},
        )

    def _write(self) -> None:
        """Whole or not at all."""
        if self.file is None:
            return
        contents = self.contents
        raw = vars(contents) | {
            "ahead": self.clock.ahead,
            "answered": {key: vars(answer) for key, answer in contents.answered.items()},
            "deliveries": {event: vars(delivery) for event, delivery in contents.deliveries.items()},
        }
        draft = self.file.with_name(f".{self.file.name}")
        draft.write_text(json.dumps(raw, ensure_ascii=False), encoding="utf-8")
        draft.replace(self.file)
