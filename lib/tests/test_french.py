"""How amounts and words are written in French."""

from __future__ import annotations

from decimal import Decimal

import pytest

from lib import french


@pytest.mark.parametrize(
    ("number", "unit", "written"),
    [
        ("1", "unité", "1 unité"),
        ("2", "unité", "2 unités"),
        ("1.5", "forfait", "1,5 forfait"),
        ("12.5", "forfait", "12,5 forfaits"),
        ("3", "h", "3 h"),
        ("4", "m²", "4 m²"),
        ("2", "an", "2 ans"),
        ("6", "mois", "6 mois"),
        ("2", "fft", "2 fft"),
        ("2", "pièce", "2 pièces"),
        ("2", "ENSEMBLE", "2 ENSEMBLE"),
        ("2", "mètre linéaire", "2 mètre linéaire"),
        ("2", "", "2"),
    ],
)
def test_a_unit_has_its_plural_from_two_on(number: str, unit: str, written: str) -> None:
    assert french.quantity(Decimal(number), unit) == written.replace(" ", french.NBSP, 1)


@pytest.mark.parametrize(
    ("words", "written"),
    [("Fuite d'eau", "fuite d'eau"), ("PAC en panne", "PAC en panne"), ("Été", "été"), ("", "")],
)
def test_what_began_a_line_is_written_small_inside_a_sentence(words: str, written: str) -> None:
    assert french.inside(words) == written
