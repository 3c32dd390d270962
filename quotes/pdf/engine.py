"""HTML in, PDF/A-3b out: who asks the child process that renders (see quotes/pdf/weasy.py, and lib/warm.py on how).

Rendering is bounded in time, memory and size by the child's own limits and by the clock here, because threads
of a worker have no hard time limit. The child gets no secret: its environment is written word by word, in lib/fence.py
and here.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Mapping
from enum import Enum, StrEnum
from pathlib import Path

from lib import fence, warm

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "static"
MEGABYTE = 1024 * 1024
MAX_HTML = 8 * MEGABYTE
MAX_IMAGES = 12 * MEGABYTE
MAX_PDF = 20 * MEGABYTE
MAX_SECONDS = 60
SAID = 2000  # how much of the child's last words is kept


class NoPdf(StrEnum):
    """Why there is no PDF."""

    HTML_TOO_LARGE = "html_too_large"
    PDF_TOO_LARGE = "pdf_too_large"
    TOO_SLOW = "too_slow"
    REFUSED_ADDRESS = "refused_address"
    INCOMPLETE = "incomplete"
    CRASHED = "crashed"


class Exit(int, Enum):
    """How the child says what happened."""

    DONE = 0
    REFUSED_ADDRESS = 10
    INCOMPLETE = 11
    PDF_TOO_LARGE = 12
    TOO_SLOW = -24  # SIGXCPU: the processor time is used up


class RenderingFailed(Exception):
    """There is no PDF; `reason` says why, the message adds the engine's last words."""

    def __init__(self, reason: NoPdf, said: str = "") -> None:
        super().__init__(f"{reason}: {said}" if said else str(reason))
        self.reason = reason


def render(html: str, *, images: Mapping[str, bytes] | None = None) -> bytes:
    """The PDF/A-3b of a whole HTML page; `images` are what its `image:NAME` addresses show (PNG or JPEG)."""
    pictures = images or {}
    if len(html.encode()) > MAX_HTML or sum(map(len, pictures.values())) > MAX_IMAGES:
        raise RenderingFailed(NoPdf.HTML_TOO_LARGE)
    job = {"html": html, "images": {name: base64.b64encode(data).decode() for name, data in pictures.items()}}
    try:
        return _answer(RENDERER.run(json.dumps(job).encode(), seconds=MAX_SECONDS))
    except warm.Endless as late:
        raise RenderingFailed(NoPdf.TOO_SLOW) from late


def environment(scratch: str) -> dict[str, str]:
    """That of every such process, our fonts alone, and nothing that varies from one run to the next."""
    return fence.environment(scratch) | {
        "PYTHONHASHSEED": "0",
        "FONTCONFIG_FILE": str(STATIC / "pdf" / "fonts.conf"),
        "SOURCE_DATE_EPOCH": "0",  # fontTools would write the time of day into each font
    }


def _answer(done: warm.Done) -> bytes:
    if done.code == Exit.DONE and done.answer.startswith(b"%PDF-"):
        return done.answer
    known = {int(code): code.name for code in Exit if code is not Exit.DONE}
    reason = NoPdf[known.get(done.code, "CRASHED")]
    raise RenderingFailed(reason, done.said.decode(errors="replace")[-SAID:].strip())


RENDERER = warm.Warm(
    [sys.executable, "-P", "-W", "ignore::UserWarning", "-m", "quotes.pdf.weasy"],
    environment=environment,
    scratch="logisav-pdf-",
)
