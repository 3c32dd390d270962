"""The one door by which text comes in: what nobody sees goes, what no document can hold is refused."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from lib import fields
from lib.fields import NOT_STORABLE, LineField, OneLineField, ParagraphsField
from quotes.models import Customer

LINE, NAME, TEXT = LineField(required=False), OneLineField(required=False), ParagraphsField(required=False)


@pytest.mark.parametrize("soft", ["\v", "\f", "\x85", "\u2028", "\u2029", "\r\n", "\r", "\n"])
def test_a_soft_break_is_a_line_end_where_there_are_lines_else_a_space(soft: str) -> None:
    assert TEXT.clean(f"Pompe{soft}à chaleur") == "Pompe\nà chaleur"
    assert LINE.clean(f"Pompe{soft}à chaleur") == "Pompe à chaleur"
    assert NAME.clean(f"Pompe{soft}à chaleur") == "Pompe à chaleur"


@pytest.mark.parametrize(
    "sign", [*map(chr, range(1, 9)), "\x0e", "\x1b", "\x1f", "\x7f", "\x80", "\x9f", "\u202e", "\ufeff"]
)
def test_what_nobody_sees_goes(sign: str) -> None:
    for field in (LINE, NAME, TEXT):
        assert field.clean(f"Po{sign}mpe") == "Pompe"


@pytest.mark.parametrize("bullet", ["\uf0b7", "\uf0a7", "\uf0fc", "\ue012"])
def test_the_bullets_of_a_word_processor_become_bullets(bullet: str) -> None:
    assert TEXT.clean(f"{bullet}\tPose\n  {bullet} Mise en service") == "•\tPose\n  • Mise en service"


def test_other_private_signs_go() -> None:
    assert TEXT.clean("Pose\ue012 et\U000f0000 réglage") == "Pose et réglage"


@pytest.mark.parametrize("sign", ["\ud800", "\ufffe", "\uffff", "\ufdd0", "\U0001ffff", "\U0010fffe"])
def test_what_no_document_can_hold_is_refused_in_words(sign: str) -> None:
    for field in (LINE, NAME, TEXT):
        with pytest.raises(ValidationError, match="aucun document ne peut porter"):
            field.clean(f"Po{sign}mpe")


def test_composed_as_it_is_searched_and_printed() -> None:
    assert LINE.clean("e\u0301lectrique") == TEXT.clean("e\u0301lectrique") == "électrique"


def test_what_was_meant_stays() -> None:
    for text in ("Prix\u00a0: 12\u202f€ – « œuvre » ’ № 👩\u200d🔧 测试", "a" * 3000, "שלום", "𝒳 ☎ •"):
        assert LINE.clean(text) == TEXT.clean(text) == text
    assert TEXT.clean("un\n\n\tdeux") == "un\n\n\tdeux"


def test_every_clean_text_can_stand_in_xml() -> None:
    for place in (*range(0x3000), *range(0xD7FF, 0xE010), *range(0xF000, 0x10010)):
        for field in (LINE, TEXT):
            try:
                cleaned = field.clean(f"a{chr(place)}b")
            except ValidationError:
                continue
            assert not NOT_STORABLE.search(cleaned), hex(place)


def test_what_xml_can_hold_of_a_text_from_before() -> None:
    odd = "".join(chr(place) for place in (*range(32), 0xFFFE, 0xFFFF) if chr(place) not in "\t\n\r")
    assert fields.storable(f"a{odd}b") == "a  b"
    assert fields.storable("a\tb\nc\rd é €\U0001f6e0") == "a\tb\nc\rd é €\U0001f6e0"


def test_a_row_that_comes_by_no_form_is_cleaned_column_by_column() -> None:
    """Columns that the database makes are none of its words."""
    customer = Customer(last_name="Mo\x02rel", address="1 rue\x0bdu Four\x1f")
    assert fields.cleaned(customer) is customer
    assert (customer.last_name, customer.address) == ("Morel", "1 rue\ndu Four")
