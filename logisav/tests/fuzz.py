"""`make fuzz`: at least 20,000 requests at a whole installation, through nginx; kept in var/figures/fuzz.json.

    python -m logisav.tests.fuzz [--requests 20000] [--seed 20261129]

What one address may ask so often is raised by the environment (LIMITS_FACTOR), else most requests would be told to
wait; the real limits are those of `test_fuzz.py`. What nginx refuses by itself (400, 413, 414, 444) is counted apart.
"""

from __future__ import annotations

import argparse
import datetime as dt
import http.client
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from logisav.tests.fuzzing import Answered, Asked, Fuzzer, Tally
from logisav.tests.reach import HEADER
from logisav.tests.topology import HOST, ROOT, Topology

KEPT = ROOT / "var" / "figures" / "fuzz.json"
SHARE = 0.6
NGINX_STATUSES = frozenset({413, 429, 502, 504})
# They end a session for good, their own or that of everybody.
NEVER = ("/admin/logout/", "/admin/password_change/")


class Visitors:
    """One browser a person: cookies as they were given, over one connection that is opened again when it closes."""

    def __init__(self, topology: Topology, told: dict[str, Any]) -> None:
        self.topology = topology
        self.cookies: dict[str, dict[str, str]] = {
            who: {"__Host-logisav": session} for who, session in told["sessions"].items()
        }
        self.opened = self._connect()
        for link in told["links"]:
            self.send(Asked("customer", "GET", link))

    def _connect(self) -> http.client.HTTPSConnection:
        self.manager = self.topology.connection()
        return self.manager.__enter__()

    def send(self, asked: Asked) -> Answered:
        try:
            return self._sent(asked)
        except (http.client.HTTPException, OSError):
            # nginx closes without a word (444), or before it has read it all.
            self.manager.__exit__(None, None, None)
            self.opened = self._connect()
            return Answered(444, "", "", b"", ran=False)

    def _sent(self, asked: Asked) -> Answered:
        jar = self.cookies.setdefault(asked.who, {})
        headers = {
            "Cookie": "; ".join(f"{name}={value}" for name, value in jar.items()),
            **dict(asked.headers),
        }
        if asked.kind:
            headers["Content-Type"] = asked.kind
        if asked.method == "POST":
            headers["Origin"] = self.topology.address
        headers["Host"] = f"{HOST}:{self.topology.https_port}"
        self.opened.request(asked.method, asked.path, body=asked.body or None, headers=headers)
        response = self.opened.getresponse()
        body = response.read()
        if asked.who in ("anonymous", "customer") or response.status < 400:
            self._keep(jar, response.headers.get_all("Set-Cookie") or [])
        location = response.headers.get("Location", "").removeprefix(self.topology.address)
        kind, said = response.headers.get("Content-Type", ""), response.headers.get(HEADER)
        # A page of ours that nginx serves for what it refused itself: the product has not said its word.
        if said is None and response.status in NGINX_STATUSES:
            return Answered(response.status, kind, location, body, ran=False, by_nginx=True)
        return Answered(response.status, kind, location, body, ran=said == "1")

    def _keep(self, jar: dict[str, str], given: list[str]) -> None:
        for one in given:
            name, _, value = one.partition(";")[0].partition("=")
            if value and value != '""':
                jar[name] = value


def say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def house(topology: Topology) -> dict[str, Any]:
    """Built in the installation's own database, before anybody asks."""
    variables = topology.variables | {"ALLOWED_HOSTS": f"{HOST},testserver", "SSL_REDIRECT": "0"}
    command = [sys.executable, "-m", "logisav.tests.fuzz_house"]
    done = subprocess.run(command, env=variables, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def run(folder: Path, *, requests: int, seed: int) -> Tally:
    with Topology(
        folder,
        limited=False,
        DJANGO_SETTINGS_MODULE="logisav.tests.reach_settings",
        LIMITS_FACTOR="1000",
        SECOND_FACTOR_REQUIRED="nobody",
    ) as topology:
        told = house(topology)
        visitors = Visitors(topology, told)
        fuzzer = Fuzzer(seed, pages=told["pages"], send=visitors.send, never=NEVER)
        tally = Tally(seed)
        for done in range(0, requests, 1000):
            tally = fuzzer.run(min(1000, requests - done))
            # Forms grow old: a token, a state, a row that is gone.
            fuzzer.forms.clear()
            say(f"{tally.requests}: {tally.share:.0%} reach, {len(tally.broken)} broken")
        logs = topology.log_texts()["web.log"]
        tally.traces = [one[-1500:] for one in logs.split("Traceback (most recent call last)")[1:21]]
        return tally


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=20261129)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="logisav-fuzz-") as folder:
        tally = run(Path(folder), requests=asked.requests, seed=asked.seed)
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    facts = tally.facts() | {
        "commit": commit.stdout.strip(),
        "at": f"{dt.datetime.now(dt.UTC):%Y-%m-%dT%H:%MZ}",
    }
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    KEPT.write_text(json.dumps(facts, indent=1) + "\n")
    say("\n".join([*tally.lines(), *tally.traces]))
    return int(bool(tally.broken or tally.foreign) or tally.share < SHARE)


if __name__ == "__main__":
    sys.exit(main())
