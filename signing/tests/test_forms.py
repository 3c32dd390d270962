"""The forms of a signature: who signs, what is agreed to, which code."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import signing

from lib.day import today_in_paris
from quotes.content import Content
from quotes.tests.factories import make_business, make_customer, make_quote
from quotes.versions.freezing import preview
from signing.forms import CodeForm, Known, Shown, SigningForm
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


def test_whoever_signs_in_another_name_says_in_which_capacity() -> None:
    asked = content(customer=make_customer(civility="Mme", first_name="Claire", last_name="Morel"))
    husband = FILLED | {"first_name": "Paul", "last_name": "Morel-Duval"}
    form = SigningForm(asked, husband)
    asks = str(form.errors["capacity"][0])
    assert asks.startswith(
        "Ce devis est établi pour Mme\u00a0Claire\u00a0Morel. Dites à quel titre vous signez"
    )
    assert form.asks_for_capacity
    form = SigningForm(asked, husband | {"capacity": "conjoint"})
    assert form.is_valid()
    assert form.signatory.capacity == "conjoint"


def test_the_customer_is_not_asked_in_which_capacity() -> None:
    asked = content(customer=make_customer(civility="", first_name="Claire", last_name="MOREL"))
    for form in (SigningForm(asked), SigningForm(asked, FILLED)):
        assert not form.asks_for_capacity
    assert SigningForm(asked, FILLED).is_valid()


def test_a_single_name_is_a_name_once_it_is_said_to_be_one() -> None:
    asked = content(customer=make_customer(first_name="", last_name="Suharto"))
    single = FILLED | {"first_name": "", "last_name": "Suharto"}
    form = SigningForm(asked, single)
    assert form.errors == {"first_name": ["Indiquez votre prénom."]}
    assert form.asks_for_only_name
    form = SigningForm(asked, single | {"only_name": "on"})
    assert form.is_valid()
    assert form.signatory.full_name == "Suharto"


def test_names_are_one_line_and_hide_nothing() -> None:
    named = {"first_name": " Jean\r\nPierre\u202e ", "last_name": "d'Arc\u2028\x00", "capacity": "tuteur"}
    form = SigningForm(content(), FILLED | named)
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
    form = SigningForm(content(), {"first_name": "Claire", "last_name": "Morel", field: "ሰላም"})
    assert "lettres latines" in form.errors[field][0]
    assert "ሰላም" in form.errors[field][0]


# What the owner has written is shown, and what is left alone is recorded as such

KNOWN = Known("Claire", "Morel", "06 39 98 12 42")
LEFT_ALONE = {name: value for name, value in FILLED.items() if name not in ("phone", "place", "kind")}
SAID = "Je signe en tant que particulier, à distance, sans personne de l'entreprise à mes côtés."
DISTANCE = Shown.of(KNOWN, SAID).token


def said(changes: dict[str, str], *, known: Known = KNOWN, shown: str = DISTANCE, **fields: Any) -> Signatory:
    form = SigningForm(content(**fields), LEFT_ALONE | {"shown": shown} | changes, known=known)
    assert form.is_valid(), form.errors
    return form.signatory


def test_who_leaves_all_as_it_is_signs_as_the_quote_says() -> None:
    form = SigningForm(content(), known=KNOWN)
    assert (form["first_name"].value(), form["last_name"].value()) == ("Claire", "Morel")
    assert KNOWN.phone_end == "42"
    assert "06 39 98" not in str(form) + form.now_shown.token
    signatory = said({})
    assert (signatory.phone, signatory.kind, signatory.place) == (KNOWN.phone, "individual", "distance")
    assert (signatory.name_from, signatory.phone_from, signatory.said) == ("kept", "kept", SAID)


def test_what_is_corrected_is_kept_as_corrected() -> None:
    signatory = said({"last_name": "Durand", "phone": "06 39 98 55 55", "capacity": "moi-même"})
    assert (signatory.name_from, signatory.phone_from) == ("corrected", "corrected")
    assert signatory.phone == "06 39 98 55 55"
    contradicted = said({"place": "off_premises", "kind": "individual"})
    assert (contradicted.said, contradicted.place, contradicted.kind) == ("", "off_premises", "individual")


@pytest.mark.parametrize(("given", "missing"), [("kind", "place"), ("place", "kind")])
def test_who_contradicts_the_sentence_says_both_halves(given: str, missing: str) -> None:
    """A place that nobody has said stands in no journal."""
    form = SigningForm(content(), LEFT_ALONE | {"shown": DISTANCE, given: FILLED[given]}, known=KNOWN)
    assert set(form.errors) == {missing}
    assert form.is_contradicted


def test_a_part_of_the_name_that_nobody_had_written_is_no_correction() -> None:
    known = Known("", "Morel", KNOWN.phone)
    shown = Shown.of(known, SAID).token
    assert said({}, known=known, shown=shown).name_from == "kept"
    nobody = Known(phone=KNOWN.phone)
    assert said({}, known=nobody, shown=Shown.of(nobody, SAID).token).name_from == ""


def test_what_the_owner_changes_after_the_page_was_shown_corrects_nobody() -> None:
    assert said({}, known=Known("Klaire", "Morel", KNOWN.phone)).name_from == "kept"


def test_who_has_no_phone_there_is_asked_for_one() -> None:
    known = Known("Claire", "Morel")
    form = SigningForm(content(), LEFT_ALONE | {"shown": Shown.of(known, SAID).token}, known=known)
    assert set(form.errors) == {"phone"}


@pytest.mark.parametrize(
    "shown",
    [
        "",
        "forged",
        Shown.of(Known("Claire", "Morel", "06 39 98 77 42"), SAID).token,
        signing.dumps({"phone": "x"}, salt="another page"),
    ],
    ids=["none", "forged", "another phone with the same end", "of another page"],
)
def test_a_phone_that_the_page_did_not_show_is_asked_for(shown: str) -> None:
    form = SigningForm(content(), LEFT_ALONE | {"shown": shown}, known=KNOWN)
    assert "phone" in form.errors


def test_a_sentence_that_the_page_did_not_show_is_not_recorded() -> None:
    """Opened on the day of the visit, sent after midnight."""
    form = SigningForm(content(), LEFT_ALONE | {"shown": Shown.of(KNOWN, "").token}, known=KNOWN)
    assert set(form.errors) == {"kind", "place"}


def test_what_an_import_took_for_a_phone_is_asked_for_anew() -> None:
    customer = make_customer(phone="06 ou 04, la voisine")
    assert Known.of(customer, content()) == Known("Claire", "Morel")


def test_a_name_that_the_quote_does_not_bear_is_not_shown_as_the_quotes() -> None:
    """The desk renamed the customer after sending."""
    customer = make_customer(first_name="Anatole", last_name="Vidal-Petit", phone="06 39 98 12 42")
    assert Known.of(customer, content()) == Known(phone="06 39 98 12 42")


def test_who_types_the_number_that_stood_there_has_corrected_nothing() -> None:
    assert said({"phone": KNOWN.phone}).phone_from == "kept"


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
        {"contract": "on_premises"},
    ],
    ids=["urgency", "signed on the day of the visit", "off premises", "on premises"],
)
def test_where_a_right_hangs_on_the_answer_it_is_asked_openly(fields: dict[str, Any]) -> None:
    form = SigningForm(content(**fields), LEFT_ALONE | {"shown": DISTANCE}, known=KNOWN)
    assert form.sentence == ""
    assert {"kind", "place"} <= set(form.errors)


def test_a_small_business_off_premises_is_asked_openly() -> None:
    asked = content(customer=make_business(), contract="off_premises", small_business=True)
    assert SigningForm(asked, known=KNOWN).sentence == ""
