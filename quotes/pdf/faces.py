"""Which of our fonts a document is set in: those of every PDF, and those of other scripts where it has their letters.

Imported by the engine's process alone. A sign that no font of ours has is told: printed it would be a box.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from pathlib import Path

from fontTools.ttLib import TTFont

from lib import printable

FONTS = Path(__file__).resolve().parents[2] / "static" / "fonts"
ALWAYS = ("text.woff2", "title.woff2", "fallback.ttf", "emoji.ttf")  # static/pdf/fonts.css
OTHERS = {
    "Han": "han.ttf",  # Chinese and Japanese
    "Hangul": "hangul.ttf",
    "Devanagari": "devanagari.ttf",
    "Bengali": "bengali.ttf",
    "Tamil": "tamil.ttf",
    "Thai": "thai.ttf",
}


class NoGlyph(Exception):
    """No font of ours has these signs."""


@functools.cache
def signs_of(font: str) -> frozenset[str]:
    with TTFont(FONTS / font, lazy=True) as face:
        return frozenset(map(chr, face.getBestCmap()))


def drawn_always() -> frozenset[str]:
    return frozenset().union(*map(signs_of, ALWAYS))


def needed(words: Iterable[str]) -> str:
    """The style sheet of the faces that these words need beside those of every document."""
    missing = {sign for part in words for sign in part if printable.is_drawn(sign)} - drawn_always()
    rules = []
    for family, font in OTHERS.items():
        if missing & signs_of(font):
            rules.append(f"@font-face {{ font-family: {family}; src: url(asset:fonts/{font}) }}")
            missing -= signs_of(font)
        if not missing:
            break
    if missing:
        raise NoGlyph(" ".join(f"U+{ord(sign):04X}" for sign in sorted(missing)))
    return "\n".join(rules)
