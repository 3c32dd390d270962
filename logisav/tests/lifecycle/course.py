"""One example's course: a quote in a world of its own, and how a step is taken, broken off, said twice."""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import sys
from collections import Counter
from collections.abc import Callable
from enum import Enum
from typing import Any, ClassVar

import time_machine
from django.core.cache import cache
from django.test import Client
from hypothesis.stateful import RuleBasedStateMachine

from logisav import sweeping
from logisav.tests.lifecycle.edges import Edges, Troubles, World, new_standin, own_transaction
from logisav.tests.lifecycle.laws import Laws
from logisav.tests.lifecycle.model import Model, today
from notifications import delivery
from payments.stripe_gateway import GatewayUnavailable
from payments.workflow import NoDeposit, NotRefundable
from quotes.models import IllegalMove, Quote
from quotes.tests.factories import make_business, make_customer, make_quote
from quotes.versions.freezing import NotSendable

SECOND = dt.timedelta(seconds=1)


class Said(Enum):
    """What came of a verb that has no outcomes of its own."""

    YES = "yes"
    NO = "no"
    AWAY = "away"


YES, NO, AWAY = Said.YES, Said.NO, Said.AWAY
Expected = Callable[[], set[Any]]
BROWSERS = {"hers": Client(), "another": Client()}  # their middleware is built once for all examples


class Course(RuleBasedStateMachine):
    edges: ClassVar[Edges]
    owner: ClassVar[Any]
    tally: ClassVar[Counter[str]]

    def __init__(self) -> None:
        super().__init__()
        self.stack = contextlib.ExitStack()
        self.edges.world = self.world = World(new_standin())
        self.troubles = Troubles()
        logging.getLogger().addHandler(self.troubles)
        self.stack.callback(logging.getLogger().removeHandler, self.troubles)
        self.stack.enter_context(own_transaction())
        for browser in BROWSERS.values():
            browser.cookies.clear()
        cache.clear()
        self.dies_at, self.echoes, self.is_prompt = 0, False, True
        self.last: tuple[str, Callable[[], object], Expected | None] | None = None

    def set_out(self, start: dt.datetime, *, contract: str, consumer: bool, days: int) -> None:
        """A draft of today's."""
        self.clock = self.stack.enter_context(time_machine.travel(start, tick=False))
        customer = make_customer() if consumer else make_business()
        until = today() + dt.timedelta(days=days)
        quote = make_quote(
            customer=customer,
            owner=self.owner,
            contract=contract,
            small_business=None if consumer else False,
            valid_until=until,
            start="1 mois après la signature",
            duration="2 jours",
        )
        self.quote_id, self.customer_id = quote.pk, customer.pk
        self.model = Model(consumer, contract == "off_premises", draft_until=until)
        self.laws = Laws(quote, self.model, self.world)
        self.laws.check()

    @property
    def quote(self) -> Quote:
        return Quote.objects.get(pk=self.quote_id)

    # A step

    def act(self, name: str, verb: Callable[[], object], expected: Expected | None = None) -> None:
        """Take it; where a death is planned it is broken off and taken again, where an echo is, said twice."""
        self.last = (name, verb, expected)
        self.tally["steps"] += 1
        self.tally[name] += 1
        times, step = 2 if self.echoes else 1, self.dies_at
        self.dies_at, self.echoes = 0, False
        if step and not self._dies(name, verb, expected, step=step):
            times -= 1
        for _ in range(times):
            self._say(name, verb, expected)
        if self.is_prompt:
            delivery.sweep()
            self.laws.check()
        self.clock.shift(SECOND)

    def _dies(self, name: str, verb: Callable[[], object], expected: Expected | None, *, step: int) -> bool:
        """False when it came to its end before."""
        wanted, got = expected() if expected else None, None
        with self.world.dying_at(step) as life:
            got = outcome_of(verb)
        self.laws.check()
        if life.is_over:
            self.tally["deaths"] += 1
            return True
        assert wanted is None or got in wanted, f"{name}: {got}, expected {wanted}"
        return False

    def _say(self, name: str, verb: Callable[[], object], expected: Expected | None) -> None:
        wanted = expected() if expected else None
        got = outcome_of(verb)
        assert wanted is None or got in wanted, f"{name}: {got}, expected {wanted}"
        self.laws.check()
        assert not self.troubles.said, self.troubles.said[0]

    # Its end

    def teardown(self) -> None:
        try:
            if sys.exc_info()[0] is None and hasattr(self, "laws"):
                self._come_to_the_end()
        finally:
            self.stack.close()

    def _come_to_the_end(self) -> None:
        """Servers are back, everybody tries again, the worker takes up what is left, the pauses end."""
        self.world.standin.faults.clear()
        self.world.post.is_down = self.world.printer_jammed = False
        for hours in (0, 1, 13, 25):
            self.clock.shift(dt.timedelta(hours=hours))
            self.world.standin.bank.expire_due()
            sweeping.sweep()
            self.laws.check()
        sweeping.sweep()
        assert not self.troubles.said, self.troubles.said[0]
        self.laws.check_the_end()
        self.tally["examples"] += 1
        for kind, count in self.model.kinds.items():
            self.tally[f"told: {kind}"] += count


def outcome_of(verb: Callable[[], object]) -> object:
    """An outcome or a status as it is; what was refused by raising; anything else is done."""
    try:
        result = verb()
    except (IllegalMove, NotSendable, NotRefundable, NoDeposit):
        return NO
    except GatewayUnavailable:
        return AWAY
    if isinstance(result, tuple):
        result = result[0]
    return result if isinstance(result, Enum) or type(result) is int else YES
