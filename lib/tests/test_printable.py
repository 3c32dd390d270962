"""The letters that we promise to print are those that the embedded fonts have."""

from __future__ import annotations

import unicodedata

import pytest

from lib import printable


@pytest.mark.parametrize("name", ["ពិសី", "ሰላም", "ᏣᎳᎩ"])
def test_a_name_that_would_be_boxes_is_told_with_its_letters(name: str) -> None:
    assert name[0] in printable.why_not(f"Claire {name}")
    assert "lettres latines" in printable.why_not(name)


def test_a_sign_that_cannot_be_printed_is_spelled_where_nothing_may_fail() -> None:
    assert printable.spelled("Mozilla/5.0 ሰ 李") == "Mozilla/5.0 [U+1230] 李"


@pytest.mark.parametrize(
    "name",
    [
        "Zoë Müller-Nguyễn",
        "Łukasz Żółć",
        "Ελένη",
        "Олена",
        "محمد",
        "שלום",
        "李小龙",
        "김민준",
        "สมชาย",
        "राज",
        "👩\u200d🔧 n° 3",
        "",
    ],
)
def test_what_the_fonts_have_is_taken(name: str) -> None:
    assert printable.why_not(unicodedata.normalize("NFC", name)) == ""
