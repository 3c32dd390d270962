"""Renders documents while it notes every socket and every file that the interpreter is asked for.

`python -m quotes.tests.trap MODE`, a JSON list of pages in, a JSON list of results out. MODE is `engine` (ours),
`doors` (WeasyPrint's own fetcher behind the engine's shut doors) or `bare` (WeasyPrint as it comes: the control that
shows that the trap works).
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from typing import Any

from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError

from quotes.pdf import weasy
from quotes.pdf.engine import STATIC
from quotes.tests.contents import PHOTO

DOT = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010804000000b51c0c02"
    "0000000b4944415478da6364f80f00010501012718e3660000000049454e44ae426082"
)
EXPECTED = (sys.prefix, sys.base_prefix, str(STATIC / "pdf"), str(STATIC / "fonts"), tempfile.gettempdir())


class Trap:
    """An audit hook sees what Python asks for, before it is granted or refused."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        sys.addaudithook(self.note)

    def note(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event.startswith(("socket.", "subprocess.")):
            self.seen.append(event)
        if event == "open" and not isinstance(arguments[0], int):
            path = os.path.realpath(os.fsdecode(arguments[0]))
            if not path.startswith(EXPECTED):
                self.seen.append(f"open {path}")


def render_as_it_comes(html: str) -> None:
    """With our faces all the same: WeasyPrint needs some font, and this process sees none of the machine's."""
    fonts = FontConfiguration()
    rules = (STATIC / "pdf" / "fonts.css").read_text().replace("asset:", f"{STATIC.as_uri()}/")
    HTML(string=html).write_pdf(stylesheets=[CSS(string=rules, font_config=fonts)], font_config=fonts)


def outcome(html: str, *, mode: str) -> str:
    complaints = weasy.Complaints()
    try:
        if mode == "engine":
            weasy.render(html, images={PHOTO.sha256: DOT}, complaints=complaints)
        else:
            render_as_it_comes(html)
    except FatalURLFetchingError:
        return "refused"
    except Exception as error:  # noqa: BLE001 (an engine that stumbles has fetched nothing either)
        return type(error).__name__
    return "incomplete" if complaints.said else "rendered"


def main(mode: str) -> None:
    pages: list[str] = json.load(sys.stdin)
    trap = Trap()
    if mode != "bare":
        weasy.shut_doors()
    results = []
    for page in pages:
        trap.seen.clear()
        results.append({"outcome": outcome(page, mode=mode), "seen": list(trap.seen)})
    sys.stdout.write(json.dumps(results))


if __name__ == "__main__":
    main(sys.argv[1])
