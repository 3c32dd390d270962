"""The letters that we promise to print are those that the embedded fonts have."""

from __future__ import annotations

import unicodedata

import pytest
from django.conf import settings
from fontTools.ttLib import TTFont

from lib import printable


def test_exactly_the_letters_of_the_fonts_are_printed() -> None:
    fonts = [TTFont(settings.BASE_DIR / "static" / "fonts" / name) for name in ("text.woff2", "fallback.ttf")]
    drawn = set().union(*(font.getBestCmap() for font in fonts))
    # Of letters that this Python's Unicode does not know yet nothing is said.
    letters = [place for place in range(0x110000) if printable.is_letter(chr(place))]
    missing = set(map(ord, printable.not_printed("".join(map(chr, letters)))))
    assert [hex(place) for place in letters if (place in missing) == (place in drawn)] == []


@pytest.mark.parametrize("name", ["李小龙", "김민준", "สมชาย", "राज"])
def test_a_name_that_would_be_boxes_is_told_with_its_letters(name: str) -> None:
    assert name[0] in printable.why_not(f"Claire {name}")
    assert "lettres latines" in printable.why_not(name)


@pytest.mark.parametrize(
    "name", ["Zoë Müller-Nguyễn", "Łukasz Żółć", "Ελένη", "Олена", "محمد", "שלום", "👩\u200d🔧 n° 3", ""]
)
def test_what_the_fonts_have_is_taken(name: str) -> None:
    assert printable.why_not(unicodedata.normalize("NFC", name)) == ""
