"""A file that anybody may send: its size is known before a byte of it is read, and it stays in memory."""

from __future__ import annotations

import time
from typing import IO, Any

from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.http import HttpRequest

from lib.fields import whole

MEGABYTE = 1024 * 1024
MAX_FILE = 10 * MEGABYTE
MAX_BODY = MAX_FILE + 64 * 1024  # the form around the file
DRAINED = 64 * MEGABYTE
DRAINED_FOR = 15.0  # seconds
PIECE = 64 * 1024


class InMemory(MemoryFileUploadHandler):
    """Whatever the size, which was looked at before: nothing of the file is written to disk."""

    def handle_raw_input(
        self,
        input_data: IO[bytes],
        META: dict[str, str],  # noqa: N803 (Django's name for it)
        content_length: int,
        boundary: str,
        encoding: str | None = None,
    ) -> None:
        self.activated = True


def is_too_large(request: HttpRequest) -> bool:
    """By what the browser says; the server reads no further than that."""
    return _announced(request) > MAX_BODY


def _announced(request: HttpRequest) -> int:
    return whole(str(request.META.get("CONTENT_LENGTH") or "0")) or 0


def keep_in_memory(request: HttpRequest) -> None:
    request.upload_handlers = [InMemory(request)]


def drain(request: HttpRequest) -> None:
    """Read and forget: a browser whose sending is cut off shows its own error instead of our page."""
    left, deadline = min(_announced(request), DRAINED), time.monotonic() + DRAINED_FOR
    try:
        while left > 0 and time.monotonic() < deadline:
            piece: Any = request.read(min(PIECE, left))
            if not piece:
                return
            left -= len(piece)
    except OSError:
        return  # it went away: nobody waits for the page
