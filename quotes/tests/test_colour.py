"""Whatever a company's colour is, what is written on it can be read."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from quotes.colour import CONTRAST_AA, WHITE, Palette, contrast

pytestmark = pytest.mark.sqlite

channel = st.integers(0, 255)


@given(channel, channel, channel)
@example(255, 255, 255)
@example(0, 0, 0)
@example(255, 255, 0)
def test_text_on_a_companys_colour_is_legible(red: int, green: int, blue: int) -> None:
    palette = Palette.of(f"#{red:02x}{green:02x}{blue:02x}")
    assert contrast(palette.band, palette.on_accent) >= CONTRAST_AA
    assert contrast(palette.accent, palette.on_accent) >= CONTRAST_AA
    assert contrast(palette.accent, WHITE) >= CONTRAST_AA
    assert contrast(palette.accent_dark, palette.on_accent_dark) >= CONTRAST_AA


def test_a_colour_that_is_safe_already_stays() -> None:
    assert Palette.of("#0c5a6e").accent == "#0c5a6e"


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
