"""Webhooks: signed as Stripe signs them, in no promised order, tried again until somebody says 2xx."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import ipaddress
import json
import logging
import queue
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from demo.stripe_standin.errors import ApiError
from demo.stripe_standin.resources import shown
from demo.stripe_standin.store import Resource, Store

log = logging.getLogger(__name__)
TYPES = frozenset(
    {
        "checkout.session.completed",
        "checkout.session.async_payment_succeeded",
        "checkout.session.async_payment_failed",
        "checkout.session.expired",
        "charge.refunded",
        "charge.refund.updated",
        "refund.created",
        "refund.updated",
        "refund.failed",
        "charge.dispute.created",
        "charge.dispute.closed",
    }
)
"""What the endpoint subscribed to. The others happen too, and GET /v1/events tells them."""
BACK_OFF = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0)
WORKERS = 4
TIMEOUT = 15.0


@dataclass(frozen=True)
class Endpoint:
    """Where webhooks go: this machine and nowhere else."""

    url: str = ""
    secrets: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.url and not _is_here(self.url):
            raise ApiError("Webhooks of the stand-in only go to this machine, over http.", param="url")


def _is_here(url: str) -> bool:
    parts = urlsplit(url)
    try:
        return parts.scheme == "http" and ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return parts.scheme == "http" and parts.hostname == "localhost"


def signature(payload: bytes, *, secrets: Sequence[str], at: int) -> str:
    """One `v1` for each secret, as during a rotation."""
    signed = f"{at}.".encode() + payload
    marks = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets]
    return ",".join([f"t={at}", *(f"v1={mark}" for mark in marks)])


def payload_of(event: Resource) -> bytes:
    return json.dumps(shown(event), ensure_ascii=False, indent=2).encode()


class Courier:
    def __init__(self, store: Store, endpoint: Endpoint, *, back_off: Sequence[float] = BACK_OFF) -> None:
        self.store, self.endpoint, self.back_off = store, endpoint, back_off
        self.paused = False
        self.open = True
        self.queue: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self.timers: set[threading.Timer] = set()
        self.under_way: set[str] = set()
        self.lock = threading.Lock()
        self.workers = [threading.Thread(target=self._work, daemon=True) for _ in range(WORKERS)]

    # Its life

    def start(self) -> None:
        for worker in self.workers:
            worker.start()
        self.store.on_news = self.take
        self.take_up_again()

    def stop(self) -> None:
        self.open = False
        with self.lock:
            for timer in self.timers:
                timer.cancel()
        for _ in self.workers:
            self.queue.put(None)

    def take_up_again(self) -> None:
        """What was never delivered, after a start, a pause or a change of address."""
        with self.store.lock:
            waiting = [
                event for event, delivery in self.store.contents.deliveries.items() if not delivery.done
            ]
        self.take(waiting)

    def take(self, events: list[str]) -> None:
        if not self.endpoint.url:
            return
        for identity in events:
            event = self.store.now("event", identity)
            if event is not None and event["type"] not in TYPES:
                self.store.contents.deliveries[identity].done = True
            elif event is not None and not self.paused:
                self.queue.put(identity)

    def send_to(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.take_up_again()

    def pause(self) -> None:
        self.paused = True

    def resume(self) -> None:
        self.paused = False
        self.take_up_again()

    # Delivering

    def _work(self) -> None:
        while (identity := self.queue.get()) is not None:
            if self.open and not self.paused:
                self._try(identity)

    def _try(self, identity: str) -> None:
        delivery = self.store.contents.deliveries.get(identity)
        with self.lock:
            if delivery is None or delivery.done or identity in self.under_way:  # emptied, or taken up twice
                return
            self.under_way.add(identity)
        taken = self.deliver(identity)
        with self.lock:
            self.under_way.discard(identity)
            if not taken and self.open and len(delivery.attempts) <= len(self.back_off):
                self._try_later(identity, self.back_off[len(delivery.attempts) - 1])

    def _try_later(self, identity: str, seconds: float) -> None:
        timer = threading.Timer(seconds, self.queue.put, [identity])
        timer.daemon = True
        self.timers = {known for known in self.timers if known.is_alive()} | {timer}
        timer.start()

    def deliver(self, identity: str) -> bool:
        """One attempt, now. True when it was taken."""
        event = self.store.now("event", identity)
        if event is None or not self.endpoint.url:
            return False
        body = payload_of(event)
        result = self._post(body, signature(body, secrets=self.endpoint.secrets, at=int(time.time())))
        taken = isinstance(result, int) and 200 <= result < 300
        with self.store.changing():
            delivery = self.store.contents.deliveries[identity]
            delivery.attempts.append({"at": self.store.clock.now(), "result": result})
            delivery.done = delivery.done or taken
        if not taken:
            log.warning("%s %s was not taken: %s", event["type"], identity, result)
        return taken

    def _post(self, body: bytes, signed: str) -> int | str:
        """The status, or what went wrong."""
        parts = urlsplit(self.endpoint.url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=TIMEOUT)
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": signed,
            "User-Agent": "Stripe/1.0 (stand-in of the Logisav demo)",
            "Accept": "*/*; q=0.5, application/xml",
            "Cache-Control": "no-cache",
            "Connection": "close",
        }
        try:
            connection.request(
                "POST", f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}", body, headers
            )
            return connection.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            return f"{type(error).__name__}: {error}"
        finally:
            connection.close()
