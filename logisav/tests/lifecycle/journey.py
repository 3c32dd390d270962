"""The whole machine: people, money, workers, time, sudden death, everything said twice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from logisav import sweeping
from logisav.tests.lifecycle.course import SECOND
from logisav.tests.lifecycle.model import DAY, MINUTE, now, today
from logisav.tests.lifecycle.money import Money
from logisav.tests.lifecycle.people import Customer, Owner, of
from payments.models import Payment
from payments.tests.stripe_side import GOOD
from quotes.models import QuoteVersion
from quotes.pdf import rendering

# A working day; evenings before each change of the clocks; the last hour of a year.
STARTS = [
    dt.datetime(2026, 11, 24, 9, tzinfo=dt.UTC),
    dt.datetime(2026, 3, 27, 17, tzinfo=dt.UTC),
    dt.datetime(2026, 10, 24, 21, 30, tzinfo=dt.UTC),
    dt.datetime(2026, 12, 31, 22, 30, tzinfo=dt.UTC),
]
NEW_VERSION_WHILE_SIGNING = "new version while signing"
STAGES = ["draft", "out", "out", "code", "code", "signed", "signed", "page", "paid"]
# What chance alone comes to too seldom, and from where: as often as a stage is named.
SELDOM = {
    "block": ["out", "out", "code", "code"],
    "refuse": ["out", "code"],
    "cancel": ["draft", "out", "code"],
    "file": ["signed", "paid"],
    "withdraw": ["signed", "page", "paid"],
    "send back": ["paid", "paid"],
    "dispute": ["paid", "paid", "paid"],
    "new version": ["code", "code", "code", "code", "code"],
    "choose": ["out", "out", "out", "code", "code", "code", "code"],
    "contradict": ["out", "out", "out"],
    "jam": ["draft", "draft", "draft", "draft", "draft"],
    "new address": ["out"],
    "die": ["out", "code", "signed", "page", "paid"],
}
SCENES = [*((stage, "") for stage in STAGES), *((stage, what) for what in SELDOM for stage in SELDOM[what])]


class Journey(Owner, Customer, Money):
    @initialize(
        start=st.sampled_from(STARTS),
        contract=st.sampled_from(["distance", "distance", "off_premises"]),
        consumer=st.sampled_from([True, True, False]),
        days=st.sampled_from([1, 10, 30]),
        scene=st.sampled_from(SCENES),
        is_prompt=st.sampled_from([True, True, False]),
    )
    def begins(
        self,
        start: dt.datetime,
        contract: str,
        consumer: bool,
        days: int,
        scene: tuple[str, str],
        is_prompt: bool,
    ) -> None:
        """Somewhere on the way, by the same steps as any."""
        self.set_out(start, contract=contract, consumer=consumer, days=days)
        stage, seldom = scene
        way = ["out", "code", "signed", "page", "paid"]
        for step in way[: way.index(stage) + 1] if stage in way else []:
            getattr(self, f"_{step}")()
        if seldom and self._is_in_season(seldom):
            self._bring(seldom)
        self.is_prompt = is_prompt

    def _out(self) -> None:
        self.sends()
        self.renders()
        self.opens_a_link(0, "hers")
        self.reads("hers")

    def _code(self) -> None:
        self.asks_for_a_code(0, "hers", 0)

    def _signed(self) -> None:
        self.types_a_code(0, True)

    def _page(self) -> None:
        if self.model.too_early:
            self.time_passes(8 * DAY)
        self.presses()

    def _paid(self) -> None:
        self.pays(GOOD)
        self.stripe_tells(0)

    @precondition(lambda self: self.model.is_open)
    @rule(price=st.integers(1000, 9000))
    def a_new_version_comes(self, price: int) -> None:
        """Under the eyes of whoever reads the one before, or waits for its code."""
        codes = [number for number in self.model.codes if self.model.code_lives(number)]
        before = self.model.version
        self.tends("revise")
        self.edits(10, price)
        self.sends()
        self.renders()
        if codes and self.model.version > before:
            self.model.kinds[NEW_VERSION_WHILE_SIGNING] += 1

    # What seldom happens

    @precondition(lambda self: any(map(self._is_in_season, SELDOM)))
    @rule(which=st.integers(0, len(SELDOM) - 1))
    def it_happens_all_the_same(self, which: int) -> None:
        self._bring(of([what for what in SELDOM if self._is_in_season(what)], which))

    def _is_in_season(self, what: str) -> bool:
        model = self.model
        match what:
            case "file":
                return model.state in ("accepted", "refused")
            case "withdraw":
                return bool(model.may_withdraw)
            case "send back":
                return Payment.objects.filter(state="paid").exists()
            case "dispute":
                return bool(self._intents("succeeded"))
            case "jam":
                return model.is_editable and not model.is_blocked and model.draft_until >= today()
            case "cancel":
                return model.state == "draft" or model.is_open
            case "die":
                return bool(model.version)
            case "choose":
                return model.is_open and bool(self.read_hash) and not model.choosing
            case "contradict":
                return model.is_open and bool(self.read_hash)
        return model.is_open

    def _bring(self, what: str) -> None:
        ways: dict[str, Callable[[], None]] = {
            "block": lambda: self.tends("block"),
            "refuse": lambda: self.says("refuse"),
            "cancel": lambda: self.decides("cancel"),
            "file": lambda: self.decides("mark_done"),
            "withdraw": lambda: self.says("withdraw"),
            "send back": lambda: self.owner_sends_back(0, "0.25"),
            "dispute": self._is_disputed,
            "new version": lambda: self.a_new_version_comes(2500),
            "choose": self._chooses_and_gets_it,
            "contradict": lambda: self.asks_for_a_code(0, "hers", 1),
            "jam": self._sends_in_vain,
            "new address": lambda: self.tends("email"),
            "die": lambda: self.the_next_step_breaks_off(7),
        }
        ways[what]()

    def _chooses_and_gets_it(self) -> None:
        self.chooses(0, "hers", 0)
        self.renders()

    def _is_disputed(self) -> None:
        self.stripe_side("dispute")
        self.stripe_tells(len(self.world.standin.events()) - 1)

    def _sends_in_vain(self) -> None:
        self.sends()
        self.the_printer_gives_up()

    # Workers

    @rule()
    def renders(self) -> None:
        self.act("render", rendering.sweep)

    @rule()
    def everything_is_swept(self) -> None:
        self.act("sweep", sweeping.sweep)

    @precondition(lambda self: self.model.state == "sending" or self.model.choosing)
    @rule()
    def the_printer_gives_up(self) -> None:
        """Six tries, their pauses and leases in between: the quote is a draft again, a choice is told as failed."""
        self.world.printer_jammed = True
        for _ in range(6):
            self.act("render in vain", rendering.sweep)
            self.clock.shift(4 * MINUTE)
        self.world.printer_jammed = False
        failed = QuoteVersion.objects.filter(quote=self.quote_id, failed_at__isnull=False).exists()
        kinds = self.model.kinds
        told = kinds["sending_failed"] + kinds["choice_failed"] > 0
        assert failed == told or (failed and kinds["choice_overtaken"])

    @rule()
    def the_mail_server_goes_or_comes_back(self) -> None:
        self.world.post.switch()

    # Time

    @rule(
        span=st.sampled_from(
            [61 * SECOND, 9 * MINUTE, 11 * MINUTE, 61 * MINUTE, 23 * 60 * MINUTE, DAY, 2 * DAY]
        )
    )
    def time_passes(self, span: dt.timedelta) -> None:
        self.clock.shift(span)
        self.world.standin.bank.expire_due()

    @rule(days=st.sampled_from([8, 14, 15, 21]))
    def weeks_pass(self, days: int) -> None:
        self.time_passes(days * DAY)

    @precondition(lambda self: any(self.model.link_opens(link) for link in self.model.links))
    @rule(late=st.sampled_from([-SECOND, 0 * SECOND]))
    def the_newest_link_ends(self, late: dt.timedelta) -> None:
        """To the second: 23:59:59 of its life, or 24:00:00."""
        self.time_passes(max(self.model.links.values()) + DAY + late - now())

    @precondition(lambda self: any(self.model.code_lives(code) for code in self.model.codes))
    @rule(late=st.sampled_from([-SECOND, 0 * SECOND]))
    def the_code_ends(self, late: dt.timedelta) -> None:
        self.time_passes(max(code.expires_at for code in self.model.codes.values()) + late - now())

    # Misfortune

    @rule(step=st.integers(1, 70))
    def the_next_step_breaks_off(self, step: int) -> None:
        self.dies_at = step

    @rule()
    def the_next_step_is_said_twice(self) -> None:
        self.echoes = True

    @precondition(lambda self: self.last)
    @rule()
    def the_last_step_is_said_again(self) -> None:
        """However much later: the same key, the same POST."""
        assert self.last is not None
        self.act(*self.last)
