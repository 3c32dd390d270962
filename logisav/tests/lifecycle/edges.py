"""Where the product meets the world: the clock, the mail server, Stripe, the PDF engine, and sudden death.

Nothing here listens on a socket or runs in a thread, so that the same steps always go the same way.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import stripe
from django.core.mail import EmailMultiAlternatives  # noqa: TID251 - only its type: what the server would be given
from django.db import connection, transaction
from requests.structures import CaseInsensitiveDict

from demo.stripe_standin.courier import Endpoint
from demo.stripe_standin.errors import ApiError
from demo.stripe_standin.faults import HangUp
from demo.stripe_standin.standin import StandIn, refusal
from demo.stripe_standin.web import Request
from payments.tests.stripe_side import SECRET
from quotes.pdf import engine

STRIPE = "http://stripe.in-process"
LINK = re.compile(r"http://localhost(/l/[\w-]{43}/)(?!\w)")  # to the quote; what follows is a page of its own
CODE = re.compile(r"^ {4}(\d{3})\u00a0(\d{3})$", re.MULTILINE)
HTML = '<html lang="fr"><head><title>Devis</title></head><body><p>Une page pour toutes.</p></body></html>'


class Death(BaseException):
    """The process ends here, as by `kill -9`: no handler runs, nothing more is written."""


@dataclass
class Life:
    """One verb's life: it ends at a chosen step, before or after a statement, a COMMIT, a word to the outside.

    Within the tests' own transaction a verb's COMMIT is the release of its outermost savepoint: what was not released
    when it died is rolled back, what was released stays.
    """

    ends_at: int = 0
    steps: int = 0
    is_over: bool = False
    savepoints: list[str] = field(default_factory=list)

    def step(self) -> None:
        self.steps += 1
        if self.is_over or self.steps == self.ends_at:
            self.is_over = True
            raise Death

    def statement(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        verb, _, name = sql.rpartition(" ")
        # A dead process says no word more; that its open transactions go is the database's doing.
        if not (self.is_over and verb in ("ROLLBACK TO SAVEPOINT", "RELEASE SAVEPOINT")):
            self.step()
        result = execute(sql, params, many, context)
        self._follow(verb, name)
        return result

    def _follow(self, verb: str, name: str) -> None:
        if verb == "SAVEPOINT":
            self.savepoints.append(name)
        elif verb == "ROLLBACK TO SAVEPOINT":
            del self.savepoints[self.savepoints.index(name) + 1 :]
        elif verb == "RELEASE SAVEPOINT":
            del self.savepoints[self.savepoints.index(name) :]

    def bury(self) -> None:
        """Roll back what died in the very act of committing."""
        connection.needs_rollback = False
        if self.savepoints:
            with connection.cursor() as cursor:
                cursor.execute(f"ROLLBACK TO SAVEPOINT {self.savepoints[0]}")
                cursor.execute(f"RELEASE SAVEPOINT {self.savepoints[0]}")


class PostOffice:
    """The mail server and the mailboxes behind it. `is_down` refuses connections."""

    def __init__(self) -> None:
        self.is_down = self.was_down = False
        self.taken: Counter[str] = Counter()
        self.links: list[str] = []
        self.codes: dict[str, str] = {}

    def switch(self) -> None:
        self.is_down = not self.is_down
        self.was_down |= self.is_down

    def take(self, message: EmailMultiAlternatives) -> None:
        """Links in their order, codes by the mail that brought them."""
        body, named = str(message.body), message.extra_headers["Message-ID"]
        self.taken[named] += 1
        self.links += [link for link in LINK.findall(body) if link not in self.links]
        if found := CODE.search(body):
            self.codes[named] = "".join(found.groups())


@dataclass
class World:
    """All that is not ours, for one example."""

    standin: StandIn
    post: PostOffice = field(default_factory=PostOffice)
    life: Life | None = None
    printer_jammed: bool = False

    def outside(self) -> None:
        """A word to somebody outside: a process may die before it and after it."""
        if self.life is not None:
            self.life.step()

    @contextmanager
    def dying_at(self, step: int) -> Iterator[Life]:
        self.life = life = Life(step)
        try:
            with connection.execute_wrapper(life.statement):
                yield life
        except Death:
            life.bury()
        finally:
            self.life = None


class Edges:
    """What stays in place for all examples; `world` is the current one's."""

    def __init__(self) -> None:
        self.world = World(new_standin())
        self.page = b""

    def put_in_place(self, monkeypatch: Any) -> None:
        self.page = engine.render(HTML)
        monkeypatch.setattr("notifications.delivery.RecordingBackend", self._backend())
        monkeypatch.setattr(stripe.RequestsClient, "request", self._ask_stripe)
        monkeypatch.setattr("payments.stripe_gateway.RETRIES", 0)
        monkeypatch.setattr(engine, "render", self._render)

    def _backend(self) -> type:
        edges = self

        class Backend:
            reply = "250 2.0.0 Ok"

            def __init__(self, **options: Any) -> None:
                pass

            def send_messages(self, messages: list[EmailMultiAlternatives]) -> None:
                if edges.world.post.is_down:
                    raise ConnectionRefusedError
                edges.world.outside()
                edges.world.post.take(messages[0])
                edges.world.outside()

        return Backend

    def _ask_stripe(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None
    ) -> tuple[str, int, Mapping[str, str]]:
        parts = urlsplit(url)
        named = {name.lower(): value for name, value in headers.items()}
        asked = Request(method.upper(), parts.path, parts.query, named, (post_data or "").encode())
        self.world.outside()
        try:
            answer = self.world.standin.answer_api(asked)
        except ApiError as refused:
            answer = refusal(refused)
        except HangUp as error:
            raise stripe.APIConnectionError("no answer") from error  # type: ignore[no-untyped-call]
        self.world.outside()
        return answer.body.decode(), answer.status, CaseInsensitiveDict(answer.headers)

    def _render(self, html: str, *, images: Mapping[str, bytes] | None = None) -> bytes:
        self.world.outside()
        if self.world.printer_jammed:
            raise engine.RenderingFailed(engine.NoPdf.CRASHED)
        return self.page


def new_standin() -> StandIn:
    return StandIn(base_url=STRIPE, key="sk_test_logisav0123456789", endpoint=Endpoint("", (SECRET,)))


class Troubles(logging.Handler):
    """What a sweep caught, wrote down and went on from: nobody would see it, so the laws do."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info:
            self.said.append(logging.Formatter().format(record))


@contextmanager
def own_transaction() -> Iterator[None]:
    """One example in a transaction that is rolled back, marked as Django's TestCase marks its own."""
    block: Any = transaction.atomic()
    block._from_testcase = True
    with block:
        try:
            yield
        finally:
            transaction.set_rollback(True)
