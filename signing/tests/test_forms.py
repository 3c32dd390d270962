"""The forms of a signature: who signs, what is agreed to, which code."""

from __future__ import annotations

from typing import Any

import pytest

from lib.day import today_in_paris
from quotes.content import Content
from quotes.tests.factories import make_business, make_quote
from quotes.versions.freezing import preview
from signing.forms import CodeForm, Known, SigningForm
from signing.models import Signatory

pytestmark = pytest.mark.django_db
FILLED = {
    "first_name": "Claire",
    "last_name": "Morel",
    "phone": "06 39 98 12 34",
    "version_hash": "a" * 64,
    "place": "distance",
    "kind": "individual",
    "consent_quote": "on",
    "consent_electronic": "on",
    "consent_vat_5_5": "on",
}


def content(**fields: Any) -> Content:
    return preview(make_quote(**fields))


def test_a_filled_form_tells_its_facts() -> None:
    form = SigningForm(content(), FILLED)
    assert form.is_valid(), form.errors
    signatory = form.signatory
    assert (signatory.first_name, signatory.last_name, signatory.capacity) == ("Claire", "Morel", "")
    assert signatory.consents == {"quote", "electronic", "vat_5_5"}
    assert signatory.drawing == b""


def test_no_consent_is_ever_ticked_beforehand() -> None:
    asked = content(nature="services")
    form = SigningForm(asked, initial={f"consent_{consent.id}": True for consent in asked.consents})
    assert [consent.id for consent in asked.consents] == [
        "quote",
        "electronic",
        "vat_5_5",
        "early_start",
    ]
    assert [field.label for field in form.consent_fields] == [consent.words for consent in asked.consents]
    assert "checked" not in "".join(str(field) for field in form.consent_fields)


@pytest.mark.parametrize("name", ["consent_quote", "consent_electronic"])
def test_a_required_consent_must_be_ticked(name: str) -> None:
    form = SigningForm(content(), {key: value for key, value in FILLED.items() if key != name})
    assert not form.is_valid()
    assert form.errors == {name: ["Cochez cette case pour pouvoir signer."]}


def test_an_optional_consent_may_be_given() -> None:
    form = SigningForm(content(nature="services"), FILLED | {"consent_early_start": "on"})
    assert form.is_valid()
    assert form.signatory.consents == {"quote", "electronic", "vat_5_5", "early_start"}


def test_a_professional_says_in_which_capacity_they_sign() -> None:
    asked = content(customer=make_business())
    assert "capacity" in SigningForm(asked, FILLED).errors
    form = SigningForm(asked, FILLED | {"capacity": "Gérante"})
    assert form.is_valid()
    assert form.signatory.capacity == "Gérante"


def test_names_are_one_line_and_hide_nothing() -> None:
    form = SigningForm(
        content(), FILLED | {"first_name": " Jean\r\nPierre\u202e ", "last_name": "d'Arc\u2028\x00"}
    )
    assert form.is_valid()
    assert (form.signatory.first_name, form.signatory.last_name) == ("Jean Pierre", "d'Arc")


@pytest.mark.parametrize("name", ["first_name", "last_name"])
def test_a_name_of_invisible_characters_is_no_name(name: str) -> None:
    assert name in SigningForm(content(), FILLED | {name: "\u200b\u2060\u00ad"}).errors


def test_a_drawing_that_cannot_be_read_is_told_not_swallowed() -> None:
    form = SigningForm(content(), FILLED | {"drawing": "data:image/png;base64,AAAA"})
    assert not form.is_valid()
    assert "recommencez-la" in form.errors["drawing"][0]


@pytest.mark.parametrize(
    "typed",
    [
        "418205",
        "418 205",
        "418\u00a0205",
        "418\u202f205",
        " 4 1 8 2 0 5\n",
        "418-205",
        "４１８２０５",
        "418205\u200b",
    ],
)
def test_a_code_is_read_however_it_was_copied(typed: str) -> None:
    form = CodeForm({"code": typed})
    assert form.is_valid()
    assert form.cleaned_data["code"] == "418205"


@pytest.mark.parametrize(
    "typed", ["41820", "4182055", "41820a", "quatre", "418205 418205", "½18205", "²18205"]
)
def test_what_is_not_six_digits_is_no_guess(typed: str) -> None:
    form = CodeForm({"code": typed})
    assert not form.is_valid()
    assert form.errors == {"code": ["Le code a 6\u00a0chiffres."]}


def test_an_empty_code_is_asked_for() -> None:
    assert CodeForm({"code": " "}).errors == {"code": ["Saisissez le code reçu par mail."]}


@pytest.mark.parametrize("field", ["first_name", "last_name"])
def test_a_name_that_the_certificate_cannot_print_is_asked_for_in_latin_letters(field: str) -> None:
    form = SigningForm(content(), {"first_name": "Claire", "last_name": "Morel", field: "小龙"})
    assert "lettres latines" in form.errors[field][0]
    assert "小龙" in form.errors[field][0]


# What the owner has written is shown, and what is left alone is recorded as such

KNOWN = Known("Claire", "Morel", "06 39 98 12 42")
LEFT_ALONE = {name: value for name, value in FILLED.items() if name not in ("phone", "place", "kind")}
LEFT_ALONE |= {"shown_phone": KNOWN.shown_phone}


def said(changes: dict[str, str], *, known: Known = KNOWN, **fields: Any) -> Signatory:
    form = SigningForm(content(**fields), LEFT_ALONE | changes, known=known)
    assert form.is_valid(), form.errors
    return form.signatory


def test_who_leaves_all_as_it_is_signs_as_the_quote_says() -> None:
    form = SigningForm(content(), known=KNOWN)
    assert (form["first_name"].value(), form["last_name"].value()) == ("Claire", "Morel")
    assert KNOWN.shown_phone == "•• •• •• •• 42".replace(" ", "\u00a0")
    assert "06 39 98" not in str(form)
    signatory = said({})
    assert (signatory.phone, signatory.kind, signatory.place) == (KNOWN.phone, "individual", "distance")
    assert (signatory.name_from, signatory.phone_from) == ("kept", "kept")
    assert signatory.said == (
        "Je signe en tant que particulier, à distance, sans personne de l'entreprise à mes côtés."
    )


def test_what_is_corrected_is_kept_as_corrected() -> None:
    signatory = said({"last_name": "Durand", "phone": "06 39 98 55 55"})
    assert (signatory.name_from, signatory.phone_from) == ("corrected", "corrected")
    assert signatory.phone == "06 39 98 55 55"
    contradicted = said({"place": "off_premises"})
    assert (contradicted.said, contradicted.place, contradicted.kind) == ("", "off_premises", "individual")


def test_who_has_no_phone_there_is_asked_for_one() -> None:
    form = SigningForm(content(), LEFT_ALONE | {"shown_phone": ""}, known=Known("Claire", "Morel"))
    assert set(form.errors) == {"phone"}
    assert said({"phone": "06 39 98 55 55"}, known=Known()).phone_from == ""


def test_a_phone_that_was_changed_since_the_page_was_shown_is_asked_for_anew() -> None:
    form = SigningForm(content(), LEFT_ALONE, known=Known("Claire", "Morel", "06 39 98 12 99"))
    assert set(form.errors) == {"phone"}


@pytest.mark.parametrize(
    "fields",
    [
        {
            "contract": "off_premises",
            "nature": "services",
            "withdrawal_exception": "urgent_repair",
            "withdrawal_reason": "Fuite d'eau",
        },
        {"visited_on": today_in_paris()},
        {"contract": "off_premises"},
    ],
    ids=["urgency", "signed on the day of the visit", "off premises"],
)
def test_where_a_right_hangs_on_the_answer_it_is_asked_openly(fields: dict[str, Any]) -> None:
    form = SigningForm(content(**fields), LEFT_ALONE, known=KNOWN)
    assert form.sentence == ""
    assert {"kind", "place"} <= set(form.errors)


def test_a_small_business_off_premises_is_asked_openly() -> None:
    asked = content(customer=make_business(), contract="off_premises", small_business=True)
    assert SigningForm(asked, known=KNOWN).sentence == ""
