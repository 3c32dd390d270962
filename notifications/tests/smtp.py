"""A mail server for tests: real sockets, and a script that says where it goes wrong."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage

HANG = "hang"
DROP = "drop"
STEPS = {
    "CONNECT": "220 mail.test",
    "EHLO": "250 mail.test",
    "MAIL": "250 2.1.0 Ok",
    "RCPT": "250 2.1.5 Ok",
    "DATA": "354 End with a dot",
    "BODY": "250 2.0.0 Ok: queued as 4711",
    "QUIT": "221 2.0.0 Bye",
}


class Conversation(socketserver.StreamRequestHandler):
    server: Server

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):
            if self.answer("CONNECT"):
                self.converse()

    def converse(self) -> None:
        for line in self.rfile:
            verb = line[:4].decode().upper()
            if not self.answer(verb):
                return
            if verb == "DATA" and self.server.reply_at("DATA").startswith("354"):
                self.take()
                if not self.answer("BODY"):
                    return
            if verb == "QUIT":
                return

    def take(self) -> None:
        lines = list(iter(self.rfile.readline, b".\r\n"))
        mail = message_from_bytes(b"".join(lines), policy=policy.default)
        self.server.heard.append(mail)
        if self.server.reply_at("BODY").startswith("250"):
            self.server.accepted.append(mail)

    def answer(self, step: str) -> bool:
        """False when the conversation is over."""
        reply = self.server.reply_at(step)
        if reply == HANG:
            self.server.over.wait(30)
        if reply in (HANG, DROP):
            return False
        self.wfile.write(f"{reply}\r\n".encode())
        return True


class Server(socketserver.ThreadingTCPServer):
    """`script` says what it answers at a step; `heard` are the mails it read, `accepted` those it took."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.script: dict[str, str] = {}
        self.heard: list[EmailMessage] = []
        self.accepted: list[EmailMessage] = []
        self.over = threading.Event()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def reply_at(self, step: str) -> str:
        return self.script.get(step, STEPS.get(step, "250 Ok"))


@contextlib.contextmanager
def running() -> Iterator[Server]:
    with Server() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield server
        finally:
            server.over.set()
            server.shutdown()


def closed_port() -> int:
    """Nobody listens there."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def part(mail: EmailMessage, kind: str) -> str:
    """The text ("plain") or the HTML ("html") as a reader sees it."""
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")
