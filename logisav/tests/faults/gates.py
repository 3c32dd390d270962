"""A door before an outside service. It lets through, refuses, hangs, is slow, or answers in its place."""

from __future__ import annotations

import contextlib
import enum
import socket
import threading
import time

from logisav.tests.stack import free_port

PIECE = 65536


class Door(enum.Enum):
    OPEN = "lets through"
    REFUSED = "connection refused"
    HUNG = "takes connections and says nothing"
    SLOW = "each answer late"
    LYING = "answers in its place"


class Gate:
    """Callers are told its own port."""

    def __init__(self, target: int) -> None:
        self.target, self.port, self.door = target, free_port(), Door.OPEN
        self.lie, self.delay = b"", 3.0
        self.listener: socket.socket | None = None
        self.sockets: list[socket.socket] = []
        self.set(Door.OPEN)

    def set(self, door: Door, *, lie: bytes = b"", delay: float = 3.0) -> None:
        """From now on; who was connected while it was another door is cut off."""
        self.door, self.lie, self.delay = door, lie, delay
        for one in self.sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self.sockets = []
        if door is Door.REFUSED:
            self.close()
        elif self.listener is None:
            self.listener = socket.create_server(("127.0.0.1", self.port), backlog=64)
            threading.Thread(target=self._take, args=(self.listener,), daemon=True).start()

    def close(self) -> None:
        if self.listener is not None:
            self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()
            self.listener = None

    def _take(self, listener: socket.socket) -> None:
        while True:
            try:
                caller = listener.accept()[0]
            except OSError:
                return
            self.sockets.append(caller)
            threading.Thread(target=self._serve, args=(caller,), daemon=True).start()

    def _serve(self, caller: socket.socket) -> None:
        if self.door is Door.HUNG:
            return
        with contextlib.suppress(OSError):
            if self.door is Door.LYING:
                caller.recv(PIECE)
                caller.sendall(self.lie)
                caller.close()
                return
            behind = socket.create_connection(("127.0.0.1", self.target), timeout=10)
            behind.settimeout(None)
            self.sockets.append(behind)
            threading.Thread(target=self._pump, args=(caller, behind, 0.0), daemon=True).start()
            self._pump(behind, caller, self.delay if self.door is Door.SLOW else 0.0)

    def _pump(self, source: socket.socket, sink: socket.socket, delay: float) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(PIECE):
                time.sleep(delay)
                sink.sendall(piece)
        for one in (source, sink):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
