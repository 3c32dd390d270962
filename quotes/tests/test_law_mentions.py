"""The law's mentions, from facts alone: dates that are dates, quantities, imposed words, and the days of each law."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import replace

import pytest

from quotes.law import dates
from quotes.law.gaps import gaps
from quotes.law.mentions import (
    CONFORMITY,
    NOT_RGE,
    CollectionPoint,
    Facts,
    Insurer,
    Mediator,
    Qualification,
    Seller,
    Subcontractor,
    Waste,
    mentions,
    quantity,
    speaks_of_energy,
)
from quotes.law.notices import FOLDER

DAY = dt.date(2026, 11, 30)
WASTE = Waste("150\u00a0kg", "triés sur place", (CollectionPoint("Tri", "Lyon", "déchetterie"),), "compris")
SELLER = Seller(
    legal_form="SARL",
    insurer=Insurer("Mutuelle Exemple", "n° 1", "France"),
    mediator=Mediator("CM2C", "49 rue de Ponthieu\n75008 Paris", "https://www.cm2c.net"),
    waste=WASTE,
    rge="yes",
    qualifications=(Qualification("E-1", "pompes à chaleur", dt.date(2027, 12, 31)),),
    rge_proof=True,
    after_sales="04 65 71 08 42",
    payment_days=30,
    late_rate="3 fois le taux d'intérêt légal",
)
WHOLE = Facts(
    day=DAY,
    consumer=True,
    off_premises=True,
    goods=True,
    seller=SELLER,
    delivery="12 janvier 2027",
    start="3 semaines après la signature",
    duration="2 jours",
    formalities="aucune",
    waste=WASTE,
    energy="yes",
    without_subcontractors=True,
    requested_on=dt.date(2026, 11, 3),
    requested_by="phone",
)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("12/01/2027", "12\u00a0janvier\u00a02027"),
        ("le 1er mars 2027", "1er\u00a0mars\u00a02027"),
        ("2 FÉVRIER 2027", "2\u00a0février\u00a02027"),
        ("2027-01-05", "5\u00a0janvier\u00a02027"),
        ("3 semaines après la signature", "3 semaines après la signature"),
        ("sous 1 semaines après signature du devis", "1 semaine après la signature"),
        ("10 jours ouvrés après votre signature", "10 jours ouvrés après la signature"),
        ("2 mois après la signature", "2 mois après la signature"),
    ],
)
def test_a_date_or_a_delay_after_the_signature_is_read(typed: str, words: str) -> None:
    assert dates.when(typed).words == words
    assert dates.when(words).words == words, "what is stored is read again"


@pytest.mark.parametrize(
    "typed",
    [
        "demain",
        "début janvier",
        "sous 3 semaines",
        "3 semaines après l'acompte",
        "0 jour après la signature",
        "",
    ],
)
def test_what_is_neither_is_refused_with_what_to_write(typed: str) -> None:
    with pytest.raises(ValueError, match="3 semaines après la signature"):
        dates.when(typed)


@pytest.mark.parametrize("typed", ["31/02/2027", "30 février 2027", "00/01/2027", "12/01/1999", "2027-13-01"])
def test_a_day_that_no_calendar_has_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="n'existe pas au calendrier"):
        dates.when(typed)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("150kg", "150\u00a0kg"),
        ("1,5 tonnes", "1,5\u00a0t"),
        ("2 m3", "2\u00a0m³"),
        ("3 sac", "3\u00a0sacs"),
        ("1 unité", "1\u00a0unité"),
    ],
)
def test_a_quantity_has_a_unit(typed: str, words: str) -> None:
    assert quantity(typed) == words
    assert quantity(words) == words


@pytest.mark.parametrize("typed", ["150", "un peu", "0 kg", "-3 kg", "2 camions", "٣ kg"])
def test_a_quantity_without_one_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="150\u00a0kg"):
        quantity(typed)


def ids(facts: Facts) -> list[str]:
    return [mention.id for mention in mentions(facts)]


def said(facts: Facts, name: str) -> str:
    return next(mention.text for mention in mentions(facts) if mention.id == name)


def test_a_whole_quote_lacks_nothing() -> None:
    assert gaps(WHOLE) == []
    assert ids(WHOLE) == ["guarantees", "conformity", "waste", "rge", "subcontractors"]


def test_every_combination_has_its_guarantees_and_its_terms_and_no_other() -> None:
    """A consumer's guarantees whatever else holds, the box for goods; a business's terms of payment; never both."""
    for consumer, off, goods, energy in itertools.product(
        (True, False), (True, False), (True, False), ("yes", "no")
    ):
        facts = replace(WHOLE, consumer=consumer, off_premises=off, goods=goods, energy=energy)
        assert ("guarantees" in ids(facts)) == consumer
        assert ("conformity" in ids(facts)) == (consumer and goods)
        assert ("late_payment" in ids(facts)) == (not consumer)
        assert ("rge" in ids(facts)) == (energy == "yes")
        assert ("waste" in ids(facts)) == goods
        for bare in (replace(facts, seller=Seller(), delivery="", start=""),):
            stops = {gap.name for gap in gaps(bare) if gap.blocking}
            void = {"mediator", "insurer", "start"} | ({"delivery"} if goods else set())
            assert ("guarantees" in ids(bare)) == consumer, "with nothing in the settings too"
            assert (void <= stops) == (consumer and off)
            assert "legal_form" in stops
            assert all(gap.law for gap in gaps(bare))


def test_the_box_is_the_file_word_for_word() -> None:
    head, body = (FOLDER / f"{CONFORMITY}.txt").read_text(encoding="utf-8").split("\n---\n")
    assert said(WHOLE, "conformity") == body.strip()
    assert [line.partition(": ")[0] for line in head.splitlines()] == ["source", "read", "confirmed"]


def test_a_small_business_at_home_has_the_dates_and_the_guarantees_of_a_consumer() -> None:
    small = replace(WHOLE, consumer=False, small=True, seller=replace(SELLER, mediator=Mediator()))
    assert gaps(small) == []
    assert {"guarantees", "late_payment"} <= set(ids(small))
    assert "conformity" not in ids(small), "the box speaks to consumers"
    bare = replace(small, seller=Seller(legal_form="SARL"), start="", delivery="", energy="no")
    assert {gap.name for gap in gaps(bare) if gap.blocking} == {"insurer", "delivery", "start"}
    assert not any(gap.blocking for gap in gaps(replace(bare, off_premises=False)))


def test_guarantees_name_the_five_and_whom_to_call() -> None:
    text = said(replace(WHOLE, seller=replace(SELLER, spare_parts="disponibles dix ans")), "guarantees")
    for words in ("conformité", "vices cachés", "parfait achèvement", "bon fonctionnement", "décennale"):
        assert words in text
    assert "Service après-vente\u00a0: 04 65 71 08 42." in text
    assert "Pièces détachées\u00a0: disponibles dix ans." in text


def test_waste_is_told_in_its_four_facts() -> None:
    assert said(WHOLE, "waste").splitlines() == [
        "Quantité totale estimée\u00a0: 150\u00a0kg.",
        "Tri et enlèvement\u00a0: triés sur place.",
        "Point de collecte\u00a0: Tri, Lyon (déchetterie).",
        "Coût\u00a0: compris.",
    ]
    assert "waste" not in ids(replace(WHOLE, no_waste=True))


def test_who_holds_the_label_names_it_and_who_does_not_says_what_follows() -> None:
    assert said(WHOLE, "rge") == (
        "L'entreprise est titulaire de la qualification RGE n°\u00a0E-1, pompes à chaleur, valable jusqu'au "
        "31\u00a0décembre\u00a02027 inclus.\nL'attestation est jointe à ce devis."
    )
    assert said(replace(WHOLE, seller=replace(SELLER, rge="no")), "rge") == NOT_RGE


def test_subcontractors_are_named_with_their_label_or_its_absence() -> None:
    named = (Subcontractor("Élec", "91234567500017", "E-2"), Subcontractor("Maçon", "91234567500017", ""))
    text = said(replace(WHOLE, subcontractors=named, without_subcontractors=False), "subcontractors")
    assert "Élec, SIRET\u00a091234567500017, RGE n°\u00a0E-2." in text
    assert "Maçon, SIRET\u00a091234567500017, non RGE." in text


@pytest.mark.parametrize(
    ("changes", "name", "field"),
    [
        ({"delivery": "12/01/2026"}, "delivery", "delivery"),
        ({"start": "bientôt"}, "start", "start"),
        ({"without_subcontractors": False}, "subcontractors", "subcontractors"),
        ({"requested_by": ""}, "request", "requested_by"),
        ({"seller": replace(SELLER, rge="")}, "rge", "rge"),
        ({"seller": replace(SELLER, qualifications=())}, "rge", "rge_qualifications"),
        ({"seller": replace(SELLER, rge_proof=False)}, "rge", "rge_proof"),
        ({"seller": replace(SELLER, insurer=Insurer("Mutuelle"))}, "insurer", "insurer_contract"),
        ({"seller": replace(SELLER, mediator=Mediator("CM2C"))}, "mediator", "mediator_address"),
    ],
)
def test_each_gap_has_its_field_and_stops_a_flagged_quote(
    changes: dict[str, object], name: str, field: str
) -> None:
    (gap,) = gaps(replace(WHOLE, **changes))  # type: ignore[arg-type]
    assert (gap.name, gap.field, gap.blocking) == (name, field, True)


def test_a_certificate_that_ends_within_the_quotes_validity_is_told_before_sending() -> None:
    last = SELLER.qualifications[0].until
    assert not gaps(replace(WHOLE, valid_until=last))
    (gap,) = gaps(replace(WHOLE, valid_until=last + dt.timedelta(days=1)))
    assert (gap.name, gap.field, gap.blocking) == ("rge_ends", "valid_until", False)
    assert "finit le 31\u00a0décembre\u00a02027" in gap.sentence
    longer = replace(
        SELLER, qualifications=(*SELLER.qualifications, Qualification("E-2", "PAC", last.replace(year=2028)))
    )
    assert not gaps(replace(WHOLE, seller=longer, valid_until=last + dt.timedelta(days=1)))
    assert not gaps(replace(WHOLE, seller=replace(SELLER, rge="no"), valid_until=last + dt.timedelta(days=1)))


def test_a_law_asks_for_nothing_before_its_day() -> None:
    unasked = replace(WHOLE, requested_on=None)
    for day, names in (
        (dt.date(2025, 6, 30), set()),
        (dt.date(2025, 7, 1), {"rge"}),
        (dt.date(2026, 8, 10), {"rge"}),
        (dt.date(2026, 8, 11), {"rge", "request"}),
    ):
        bare = replace(unasked, day=day, seller=replace(SELLER, rge=""))
        assert {gap.name for gap in gaps(bare)} == names
    assert "waste" not in ids(replace(WHOLE, day=dt.date(2021, 6, 30)))


@pytest.mark.parametrize(
    ("title", "line", "expected"),
    [
        ("Pompe à chaleur air-eau", "", True),
        ("Chauffage", "PAC 8 kW", True),
        ("Chauffage", "Isolation des combles", True),
        ("Entretien de la pompe à chaleur", "Visite", False),
        ("Remplacement d'un robinet", "Robinet à isolement", False),
        ("Salle de bains", "Impact limité", False),
    ],
)
def test_energy_works_are_known_by_their_words(title: str, line: str, expected: bool) -> None:
    assert speaks_of_energy((title, line)) is expected
