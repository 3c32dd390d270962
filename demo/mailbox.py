"""The mails that the catcher kept, read back: what a mail program would show."""

from __future__ import annotations

import datetime as dt
import email
import re
import secrets
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import default
from functools import cached_property
from pathlib import Path

NAME = "%Y%m%dT%H%M%S%fZ"  # names sort by the time of arrival, in UTC
SHAPE = re.compile(r"\d{8}T\d{12}Z-[0-9a-f]{8}")
TOP_WINDOW = '<base target="_top">'


@dataclass(frozen=True)
class CaughtFile:
    index: int
    name: str
    type: str
    content: bytes

    @property
    def size(self) -> int:
        return len(self.content)


@dataclass(frozen=True)
class CaughtMail:
    """One kept mail; `name` names its file and its pages."""

    name: str
    path: Path

    @cached_property
    def message(self) -> EmailMessage:
        return email.message_from_bytes(self.path.read_bytes(), policy=default)

    @property
    def received_at(self) -> dt.datetime:
        return dt.datetime.strptime(self.name.partition("-")[0], NAME).replace(tzinfo=dt.UTC)

    @property
    def subject(self) -> str:
        return str(self.message.get("Subject", "")) or "(sans objet)"

    @property
    def sender(self) -> str:
        return str(self.message.get("From", ""))

    @property
    def to(self) -> str:
        return str(self.message.get("To", ""))

    @property
    def headers(self) -> list[tuple[str, str]]:
        return [(name, str(value)) for name, value in self.message.items()]

    @property
    def text(self) -> str:
        return self._body("plain")

    @property
    def html(self) -> str:
        """The HTML part; its links open in the whole window, not in the frame that shows it."""
        return re.sub(r"(?i)<head[^>]*>", lambda head: head[0] + TOP_WINDOW, self._body("html"), count=1)

    def _body(self, kind: str) -> str:
        part = self.message.get_body(preferencelist=(kind,))
        return str(part.get_content()) if part is not None else ""

    @property
    def attachments(self) -> list[CaughtFile]:
        return [
            CaughtFile(
                index=index,
                name=part.get_filename() or f"piece-{index}",
                type=part.get_content_type(),
                content=bytes(part.get_payload(decode=True) or b""),
            )
            for index, part in enumerate(self.message.iter_attachments(), start=1)
        ]


def new_name(received_at: dt.datetime) -> str:
    return f"{received_at.astimezone(dt.UTC):{NAME}}-{secrets.token_hex(4)}"


def mails(folder: Path) -> list[CaughtMail]:
    """Newest first; names sort by the time of arrival."""
    files = sorted(folder.glob("*.eml"), reverse=True)
    return [CaughtMail(file.stem, file) for file in files if SHAPE.fullmatch(file.stem)]


def find(folder: Path, name: str) -> CaughtMail | None:
    """A mail by its name, which comes from an address: nothing but such a name reaches the disk."""
    path = folder / f"{name}.eml"
    return CaughtMail(name, path) if SHAPE.fullmatch(name) and path.is_file() else None
