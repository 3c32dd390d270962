"""A local SMTP server that keeps every mail as a file: the mailbox of everybody in the demo.

`python -m demo.catcher PORT FOLDER` runs it in the foreground.
"""

from __future__ import annotations

import datetime as dt
import logging
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller

from demo import mailbox

LARGEST_MAIL = 50 * 1024 * 1024


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class Keeper:
    """Takes every mail, whomever it is for. A file appears whole or not at all."""

    def __init__(self, folder: Path, now: Callable[[], dt.datetime]) -> None:
        self.folder, self.now = folder, now

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        name = mailbox.new_name(self.now())
        draft = self.folder / f".{name}"
        draft.write_bytes(envelope.original_content)
        draft.rename(self.folder / f"{name}.eml")
        return f"250 2.0.0 kept as {name}"


@contextmanager
def catching(folder: Path, *, port: int, now: Callable[[], dt.datetime] = _now) -> Iterator[None]:
    """Keep mails in `folder` for as long as the block runs, in a thread."""
    logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd tells every word of every mail
    folder.mkdir(parents=True, exist_ok=True)
    server = Controller(
        Keeper(folder, now),
        hostname="127.0.0.1",
        port=port,
        data_size_limit=LARGEST_MAIL,
        ident="Logisav demo",
    )
    server.start()
    try:
        yield
    finally:
        server.stop()


def main(port: str, folder: str) -> None:
    with catching(Path(folder), port=int(port)):
        signal.sigwait({signal.SIGTERM, signal.SIGINT})


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    main(*sys.argv[1:])
