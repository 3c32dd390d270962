"""Ten customers at a time go their way through one fault; then everything is judged."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from logisav.tests.faults.customer import Customer
from logisav.tests.faults.ground import Ground
from logisav.tests.faults.results import Result
from logisav.tests.faults.table import Fault

AT_A_TIME = 10
FIRST_AFTER = 6.0  # seconds; a fault begins somewhere in the first of them
DRAINED_WITHIN = 60.0
PATIENCE = 480.0
AT_ONCE = 2  # points of accept that are armed at the same moment
CODE_MAIL = "mail signing/code"


@dataclass
class Batch:
    """One fault and its customers. `windows` are when it lasted, in seconds since 1970."""

    ground: Ground
    fault: Fault
    name: str
    seed: str
    count: int = AT_A_TIME
    customers: list[Customer] = field(default_factory=list)
    windows: list[tuple[float, float]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    named: list[str] = field(default_factory=list)
    points: dict[str, int] = field(default_factory=dict)
    so_far: dict[str, int] = field(default_factory=dict)

    def run(self, result: Result) -> None:
        before, self.so_far = self.ground.reached(), result.points
        self.customers = self.ground.customers(self.count, batch=self.name)
        over = threading.Event()
        cause = threading.Thread(
            target=self._guarded, args=(self._cause_points if self.fault.points else self._cause, over)
        )
        cause.start()
        with ThreadPoolExecutor(self.count) as pool:
            list(pool.map(self._walk, self.customers))
        over.set()
        cause.join()
        self.points = dict(self.ground.reached() - before)
        self._drain()
        self._judge(result)

    def chance(self, what: str) -> float:
        """Between 0 and 1, the same for the same seed."""
        digest = hashlib.sha256(f"{self.seed}/{self.name}/{what}".encode()).digest()
        return int.from_bytes(digest[:4], "big") / 2**32

    # The fault

    def _guarded(self, cause: Callable[[threading.Event], None], over: threading.Event) -> None:
        try:
            cause(over)
        except Exception as error:  # noqa: BLE001 - the harness itself: it must be seen in the verdict
            self.wrong.append(f"the fault itself: {type(error).__name__}: {error}")

    def _cause(self, over: threading.Event) -> None:
        happens = self.fault.happens
        assert happens
        over.wait(FIRST_AFTER * self.chance("start"))
        for time_ in range(self.fault.times):
            if time_ and over.is_set():
                return
            begun = time.time()
            with happens(self.ground):
                time.sleep(self.fault.lasts)
            self.windows.append((begun, time.time()))
            over.wait(self.fault.rests * (0.5 + self.chance(f"rest {time_}")))

    def _cause_points(self, over: threading.Event) -> None:
        """All at once where a worker dies, which is a row's own; few at once where a customer has to press again.

        What was reached least so far comes first.
        """
        self.named = [*self.fault.points]
        if self.fault.each_statement:
            self.named += [f"accept: statement {one}" for one in range(1, self._statements() + 1)]
        names = sorted(self.named, key=lambda name: (self.so_far.get(name, 0), self.chance(name)))
        at_once = AT_ONCE if self.fault.each_statement else len(names)
        while names and not over.is_set():
            while names and len(self.ground.armed()) < at_once:
                self.ground.arm(names.pop(0))
            over.wait(0.1)
        over.wait()
        self.ground.disarm()

    def _statements(self) -> int:
        """As many as an accept has, which the quiet batch has told."""
        seen = self.ground.marks / "statements"
        if not seen.exists():
            raise RuntimeError("nobody has signed yet")
        return max(int(line) for line in seen.read_text().split())

    # The customers

    def _walk(self, customer: Customer) -> None:
        try:
            customer.sign()
            customer.receive_the_contract()
            customer.pay(self.ground.stripe.pay_with)
        except Exception as error:  # noqa: BLE001 - whoever did not come to the end is lost
            self.wrong.append(f"lost: {customer.number}: {type(error).__name__}: {error}")

    # The verdict

    @property
    def numbers(self) -> list[str]:
        return [customer.number for customer in self.customers]

    def _drain(self) -> None:
        end = time.monotonic() + PATIENCE
        while left := self.ground.insider.ask("waiting", tries=60, numbers=self.numbers):
            if time.monotonic() > end:
                self.wrong += [f"lost: I6 {words}" for words in left]
                return
            time.sleep(0.5)

    def _judge(self, result: Result) -> None:
        told = [customer.number for customer in self.customers if customer.told_accepted]
        ask = self.ground.insider.ask
        found = ask("judge", tries=5, numbers=self.numbers, told=told, ledger=self.ground.ledger())
        rows = ask("rows", tries=5, numbers=self.numbers)
        doubles = list(self.ground.mails.doubles(self.numbers))
        if doubles and not self.fault.may_double:
            found += [f"doubled: {pair[0].subject}" for pair in doubles]
        result.batches += 1
        result.times += sum(self.points.values()) if self.fault.points else len(self.windows)
        result.quotes += len(self.customers)
        result.lost += len({words.split(":")[1] for words in self.wrong if words.startswith("lost")})
        result.doubled_pdfs += sum("I3 revisions" in words for words in found)
        result.doubled_mails += sum(len(pair) - 1 for pair in doubles)
        result.failed_answers += sum(customer.failed_answers for customer in self.customers)
        result.wrong += [*self.wrong, *found]
        for name in self.named:
            result.points[name] = result.points.get(name, 0) + self.points.get(name, 0)
        self._time(rows, result)

    def _time(self, rows: Sequence[dict[str, Any]], result: Result) -> None:
        deaths = self.ground.deaths()
        for row in rows:
            killed = min(deaths.get(row["row"], 0.0), row["done"])
            waited = row["done"] - max(row["made"], killed, self._end_within(row["made"], row["done"]))
            if waited > result.slowest_drain:
                result.slowest_drain = waited
                result.slowest = f"{row['kind']}, try {row['attempts']}"
            result.late += waited > DRAINED_WITHIN
        again = {row["about"] for row in rows if row["kind"] == CODE_MAIL and row["attempts"] > 1}
        for customer in self.customers:
            mail = customer.code_mail
            if mail is None or (self.fault.points and customer.number in again):
                continue
            if not any(begun <= mail.arrived and mail.asked <= ended for begun, ended in self.windows):
                result.codes.append(round(mail.arrived - mail.asked, 2))

    def _end_within(self, made: float, done: float) -> float:
        """When the fault ended under which the row lived; a point has no window, whoever held the row died there."""
        return max((ended for begun, ended in self.windows if begun <= done and ended >= made), default=made)
