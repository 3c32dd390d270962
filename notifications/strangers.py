"""Words of whoever holds a link, on their way into a mail of ours: no mail program makes a link of them.

A mail of ours that bore a stranger's live address would be a fraud under our name. Leaving the words out would hide
from the owner what was asked; marks that nobody sees are skipped by some programs and fall off in others. So what
programs look for, a dot, an @ or a colon with something on both sides, gets spaces: « exemple . fr ». A person can
still read it, no program sees an address, and the true words stand on the desk. Numbers, hours and ends of sentences
stay.
"""

from __future__ import annotations

import re

# A full stop of any script that an address may have for its dot (RFC 3490, 3.1), and the dots that look like one.
DOT = "[.\u3002\uff0e\uff61\u2024\ufe52]"
AT = "[@\uff20\ufe6b]"
COLON = "[:\uff1a\ufe55]"
ENDS = r"\s.,;:!?…)\]}»\"'’”"
BREAKS = re.compile(
    rf"""(?P<ip>(?<![\d.])\d+(?:{DOT}\d+){{3}}(?![\d.]))
      | (?<=\d){DOT}(?=\d)                                                  (?#a number stays)
      | (?P<dot>(?<=\S){DOT}(?=[^{ENDS}]))
      | (?P<at>(?<=\S){AT}(?=\S))
      | (?<=\d){COLON}(?=\d)                                                (?#an hour stays)
      | (?P<colon>(?<=\S){COLON}(?=\S))
      | (?P<share>\\(?=\\)|/(?=/))
    """,
    re.VERBOSE,
)


def defused(text: str) -> str:
    return BREAKS.sub(_spaced, text)


def _spaced(found: re.Match[str]) -> str:
    match found.lastgroup:
        case "ip":
            return re.sub(DOT, " . ", found[0])
        case "dot" | "at" | "colon":
            return f" {found[0]} "
        case "share":
            return f"{found[0]} "
        case _:
            return found[0]
