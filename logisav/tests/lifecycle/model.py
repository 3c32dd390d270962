"""What should be true by now, told by the journal's facts alone, in rules written down once more from product.md."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

PARIS = ZoneInfo("Europe/Paris")
DAY = dt.timedelta(days=1)
MINUTE = dt.timedelta(minutes=1)
LONG_AGO = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)

# product.md §1, and nowhere else in the tests: what may follow what.
GRAPH = {
    "draft": {"sending", "cancelled"},
    "sending": {"sent", "draft"},
    "sent": {"draft", "reminded", "accepted", "refused", "cancelled", "sending"},
    "reminded": {"draft", "reminded", "accepted", "refused", "cancelled", "sending"},
    "refused": {"sending", "done"},
    "accepted": {"withdrawn", "done"},
    "done": {"withdrawn"},
}
LEADS_TO = {
    "version_frozen": "sending",
    "sent": "sent",
    "version_kept_back": "sent",
    "sending_failed": "draft",
    "sending_resumed": "sending",
    "version_lost": "draft",
    "reminded": "reminded",
    "reminded_automatically": "reminded",
    "accepted": "accepted",
    "refused": "refused",
    "marked_refused": "refused",
    "cancelled": "cancelled",
    "withdrawn": "withdrawn",
    "done": "done",
}
ASKABLE = {"draft", "sending", "sent", "reminded", "accepted", "withdrawn"}
SIGNABLE, REVISABLE = {"sent", "reminded"}, {"sent", "reminded", "refused"}
ONCE = {"created", "accepted", "withdrawn", "cancelled", "done", "sealed", "sealing_late"}
ONCE |= {"deposit_requested", "deposit_opened"}


def now() -> dt.datetime:
    return timezone.now()


def today() -> dt.date:
    return now().astimezone(PARIS).date()


@dataclass
class Code:
    """A form that got its code."""

    at: dt.datetime
    link: int
    version_hash: str
    browser: str
    expires_at: dt.datetime
    tries: int = 0
    is_dead: bool = False


@dataclass
class Model:
    """Follows the journal event by event and raises where an event may not come now."""

    consumer: bool = True
    off_premises: bool = False
    state: str = ""
    version: int = 0
    version_hash: str = ""
    frozen_until: dict[int, dt.date] = field(default_factory=dict)
    email: str = "the first one"
    frozen_for: dict[int, str] = field(default_factory=dict)
    draft_until: dt.date = dt.date.min
    revising: bool = False
    blocked: bool = False
    was_accepted: dt.datetime | None = None
    links: dict[int, dt.datetime] = field(default_factory=dict)
    revoked: set[int] = field(default_factory=set)
    codes: dict[int, Code] = field(default_factory=dict)
    choosing: int = 0  # the version that the customer chose and that is being prepared
    chosen_at: list[tuple[dt.datetime, int]] = field(default_factory=list)  # when, and by which link
    tries_allowed_at: dt.datetime = LONG_AGO
    tries: int = 0
    questions: list[int] = field(default_factory=list)
    answered: set[int] = field(default_factory=set)
    asked_at: list[dt.datetime] = field(default_factory=list)
    requested_at: list[dt.datetime] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    paid: Counter[int] = field(default_factory=Counter)
    transferred: Decimal = Decimal(0)
    announced: bool = False  # a transfer of which nothing has come since
    browser: str = ""  # whose request is under way
    signing: int = 0  # the code that is being typed, rightly
    signed_with: int = 0
    was_open: bool = False  # before the event that is being heard
    could_withdraw: bool | None = False

    # Following

    def hear(self, kind: str, facts: dict[str, Any]) -> None:
        self.kinds[kind] += 1
        assert self.kinds[kind] == 1 or kind not in ONCE, f"{kind} twice"
        self.was_open, self.could_withdraw = self.is_open, self.may_withdraw
        if kind in LEADS_TO:
            assert LEADS_TO[kind] in GRAPH.get(self.state, set()), f"{kind} while {self.state}"
            self.state = LEADS_TO[kind]
        if (follow := getattr(self, f"_{kind}", None)) is not None:
            follow(facts)
        if "link" in facts and kind not in ("link_opened", "code_requested", "options_chosen"):
            assert not self.is_blocked, f"{kind}: a link was mailed for a blocked quote"
            assert not self.has_moved, f"{kind}: a link was mailed to another address than the version's"
            self.links[facts["link"]] = now()

    def _created(self, facts: dict[str, Any]) -> None:
        self.state = "draft"

    def _revision_started(self, facts: dict[str, Any]) -> None:
        assert self.state in REVISABLE
        assert not self.revising
        self.revising = True

    def _version_frozen(self, facts: dict[str, Any]) -> None:
        assert facts["version"] == len(self.frozen_until) + 1
        assert not self.is_blocked
        self.frozen_until[facts["version"]] = self.draft_until
        self.frozen_for[facts["version"]] = self.email

    def _version_kept_back(self, facts: dict[str, Any]) -> None:
        self._sent(facts)
        assert self.is_blocked or self.has_moved

    def _sent(self, facts: dict[str, Any]) -> None:
        assert facts["version"] == len(self.frozen_until), "not the version that was frozen last"
        self.version, self.version_hash, self.revising = facts["version"], facts["version_hash"], False

    def _options_chosen(self, facts: dict[str, Any]) -> None:
        assert self.was_open
        assert not self.choosing
        assert (facts["based_on"], facts["version"]) == (self.version, len(self.frozen_until) + 1)
        assert self.link_opens(facts["link"])
        assert not self.chose_too_often(facts["link"])
        self.frozen_until[facts["version"]] = self.frozen_until[self.version]
        self.frozen_for[facts["version"]] = self.frozen_for[self.version]
        self.choosing = facts["version"]
        self.chosen_at.append((now(), facts["link"]))
        for code in self.codes.values():
            assert code.is_dead or now() >= code.expires_at or code.tries >= 5 or code.browser == self.browser
            code.is_dead = True

    def _choice_in_force(self, facts: dict[str, Any]) -> None:
        assert self.state in SIGNABLE
        assert facts["version"] == self.choosing
        self.version, self.version_hash, self.choosing = facts["version"], facts["version_hash"], 0

    def _choice_overtaken(self, facts: dict[str, Any]) -> None:
        assert self.state not in SIGNABLE or facts["version"] < self.version
        self.choosing = 0

    def _choice_failed(self, facts: dict[str, Any]) -> None:
        assert self.state in SIGNABLE
        self.choosing = 0

    def _blocked(self, facts: dict[str, Any]) -> None:
        assert not self.blocked
        assert not self.is_concluded
        self.blocked = True

    def _unblocked(self, facts: dict[str, Any]) -> None:
        assert self.is_blocked
        self.blocked = False

    def _email_changed(self, facts: dict[str, Any]) -> None:
        self.email = facts["to"]
        self.revoked |= set(self.links)

    def _asked(self, facts: dict[str, Any]) -> None:
        assert len(within(self.asked_at, 60 * MINUTE)) < 5
        self.questions.append(facts["question"])
        self.asked_at.append(now())

    def _answered(self, facts: dict[str, Any]) -> None:
        assert facts["question"] not in self.answered, "answered twice"
        self.answered.add(facts["question"])

    def _link_requested(self, facts: dict[str, Any]) -> None:
        assert len(within(self.requested_at, 60 * MINUTE)) < 3
        assert len(within(self.requested_at, DAY)) < 9
        assert not self.is_blocked
        self.requested_at.append(now())

    def _reminded_automatically(self, facts: dict[str, Any]) -> None:
        assert self.is_open
        assert not self.revising
        assert len(self.answered) == len(self.questions)
        local = now().astimezone(PARIS)
        assert 8 <= local.hour < 20, "a reminder at night or on a week-end"
        assert local.weekday() < 5, "a reminder at night or on a week-end"

    def _refused(self, facts: dict[str, Any]) -> None:
        assert not self.is_blocked
        assert not self.has_lapsed

    def _code_requested(self, facts: dict[str, Any]) -> None:
        assert self.is_open
        assert self.link_opens(facts["link"])
        assert facts["version_hash"] == self.version_hash
        self._make_room(facts["link"])
        self.codes[facts["challenge"]] = Code(
            now(),
            facts["link"],
            facts["version_hash"],
            self.browser,
            min(now() + 10 * MINUTE, self.links[facts["link"]] + DAY),
        )

    def _make_room(self, link: int) -> None:
        """One code a browser, two at once; of others' the oldest of the same link goes first."""
        for code in self.codes.values():
            code.is_dead |= code.browser == self.browser or now() >= code.expires_at
        others = [code for code in self.codes.values() if not code.is_dead]
        others.sort(key=lambda code: (code.link != link, code.at))
        for code in others[: max(0, len(others) - 1)]:
            code.is_dead = True

    def _code_tried(self, facts: dict[str, Any]) -> None:
        code = self.codes[facts["challenge"]]
        code.tries += 1
        self.tries += 1
        assert not code.is_dead, "a dead code was tried"
        assert now() < code.expires_at, "a dead code was tried"
        assert facts["tries"] == code.tries <= 5, "a try that was not counted"

    def _tries_allowed(self, facts: dict[str, Any]) -> None:
        self.tries, self.tries_allowed_at = 0, now()

    def _accepted(self, facts: dict[str, Any]) -> None:
        assert facts["challenge"] == self.signing, "signed without the right code"
        assert self.was_open, "signed although it was not open"
        assert self.code_lives(facts["challenge"]), "signed with a code that had died"
        code = self.codes[facts["challenge"]]
        assert self.link_opens(code.link), "signed through a link that had died"
        assert code.version_hash == facts["version_hash"] == self.version_hash, "signed another version"
        self.signed_with = facts["challenge"]
        for code in self.codes.values():
            code.is_dead = True
        self.was_accepted, self.revising = now(), False

    def _withdrawn(self, facts: dict[str, Any]) -> None:
        assert self.could_withdraw is not False, "withdrawn too late, or without that right"

    def _done(self, facts: dict[str, Any]) -> None:
        self.revising = False

    _cancelled = _done

    def _deposit_requested(self, facts: dict[str, Any]) -> None:
        assert self.was_accepted is not None, "a deposit without a signature"

    def _deposit_paid(self, facts: dict[str, Any]) -> None:
        self.paid[facts["payment"]] += 1
        assert self.paid[facts["payment"]] == 1, "booked twice"
        assert not self.too_early, "money before the law allows it"
        self.announced = False

    def _payment_prepared(self, facts: dict[str, Any]) -> None:
        assert self.stands
        assert not self.too_early

    def _transfer_announced(self, facts: dict[str, Any]) -> None:
        assert not self.announced, "announced again before anything came"
        self.announced = True

    def _transfer_confirmed(self, facts: dict[str, Any]) -> None:
        self.announced = False
        self.transferred += Decimal(facts["amount"])

    # Asking

    @property
    def is_concluded(self) -> bool:
        return self.was_accepted is not None and self.state in ("accepted", "withdrawn", "done")

    @property
    def is_blocked(self) -> bool:
        return self.blocked and not self.is_concluded

    @property
    def has_lapsed(self) -> bool:
        return today() > self.frozen_until.get(self.version, dt.date.max)

    @property
    def is_open(self) -> bool:
        """The customer may sign."""
        reachable = not self.is_blocked and not self.has_moved
        return self.state in SIGNABLE and reachable and not self.has_lapsed

    @property
    def stands(self) -> bool:
        """A contract that nobody has withdrawn from, filed as done or not."""
        return self.was_accepted is not None and self.state in ("accepted", "done")

    @property
    def has_moved(self) -> bool:
        """The customer has another address now than the version was made for; a contract follows."""
        made_for = self.frozen_for.get(self.version, self.email)
        return made_for != self.email and not self.is_concluded

    @property
    def may_be_asked(self) -> bool:
        return bool(self.version) and not self.is_blocked and (self.state in ASKABLE or self.stands)

    @property
    def may_be_written_to(self) -> bool:
        """With a link."""
        return bool(self.version) and not self.is_blocked and not self.has_moved

    @property
    def is_editable(self) -> bool:
        return self.state == "draft" or (self.revising and self.state in REVISABLE)

    def chose_too_often(self, link: int) -> bool:
        """Six times an hour, three of them by one link."""
        lately = [by for at, by in self.chosen_at if at > now() - 60 * MINUTE]
        return len(lately) >= 6 or lately.count(link) >= 3

    def link_opens(self, link: int) -> bool:
        return link not in self.revoked and now() < self.links[link] + DAY

    def code_lives(self, challenge: int) -> bool:
        code = self.codes[challenge]
        return not code.is_dead and now() < code.expires_at

    @property
    def recent_tries(self) -> int:
        since = max(now() - DAY - 10 * MINUTE, self.tries_allowed_at)
        return sum(code.tries for code in self.codes.values() if code.at > since)

    @property
    def is_paused(self) -> bool:
        since = max(now() - DAY, self.tries_allowed_at)
        codes = [code for code in self.codes.values() if code.at > since]
        return len(codes) >= 6 or self.recent_tries >= 30 or self.tries >= 60

    def tries_of_link(self, link: int) -> int:
        since = max(now() - DAY - 10 * MINUTE, self.tries_allowed_at)
        return sum(code.tries for code in self.codes.values() if code.at > since and code.link == link)

    def is_used_up(self, link: int) -> bool:
        """The link has had its share, whatever the quote has left."""
        since = max(now() - DAY, self.tries_allowed_at)
        codes = [code for code in self.codes.values() if code.at > since and code.link == link]
        return len(codes) >= 3 or self.tries_of_link(link) >= 15

    @property
    def too_early(self) -> bool:
        """A consumer who signed at home pays nothing before the eighth day (art. L221-10)."""
        if self.was_accepted is None or not (self.consumer and self.off_premises):
            return False
        return today() < self.was_accepted.astimezone(PARIS).date() + 8 * DAY

    @property
    def may_withdraw(self) -> bool | None:
        """Goods are sold here and none is said to be delivered: the period has no end."""
        return self.stands and self.consumer and self.was_accepted is not None


def within(moments: list[dt.datetime], span: dt.timedelta) -> list[dt.datetime]:
    return [moment for moment in moments if moment > now() - span]
