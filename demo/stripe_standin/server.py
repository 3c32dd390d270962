"""HTTP around the stand-in, for this machine alone: in a thread of a test, or as a child of the demo."""

from __future__ import annotations

import contextlib
import ipaddress
import logging
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from demo.stripe_standin.courier import BACK_OFF, Endpoint
from demo.stripe_standin.errors import ApiError
from demo.stripe_standin.faults import HangUp
from demo.stripe_standin.routes import Routes
from demo.stripe_standin.standin import TEST_KEY, StandIn, refusal
from demo.stripe_standin.web import Request, Response

log = logging.getLogger(__name__)
LARGEST = 1024 * 1024
TICK = 1.0
FORWARDING = {"forwarded", "via", "x-real-ip"}


class Server(ThreadingHTTPServer):
    """Ends with all its connections, as a process that dies."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 256
    routes: Routes

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), RequestHandler)
        self.connections: set[socket.socket] = set()
        self.guard = threading.Lock()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def process_request(self, request: socket.socket, client_address: object) -> None:  # type: ignore[override]
        with self.guard:
            self.connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: socket.socket) -> None:  # type: ignore[override]
        with self.guard:
            self.connections.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        super().server_close()
        with self.guard:
            for connection in self.connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)


class RequestHandler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    wbufsize = 64 * 1024
    disable_nagle_algorithm = True
    timeout = 60

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > LARGEST or "Transfer-Encoding" in self.headers:
            self.close_connection = True
            self._send(Response(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, b""))
            return
        body = self.rfile.read(int(length))
        if not self._is_local():
            self._send(
                Response(HTTPStatus.FORBIDDEN, b"This machine only.\n", {"Content-Type": "text/plain"})
            )
            return
        try:
            self._send(self._answer(body))
        except HangUp:
            self.close_connection = True

    def _answer(self, body: bytes) -> Response:
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, parts.path, parts.query, headers, body)
        try:
            return self.server.routes.answer(request)
        except ApiError as refused:
            return refusal(refused)
        except HangUp:
            raise
        except Exception:
            log.exception("%s %s", self.command, parts.path)
            return Response(HTTPStatus.INTERNAL_SERVER_ERROR, b"")

    def _is_local(self) -> bool:
        """From this machine, under its own name, not through a proxy, and no form of another site."""
        port = self.server.server_port
        names = {name.lower() for name in self.headers}
        origin = self.headers.get("Origin")
        return (
            self.headers.get("Host", "").lower() in {f"127.0.0.1:{port}", f"localhost:{port}"}
            and ipaddress.ip_address(self.client_address[0]).is_loopback
            and not any(name in FORWARDING or name.startswith("x-forwarded") for name in names)
            and (origin is None or origin in {f"http://127.0.0.1:{port}", f"http://localhost:{port}"})
        )

    def _send(self, response: Response) -> None:
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        self.wfile.write(response.body)

    def version_string(self) -> str:
        return "stripe-standin"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Of no interest: what failed is logged where it failed."""


@contextmanager
def running(
    *,
    port: int = 0,
    key: str = TEST_KEY,
    webhook_url: str = "",
    webhook_secrets: Sequence[str] = (),
    file: Path | None = None,
    counted_ids: bool = False,
    back_off: Sequence[float] = BACK_OFF,
) -> Iterator[StandIn]:
    """A stand-in that answers at its `base_url` for as long as the block runs."""
    server = Server(port)
    standin = StandIn(
        base_url=server.base_url,
        key=key,
        endpoint=Endpoint(webhook_url, tuple(webhook_secrets)),
        file=file,
        counted_ids=counted_ids,
        back_off=back_off,
    )
    server.routes = Routes(standin)
    ended = threading.Event()
    threads = [
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True),
        threading.Thread(target=_expire, args=(standin, ended), daemon=True),
    ]
    standin.courier.start()
    for thread in threads:
        thread.start()
    try:
        yield standin
    finally:
        ended.set()
        standin.courier.stop()
        server.shutdown()
        server.server_close()


def _expire(standin: StandIn, ended: threading.Event) -> None:
    """Sessions end by themselves, whether or not anybody asks."""
    while not ended.wait(TICK):
        standin.bank.expire_due()
