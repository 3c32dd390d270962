"""Numbers are shown alike and dialled right, however they were written."""

from __future__ import annotations

import pytest

from lib import phones
from lib.tests.phone_numbers import DIAL_COMPANY, FRENCH, NEITHER, NUMBERS


@pytest.mark.parametrize(("typed", "shown", "dialled"), NUMBERS)
def test_a_number_is_shown_and_dialled_right(typed: str, shown: str, dialled: str) -> None:
    assert phones.shown(typed) == shown.replace(" ", "\u00a0")
    assert phones.dialled(typed) == dialled


@pytest.mark.parametrize("typed", NEITHER)
def test_what_is_no_single_valid_number_is_shown_as_typed_and_not_dialled(typed: str) -> None:
    assert phones.shown(typed) == typed
    assert phones.dialled(typed) == ""


@pytest.mark.parametrize(("typed", "shown", "dialled"), NUMBERS)
def test_what_is_shown_is_read_as_the_same_number(typed: str, shown: str, dialled: str) -> None:
    assert phones.dialled(phones.shown(typed)) == dialled
    assert phones.digits_for_search(phones.shown(typed)) == phones.digits_for_search(typed)


def test_all_ways_of_writing_one_number_have_the_same_digits() -> None:
    company = {phones.digits_for_search(typed) for typed, _, dialled in FRENCH if dialled == DIAL_COMPANY}
    assert company == {"465710842"}


@pytest.mark.parametrize(
    ("beginning", "digits"),
    [
        ("06 12 34", "61234"),
        ("+33 6 12 34", "61234"),
        ("0033 (0)6 12", "612"),
        ("+32 2 555", "322555"),
        ("+", ""),
    ],
)
def test_the_beginning_of_a_number_is_the_beginning_of_its_digits(beginning: str, digits: str) -> None:
    assert phones.digits_for_search(beginning) == digits


@pytest.mark.parametrize("half", ["06 12 34 56 78", "04.65.71.08.42", "+33 4 65 71 08 42"])
def test_each_of_two_numbers_in_one_field_is_found(half: str) -> None:
    for typed in ("06 12 34 56 78 / 04 65 71 08 42", "+33 (0)6 12 34 56 78 ou +33 (0)4 65 71 08 42"):
        assert phones.digits_for_search(half) in phones.digits_for_search(typed)
