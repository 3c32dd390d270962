"""A load on a real installation (topology.py): what it holds, then half of that for a while.

    make load          100,000 quotes, 30 minutes
    make load-short    2,000 quotes, under a minute of load

One visit in twenty signs, with the code from its mail; the others open their link, read the quote and one in five its
PDF. First, as many visitors as `CROWD` come one after the other, without a pause; what they did by the time the last
signed PDF was mailed is what the machine holds. Then visits begin at half that pace, whether or not those before are
over. The visitors run on the same machine and take their share of it. Kept in var/figures/load.json, load-short.json.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import itertools
import json
import math
import os
import re
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import requests

from demo.mailbox import CaughtMail
from logisav.tests import stack
from logisav.tests.rows import ROOT, commit_of
from logisav.tests.topology import LANES, Topology

CROWD = 8
SIGNS, TAKES_PDF = 20, 5  # one visit in so many
READ_BY_MANY = 40  # quotes that visitors only read
PATIENCE = 180  # seconds: for a mail, and for all that was begun to come to its end
CODE = re.compile(r"^ {4}(\d{3})\s(\d{3})\s*$", re.MULTILINE)
HIDDEN = re.compile(r'name="(csrfmiddlewaretoken|version_hash)" value="([^"]+)"')
CONSENT = re.compile(r'name="(consent_[\w-]+)"')
KEY = re.compile(r"/(l|devis)/[^/]+")
FORM = {"first_name": "Claire", "last_name": "Morel", "phone": "06 39 98 12 34"}
FORM |= {"kind": "individual", "place": "distance"}

# Promised to customers (seconds, at the 95th percentile); of memory, the part by which it may grow or shrink.
CODE_SECONDS, PDF_SECONDS, MEMORY = 10, 60, 0.05


@dataclass
class Seen:
    """What all visitors have seen; times are in seconds."""

    pages: list[float] = field(default_factory=list)
    codes: list[float] = field(default_factory=list)
    pdfs: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    visits: int = 0
    late: float = 0.0  # the longest that a visit had to wait for a visitor


class Mails:
    """Watches the mail server's folder: when the code and the signed PDF of each quote were taken over."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.known = folder, set[str]()
        self.codes: dict[str, tuple[str, float]] = {}
        self.signed: dict[str, float] = {}

    def watch(self, until: threading.Event) -> None:
        while not until.wait(0.1):
            for path in sorted(self.folder.glob("*.eml")):
                if path.name not in self.known:
                    self.known.add(path.name)
                    self._read(CaughtMail(path.stem, path))

    def _read(self, mail: CaughtMail) -> None:
        number, at = mail.subject.rpartition("devis ")[2], mail.received_at.timestamp()
        if code := CODE.search(mail.text):
            self.codes[number] = (code[1] + code[2], at)
        elif mail.subject.endswith("est accepté") and mail.attachments:
            self.signed[number.removesuffix(" est accepté")] = at


class Visitors:
    def __init__(self, topology: Topology, mails: Mails, quotes: list[list[str]]) -> None:
        self.topology, self.mails = topology, mails
        self.seen, self.numbers = Seen(), itertools.count()
        self.read = itertools.cycle(quotes[:READ_BY_MANY])
        self.to_sign = iter(quotes[READ_BY_MANY:])
        self.signed_at: dict[str, float] = {}
        self.lock = threading.Lock()

    def visit(self, due: float) -> None:
        """One of them; whatever goes wrong is an error that is counted."""
        with self.lock:
            number = next(self.numbers)
            signs = number % SIGNS == 0
            quote, path = next(self.to_sign if signs else self.read)
            self.seen.visits += 1
            self.seen.late = max(self.seen.late, time.monotonic() - due)
        try:
            with requests.Session() as browser:
                browser.trust_env = False  # no proxy, and no other certificates than ours
                browser.verify = str(self.topology.folder / "tls" / "fullchain.pem")
                page = self._ask(browser, "GET", self.topology.address + path)
                if signs:
                    self._sign(browser, quote, page.url)
                elif number % TAKES_PDF == 1:
                    self._ask(browser, "GET", page.url + "devis.pdf")
        except (requests.RequestException, Failed) as error:
            with self.lock:
                self.seen.errors[error.args[0] if isinstance(error, Failed) else type(error).__name__] += 1

    def _ask(self, browser: requests.Session, method: str, address: str, **typed: Any) -> requests.Response:
        began = time.monotonic()
        answer = browser.request(method, address, timeout=60, headers={"Referer": address}, **typed)
        self.seen.pages.append((time.monotonic() - began) / (1 + len(answer.history)))
        if answer.status_code != requests.codes.ok:
            raise Failed(f"{answer.status_code} for {KEY.sub('/…', answer.url)}")
        return answer

    def _sign(self, browser: requests.Session, quote: str, address: str) -> None:
        form = self._ask(browser, "GET", address + "signer/")
        typed = FORM | dict(HIDDEN.findall(form.text)) | dict.fromkeys(CONSENT.findall(form.text), "on")
        asked_at = time.time()
        page = self._ask(browser, "POST", form.url, data=typed)
        code, came_at = self._code(quote)
        self.seen.codes.append(came_at - asked_at)
        began = time.time()
        done = self._ask(browser, "POST", page.url, data=dict(HIDDEN.findall(page.text)) | {"code": code})
        if "signer" in done.url:
            raise Failed("the right code was not taken")
        with self.lock:
            self.signed_at[quote] = began

    def _code(self, quote: str) -> tuple[str, float]:
        end = time.monotonic() + PATIENCE
        while quote not in self.mails.codes:
            if time.monotonic() > end:
                raise Failed("no code came")
            time.sleep(0.1)
        return self.mails.codes[quote]

    def wait_for_the_pdfs(self) -> None:
        """Of all who have signed."""
        end = time.monotonic() + PATIENCE
        while missing := set(self.signed_at) - set(self.mails.signed):
            if time.monotonic() > end:
                self.seen.errors["no signed PDF came"] += len(missing)
                break
            time.sleep(0.2)
        arrived = {quote: self.mails.signed[quote] for quote in self.signed_at if quote in self.mails.signed}
        self.seen.pdfs = [at - self.signed_at[quote] for quote, at in arrived.items()]


class Failed(Exception):
    """A visitor did not get what there should have been."""


def hold(visitors: Visitors, *, seconds: float) -> float:
    """As fast as the crowd can; visits a second until all that they began was done."""
    began = time.monotonic()
    end = began + seconds

    def come_and_go() -> None:
        while (now := time.monotonic()) < end:
            visitors.visit(now)

    with ThreadPoolExecutor(CROWD) as crowd:
        for coming in [crowd.submit(come_and_go) for _ in range(CROWD)]:
            coming.result()
    visitors.wait_for_the_pdfs()
    return visitors.seen.visits / (time.monotonic() - began)


def come_at_pace(visitors: Visitors, *, pace: float, seconds: float) -> None:
    """`pace` visits begin every second."""
    began = time.monotonic()
    with ThreadPoolExecutor(64) as crowd:
        coming = []
        for number in range(max(1, int(pace * seconds))):
            due = began + number / pace
            time.sleep(max(0.0, due - time.monotonic()))
            coming.append(crowd.submit(visitors.visit, due))
        for one in coming:
            one.result()
    visitors.wait_for_the_pdfs()


# Memory


class Memory:
    """The proportional set size (PSS, in MiB) of the web and of all workers, their children included."""

    def __init__(self, topology: Topology) -> None:
        self.topology, self.samples = topology, list[tuple[float, float, float]]()

    def watch(self, until: threading.Event, *, every: float) -> None:
        began = time.monotonic()
        while not until.wait(every):
            web = self._size("web")
            workers = sum(self._size(f"worker-{lane}") for lane in LANES)
            self.samples.append((time.monotonic() - began, web, workers))

    def _size(self, part: str) -> float:
        process = self.topology[part].process
        return sum(map(pss, stack.family(process.pid))) / 1024 if process else 0.0

    def change(self, column: int) -> float:
        """From the first quarter after the warm-up (a fifth of the time) to the last: 0.03 is 3 % more."""
        sizes = [sample[column] for sample in self.samples[len(self.samples) // 5 :]]
        quarter = len(sizes) // 4
        if not quarter:
            return 0.0
        return statistics.fmean(sizes[-quarter:]) / statistics.fmean(sizes[:quarter]) - 1


def pss(pid: int) -> int:
    """In KiB; 0 for a process that has ended meanwhile."""
    with contextlib.suppress(OSError):
        found = re.search(r"(?m)^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text())
        return int(found[1]) if found else 0
    return 0


# The whole


def p95(times: list[float]) -> float:
    """The 95th percentile; 0 where nothing was measured."""
    return round(sorted(times)[math.ceil(0.95 * len(times)) - 1], 2) if times else 0.0


@contextlib.contextmanager
def watching(*watches: Callable[[threading.Event], None]) -> Iterator[None]:
    over = threading.Event()
    threads = [threading.Thread(target=watch, args=[over], daemon=True) for watch in watches]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def load(folder: Path, *, quotes: int, seconds: float, ramp: float) -> dict[str, Any]:
    with Topology(folder, limited=False) as topology:
        say(f"{quotes} quotes …")
        make(topology, f"lying({quotes})")
        mails = Mails(topology.mail_folder)
        with watching(mails.watch):
            say(f"What the machine holds: {CROWD} visitors without a pause, {ramp:.0f} s …")
            first = Visitors(topology, mails, living(topology, READ_BY_MANY + int(ramp * 3)))
            most = hold(first, seconds=ramp)
            pace = most / 2
            say(f"It holds {most:.2f} visits a second; half of that for {seconds:.0f} s …")
            rest = Visitors(topology, mails, living(topology, READ_BY_MANY + int(pace * seconds / SIGNS) + 2))
            wait_until_drained(topology)
            memory = Memory(topology)
            with watching(lambda over: memory.watch(over, every=max(1.0, seconds / 360))):
                come_at_pace(rest, pace=pace, seconds=seconds)
            waiting = wait_until_drained(topology)
        seen = rest.seen
        return {
            "commit": commit_of(ROOT),
            "began": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            "cores": os.cpu_count(),
            "busy": round(os.getloadavg()[2], 1),
            "quotes": quotes,
            "held visits/s": round(most, 2),
            "tried visits/s": round(pace, 2),
            "seconds": seconds,
            "visits": seen.visits,
            "requests": len(seen.pages),
            "signatures": len(rest.signed_at),
            "errors": dict(first.seen.errors + seen.errors),
            "errors in the logs": dict(logged(topology)),
            "waiting at the end": waiting,
            "page p95 s": p95(seen.pages),
            "code mail p95 s": p95(seen.codes),
            "signed PDF p95 s": p95(seen.pdfs),
            "latest start s": round(seen.late, 2),
            "memory of the web": round(memory.change(1), 3),
            "memory of the workers": round(memory.change(2), 3),
            "memory samples (s, MiB, MiB)": [[round(number) for number in one] for one in memory.samples],
        }


def make(topology: Topology, words: str) -> str:
    return topology.manage(
        "shell", "-v", "0", "-c", f"from logisav.tests import load_quotes; load_quotes.{words}"
    )


def living(topology: Topology, count: int) -> list[list[str]]:
    found: list[list[str]] = json.loads(make(topology, f"living({count})"))
    return found


def wait_until_drained(topology: Topology) -> int:
    """How many mails, PDFs and seals still wait when patience ends."""
    postgres = topology["postgres"]
    assert isinstance(postgres, stack.Postgres)
    end = time.monotonic() + PATIENCE
    with psycopg.connect(postgres.url(), autocommit=True) as database:
        while True:
            row = database.execute(WAITING).fetchone()
            waiting = int(row[0]) if row else 0
            if not waiting or time.monotonic() > end:
                return waiting
            time.sleep(0.5)


# What was laid there by hand (many.py) is told apart by its numbers.
WAITING = """
SELECT (SELECT count(*) FROM notifications_outgoingemail WHERE state <> 'sent' AND about NOT LIKE 'D-9%')
     + (SELECT count(*) FROM quotes_quoteversion v JOIN quotes_quote q ON q.id = v.quote_id
        WHERE v.done_at IS NULL AND q.number NOT LIKE 'D-9%')
     + (SELECT count(*) FROM signing_signature s WHERE NOT EXISTS
        (SELECT 1 FROM signing_sealeddocument d WHERE d.signature_id = s.id))
"""


def logged(topology: Topology) -> Counter[str]:
    """What web, workers and schedule wrote down as an error, numbers and the ids of requests left out."""
    said = Counter[str]()
    for name, text in topology.log_texts().items():
        if name.startswith(("web", "worker", "schedule")):
            said.update(
                re.sub(r"\[[^]]*\]|\d+", "…", line)[:160] for line in re.findall(r" ERROR (.+)", text)
            )
    return said


def say(words: str) -> None:
    print(words, flush=True)


def broken(found: dict[str, Any]) -> Iterator[str]:
    """What a busy build machine must not break either."""
    if found["errors"]:
        yield f"{sum(found['errors'].values())} errors"
    if found["waiting at the end"]:
        yield f"{found['waiting at the end']} still wait"
    if not found["signatures"]:
        yield "nobody signed"


def too_slow(found: dict[str, Any]) -> Iterator[str]:
    """What was promised of a machine that does nothing else."""
    if found["errors in the logs"]:
        yield "no error is written down"
    if found["code mail p95 s"] > CODE_SECONDS:
        yield f"the code is mailed within {CODE_SECONDS} s"
    if found["signed PDF p95 s"] > PDF_SECONDS:
        yield f"the signed PDF is mailed within {PDF_SECONDS} s"
    for part in ("memory of the web", "memory of the workers"):
        if abs(found[part]) > MEMORY:
            yield f"{part} stays within {MEMORY:.0%}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="make load")
    parser.add_argument("--quotes", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=1800)
    parser.add_argument("--ramp", type=float, default=60)
    parser.add_argument(
        "--short", action="store_true", help="fails on errors and on what is left undone alone"
    )
    given = parser.parse_args()
    kept = ROOT / "var" / "figures"
    kept.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="logisav-load-") as folder:
        found = load(Path(folder), quotes=given.quotes, seconds=given.seconds, ramp=given.ramp)
    (kept / f"load{'-short' if given.short else ''}.json").write_text(json.dumps(found, indent=1))
    for name, value in found.items():
        if "samples" not in name:
            say(f"{name:<24} {value}")
    missed = list(too_slow(found))
    for words in missed:
        say(f"NOT HELD: {words}")
    failures = [*broken(found), *([] if given.short else missed)]
    for words in failures:
        say(f"FAILED: {words}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
