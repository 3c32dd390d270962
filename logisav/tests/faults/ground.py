"""The installation with all that can be broken around it, and whoever starts its parts again, as systemd does."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import asdict
from http import HTTPStatus
from operator import itemgetter
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg
import requests
from asn1crypto import tsp

from demo.stripe_standin import courier, server
from demo.stripe_standin.standin import TEST_KEY, StandIn
from logisav.tests import stack
from logisav.tests.faults.customer import Customer
from logisav.tests.faults.gates import Gate
from logisav.tests.faults.mailserver import MailServer
from logisav.tests.faults.points import ACCEPT, BY_NAME
from logisav.tests.topology import ROOT, Topology
from signing.tests.authority import ARCH, running_authority

MORTAL = Path(__file__).resolve().parent / "mortal"
RESTART = 2.0  # seconds, RestartSec of the units
SECRET = "whsec_test_logisav0123456789"
ROOM = "64m"
STAMPS = f"/{ARCH}/tsa/tsa"


class Ground:
    """`with Ground(folder) as ground:` starts it; `held` are the parts that stay down when they die.

    `disk=True` keeps files on a disk of their own, where that is allowed.
    """

    def __init__(self, folder: Path, *, disk: bool = False) -> None:
        self.folder, self.marks, self.wants_disk = folder, folder / "marks", disk
        self.held: set[str] = set()
        self.over = threading.Event()
        self.ends = contextlib.ExitStack()
        self.restarts: Counter[str] = Counter()
        self.has_disk = False

    def __enter__(self) -> Self:
        with self.ends:
            for name in ("armed", "reached", "deaths"):
                (self.marks / name).mkdir(parents=True)
            table = {"accept": ACCEPT, "points": [asdict(point) for point in BY_NAME.values()]}
            (self.marks / "points.json").write_text(json.dumps(table))
            if self.wants_disk:
                self._make_disk()
            self._start_services()
            self._start_installation()
            self.ends = self.ends.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ends.close()

    def _make_disk(self) -> None:
        """Files on a small disk of their own, which can be full or read-only; only root may make one."""
        media = self.folder / "media"
        media.mkdir()
        options = ["-t", "tmpfs", "-o", f"size={ROOM},mode=0755", "tmpfs", str(media)]
        made = subprocess.run(["mount", *options], capture_output=True, check=False)
        self.has_disk = made.returncode == 0
        if self.has_disk:
            self.ends.callback(subprocess.run, ["umount", "--lazy", str(media)], check=False)

    def _start_services(self) -> None:
        self.mails = MailServer()
        self.ends.callback(self.mails.shutdown)
        self.smtp = Gate(self.mails.port)
        keys = self.folder / "authority"
        keys.mkdir()
        self.authority = self.ends.enter_context(running_authority(keys))
        self.tsa = Gate(int(self.authority.url.rpartition(":")[2]))
        self.stripe: StandIn = self.ends.enter_context(server.running(key=TEST_KEY, webhook_secrets=[SECRET]))
        for gate in (self.smtp, self.tsa):
            self.ends.callback(gate.close)

    def _start_installation(self) -> None:
        self.topology = self.ends.enter_context(
            Topology(
                self.folder,
                limited=False,
                EMAIL_URL=f"smtp://127.0.0.1:{self.smtp.port}",
                STRIPE_API_URL=self.stripe.base_url,
                STRIPE_WEBHOOK_SECRETS=SECRET,
                TSA_URLS=f"http://127.0.0.1:{self.tsa.port}{STAMPS}",
                SEAL_AUTHORITIES=str(self.authority.root),
                PYTHONPATH=str(MORTAL),
                LOGISAV_FAULTS=str(self.marks),
            )
        )
        self.insider = Insider(self.topology)
        self.ends.callback(self.insider.end)
        threads = [threading.Thread(target=one, daemon=True) for one in (self._restart, self._deliver)]
        for thread in threads:
            thread.start()
            self.ends.callback(thread.join)
        self.ends.callback(self.over.set)

    def customers(self, count: int, *, batch: str) -> list[Customer]:
        made = self.insider.ask("make", count=count, batch=batch)
        trust = self.folder / "tls" / "fullchain.pem"
        return [
            Customer(address=self.topology.address, trust=trust, mails=self.mails, **quote) for quote in made
        ]

    # As systemd and Stripe do

    def _restart(self) -> None:
        while not self.over.wait(0.2):
            for name, part in self.topology.parts.items():
                ended = part.process is None or part.process.poll() is not None
                if ended and name not in self.held:
                    time.sleep(RESTART)
                    if name not in self.held and not self.over.is_set():
                        self.restarts[name] += 1
                        part.begin()

    def _deliver(self) -> None:
        """Webhooks, signed, through nginx, until they are taken."""
        done: set[str] = set()
        while not self.over.wait(1.0):
            for event in self.stripe.events(*courier.TYPES):
                if event["id"] not in done and not self.over.is_set():
                    body, signature = self.stripe.signed(event["id"], secret=SECRET)
                    with contextlib.suppress(OSError):
                        headers = {"Stripe_Signature": signature, "Content_Type": "application/json"}
                        answer, _ = self.topology.get("/stripe/webhook/", method="POST", body=body, **headers)
                        if answer.status == HTTPStatus.OK:
                            done.add(event["id"])

    def ledger(self) -> dict[str, int]:
        """What Stripe has received, in cents, by the deposit's reference."""
        received: Counter[str] = Counter()
        for row in self.stripe.ledger()["payments"]:
            received[row["client_reference_id"]] += row["received"]
        return dict(received)

    # What a fault lays hands on

    @property
    def redis(self) -> stack.Server:
        return self.topology["redis"]

    @property
    def postgres(self) -> stack.Postgres:
        found = self.topology["postgres"]
        assert isinstance(found, stack.Postgres)
        return found

    def sql(self, *statements: str) -> None:
        with psycopg.connect(self.postgres.url("postgres"), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def end_sessions(self) -> None:
        self.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'logisav'")

    def stale_stamp(self) -> bytes:
        """A good time stamp of another document, as an answer over HTTP."""
        imprint = {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": os.urandom(32)}
        asked = tsp.TimeStampReq({"version": 1, "message_imprint": imprint, "cert_req": True}).dump()
        kind = {"Content-Type": "application/timestamp-query"}
        answer = requests.post(f"{self.authority.url}{STAMPS}", data=asked, headers=kind, timeout=10)
        answer.raise_for_status()
        return as_answer(answer.content)

    def arm(self, name: str) -> None:
        (self.marks / "armed" / name).touch()

    @property
    def knows_statements(self) -> bool:
        """How many an accept has, once somebody has signed."""
        return (self.marks / "statements").exists()

    def armed(self) -> set[str]:
        return {file.name for file in (self.marks / "armed").iterdir()}

    def reached(self) -> Counter[str]:
        return Counter(file.name.split("@")[0] for file in (self.marks / "reached").iterdir())

    def deaths(self) -> dict[str, float]:
        """When whoever held a row was killed last, by the row."""
        marks = sorted(
            (file.name.split("@") for file in (self.marks / "reached").iterdir()), key=itemgetter(1)
        )
        return {row: float(at) for _, at, row in marks}

    def disarm(self) -> None:
        for file in (self.marks / "armed").iterdir():
            file.unlink(missing_ok=True)

    def set_clock(self, ahead: float) -> None:
        """In one step: who reads meanwhile finds the old time or the new one."""
        fresh = self.marks / "clock.new"
        fresh.write_text(str(ahead))
        fresh.rename(self.marks / "clock")


def as_answer(body: bytes) -> bytes:
    head = "HTTP/1.1 200 OK\r\nContent-Type: application/timestamp-reply\r\n"
    return f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body


class Insider:
    """See insider.py; one question at a time."""

    def __init__(self, topology: Topology) -> None:
        variables = topology.variables | {"LOGISAV_FAULTS": "", "PYTHONPATH": "", "LOG_LEVEL": "ERROR"}
        self.lock = threading.Lock()
        self.log = (topology.logs / "insider.log").open("w")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "logisav.tests.faults.insider"],
            cwd=ROOT,
            env=variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
            bufsize=1,
        )

    def ask(self, command: str, *, tries: int = 1, **given: Any) -> Any:
        """Again for as long as the database does not answer; `make` is asked once."""
        answer: dict[str, Any] = {}
        for _ in range(tries):
            with self.lock:
                assert self.process.stdin
                assert self.process.stdout
                self.process.stdin.write(json.dumps({"command": command} | given) + "\n")
                answer = json.loads(self.process.stdout.readline())
            if "answer" in answer:
                return answer["answer"]
            time.sleep(1)
        raise RuntimeError(f"{command}: {answer.get('error')}")

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self.log.close()
