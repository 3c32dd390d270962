"""What customers type is cleaned of what no one sees, bounded, and refused in French."""

from __future__ import annotations

import pytest

from quotes.pages.forms import QuestionForm, RefuseForm

PLENTY = "Quand pouvez-vous commencer ?"


def errors_of(**data: str) -> dict[str, list[str]]:
    form = QuestionForm({"text": PLENTY} | data)
    form.is_valid()
    return {name: [str(error) for error in errors] for name, errors in form.errors.items()}


def cleaned(**data: str) -> dict[str, str]:
    form = QuestionForm({"text": PLENTY} | data)
    assert form.is_valid(), form.errors
    return form.cleaned_data


def test_a_question_keeps_its_lines_and_loses_what_is_invisible() -> None:
    text = cleaned(text="  Bonjour,\r\n\r\nquand\u202e venez\x00-vous ?\x1b  ")["text"]
    assert text == "Bonjour,\n\nquand venez-vous ?"


def test_an_end_of_line_counts_as_one_character_as_in_the_browser() -> None:
    assert cleaned(text="a\r\n" * 1999 + "bc")["text"]
    assert errors_of(text="a\r\n" * 2000 + "b") == {
        "text": ["Ce texte est trop long\u00a0: 4000 caractères au plus, il en a 4001."]
    }


@pytest.mark.parametrize("text", ["", " \n\u200b\u202e ", "court"])
def test_a_question_that_says_nothing_is_refused(text: str) -> None:
    assert "text" in errors_of(text=text)


@pytest.mark.parametrize(
    "phone", ["06 39 98 12 34", "+33 (0)6.39.98.12.34", "112 233", "+1-212-555-0123", "0".ljust(20, "1")]
)
def test_a_phone_of_any_country_is_kept_as_typed(phone: str) -> None:
    assert cleaned(phone=phone)["phone"] == phone


def test_digits_of_other_scripts_become_ours_so_that_the_number_can_be_called() -> None:
    assert cleaned(phone="٠٦٣٩٩٨١٢٣٤")["phone"] == "0639981234"


@pytest.mark.parametrize(
    ("phone", "error"),
    [
        ("0478", "Ce numéro est trop court\u00a0: il faut de 6 à 20 chiffres."),
        ("1" * 21, "Ce numéro est trop long\u00a0: il faut de 6 à 20 chiffres."),
        ("appelez-moi 0639981234", "Écrivez ce numéro en chiffres, avec l'indicatif du pays s'il le faut."),
        ("0639981234;evil=1", "Écrivez ce numéro en chiffres, avec l'indicatif du pays s'il le faut."),
    ],
)
def test_a_phone_that_cannot_be_one_is_refused(phone: str, error: str) -> None:
    assert errors_of(phone=phone) == {"phone": [error]}


def test_a_phone_ends_no_header() -> None:
    assert cleaned(phone="06 39 98\r\n12\u2028 34")["phone"] == "06 39 98 12 34"


def test_a_refusal_needs_no_reason() -> None:
    form = RefuseForm({})
    assert form.is_valid()
    assert form.cleaned_data == {"reason": ""}


def test_a_reason_is_bounded() -> None:
    assert not RefuseForm({"reason": "x" * 2001}).is_valid()
