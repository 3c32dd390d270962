"""The scripted mail server of the outbox's tests, that remembers when each mail came and what it said to it."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from types import MappingProxyType
from typing import Any

from notifications.tests import smtp


@dataclass(frozen=True)
class Arrival:
    """`acknowledged` is False where the server had the whole mail and hung up instead of saying 250."""

    at: float
    mail: EmailMessage
    acknowledged: bool

    @property
    def subject(self) -> str:
        return str(self.mail["Subject"])

    @property
    def message_id(self) -> str:
        return str(self.mail["Message-ID"])

    @property
    def text(self) -> str:
        return smtp.part(self.mail, "plain")


class MailServer(smtp.Server):
    """`dawdles` seconds before each of its answers; `unwelcome` is a part of the addresses that get a 550."""

    def __init__(self) -> None:
        super().__init__()
        self.arrivals: list[Arrival] = []
        self.dawdles, self.unwelcome = 0.0, ""
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def finish_request(self, request: Any, client_address: Any) -> None:
        RememberedConversation(request, client_address, self)

    def say(
        self, script: Mapping[str, str] = MappingProxyType({}), *, dawdles: float = 0.0, unwelcome: str = ""
    ) -> None:
        """From now on; with nothing given it is well again, and who hung is let go."""
        self.dawdles, self.unwelcome, self.script = dawdles, unwelcome, dict(script)
        hung, self.over = self.over, threading.Event()
        hung.set()

    def find(self, subject: str, *, after: float = 0.0) -> Arrival | None:
        found = [one for one in self.arrivals if one.subject == subject and one.at >= after]
        return found[-1] if found else None

    def doubles(self, numbers: list[str]) -> Iterator[list[Arrival]]:
        """The mails about these quotes that came more than once, by their Message-ID."""
        mails = [one for one in self.arrivals if any(number in one.subject for number in numbers)]
        often = Counter(one.message_id for one in mails)
        for message_id, times in often.items():
            if times > 1:
                yield [one for one in mails if one.message_id == message_id]


class RememberedConversation(smtp.Conversation):
    server: MailServer

    def converse(self) -> None:
        for line in self.rfile:
            verb = line[:4].decode().upper()
            if verb == "RCPT" and self.server.unwelcome and self.server.unwelcome in line.decode():
                self.wfile.write(b"550 5.1.1 Unknown\r\n")
                continue
            if not self.answer(verb):
                return
            if verb == "DATA" and self.server.reply_at("DATA").startswith("354") and not self.take_it():
                return
            if verb == "QUIT":
                return

    def take_it(self) -> bool:
        """What was heard whole may stand in the mailbox, whatever is said to it, but for a clear no."""
        lines: list[bytes] = []
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:  # the other side is gone
                return False
            lines.append(line)
        reply = self.server.reply_at("BODY")
        if reply.startswith("250") or reply == smtp.DROP:
            mail = message_from_bytes(b"".join(lines), policy=policy.default)
            self.server.arrivals.append(Arrival(time.time(), mail, acknowledged=reply != smtp.DROP))
        return self.answer("BODY")

    def answer(self, step: str) -> bool:
        time.sleep(self.server.dawdles)
        return super().answer(step)
