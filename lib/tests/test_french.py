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
        ("3", "panneau", "3 panneaux"),
        ("3", "tuyau", "3 tuyaux"),
        ("3", "lot", "3 lots"),
        ("3", "forf", "3 forf"),
        ("2", "", "2"),
    ],
)
def test_a_unit_has_its_plural_from_two_on(number: str, unit: str, written: str) -> None:
    assert french.quantity(Decimal(number), unit) == written.replace(" ", french.NBSP, 1)
