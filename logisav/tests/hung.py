"""A server that takes connections and never says a word: the worst that an outside service can do."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Hung:
    port: int
    callers: list[socket.socket] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def hung_server() -> Iterator[Hung]:
    """Until the end of the block; `callers` tells how often it was called."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        hung = Hung(int(server.getsockname()[1]))

        def take() -> None:
            while True:
                try:
                    hung.callers.append(server.accept()[0])
                except OSError:
                    return

        threading.Thread(target=take, daemon=True).start()
        try:
            yield hung
        finally:
            server.shutdown(socket.SHUT_RDWR)
            for caller in hung.callers:
                caller.close()
