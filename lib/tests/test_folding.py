"""Names that people write in more ways than one."""

from __future__ import annotations

import re

import pytest

from lib.folding import may_be_same_name, pattern


@pytest.mark.parametrize(
    ("one", "other", "may_be"),
    [
        ("Mme Claire Morel", "claire MOREL", True),
        ("Morel Claire", "Claire Morel", True),
        ("M. et Mme Morel", "Hélène Morel", True),
        ("Zoé Lefèvre", "Zoe LEFEVRE", True),
        ("Claire Morel", "Claire Morel-Dupont", True),
        ("Le Goff Anne", "Anne Legoff", True),
        ("Odette Aubert", "Odette Test", False),
        ("Claire Morel", "Paul Morel", False),
        ("", "Claire Morel", True),
        ("李伟", "李伟", True),
        ("李伟", "王伟", False),
    ],
)
def test_a_name_is_the_same_whatever_civility_case_accents_and_order(
    one: str, other: str, may_be: bool
) -> None:
    assert may_be_same_name(one, other) is may_be
    assert may_be_same_name(other, one) is may_be


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("chaudiere", "Chaudière"),
        ("CHAUDIÈRE", "chaudière"),
        ("main d'oeuvre", "Main-d'œuvre"),
        ("Bednář", "Bednář"),
        ("bednář", "BEDNÁŘ"),
        ("Nguyễn", "Nguyễn"),
        ("김지아", "김지아"),
        ("राज", "राज"),
        ("Ελένη", "Ελένη"),
        ("m2", "m²"),
    ],
)
def test_words_are_found_as_they_stand_and_french_ones_without_their_accents(typed: str, stored: str) -> None:
    for word in typed.split():
        assert re.search(pattern(word), stored, re.IGNORECASE)
