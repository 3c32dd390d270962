"""The table of the law: which contract gives which right, from when on money may be asked for, what is not sent."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from dataclasses import replace

import pytest

from lib.french import PARIS
from quotes.law import contract, days, notices
from quotes.law.contract import Exempt, Facts, Kind, Nature, Notice, Place, Refusal, Start

pytestmark = pytest.mark.sqlite
SIGNED = dt.datetime(2026, 11, 24, 14, 41, tzinfo=PARIS)
DAY = SIGNED.date()
FROM_CONCLUSION = dt.date(2026, 12, 8)
D8 = dt.date(2026, 12, 2)
DELIVERED = dt.date(2027, 1, 11)
FROM_DELIVERY = dt.date(2027, 1, 25)
CONSUMER, BUSINESS = Kind.CONSUMER, Kind.BUSINESS
ON, DISTANCE, OFF = Place.ON_PREMISES, Place.DISTANCE, Place.OFF_PREMISES
GOODS, SERVICES = Nature.GOODS, Nature.SERVICES

# Customer, mode, nature, small; first day for money; last day of the right: None no right, OPEN no end before delivery.
OPEN = "open until the delivery"
TABLE = (
    (CONSUMER, DISTANCE, SERVICES, None, None, FROM_CONCLUSION),
    (CONSUMER, DISTANCE, GOODS, None, None, OPEN),
    (CONSUMER, OFF, SERVICES, None, D8, FROM_CONCLUSION),
    (CONSUMER, OFF, GOODS, None, D8, OPEN),
    (CONSUMER, ON, SERVICES, None, None, None),
    (CONSUMER, ON, GOODS, None, None, None),
    (BUSINESS, OFF, SERVICES, True, D8, FROM_CONCLUSION),
    (BUSINESS, OFF, GOODS, True, D8, OPEN),
    (BUSINESS, OFF, GOODS, False, None, None),
    (BUSINESS, DISTANCE, GOODS, True, None, None),
    (BUSINESS, DISTANCE, SERVICES, None, None, None),
    (BUSINESS, ON, GOODS, None, None, None),
)


@pytest.mark.parametrize(("kind", "place", "nature", "small", "money", "until"), TABLE)
def test_the_table_of_the_law(
    kind: Kind, place: Place, nature: Nature, small: bool | None, money: dt.date | None, until: object
) -> None:
    facts = Facts(kind, place, nature, is_small=small, concluded_at=SIGNED)
    assert contract.money_from(facts) == money
    period = contract.withdrawal(facts)
    assert (period and (period.last_day or OPEN)) == until
    if until == OPEN:
        delivered = contract.withdrawal(replace(facts, delivered_on=DELIVERED))
        assert delivered is not None
        assert delivered.last_day == FROM_DELIVERY


def test_row_4_an_urgent_repair_at_home_is_paid_at_once_and_not_withdrawn_from() -> None:
    """Only where the customer has asked for it."""
    facts = Facts(
        CONSUMER, OFF, SERVICES, exempt=Exempt.URGENT_REPAIR, concluded_at=SIGNED, reason="fuite d'eau"
    )
    assert contract.money_from(replace(facts, urgency_asked=True)) is None
    assert contract.money_from(facts) == D8, "the owner's word alone lifts no ban"
    assert contract.withdrawal(facts) is None
    found = contract.needs(facts)
    assert (found.notices, found.required, found.refusals) == (("no_withdrawal",), ("urgent_repair",), ())


URGENT, MADE = Exempt.URGENT_REPAIR, Exempt.MADE_TO_MEASURE
REFUSED = (
    (Facts(CONSUMER, DISTANCE, Nature.UNKNOWN), Refusal.NATURE),
    (Facts(BUSINESS, OFF, GOODS), Refusal.SMALL),
    (Facts(CONSUMER, ON, GOODS, visited_on=DAY, concluded_at=SIGNED), Refusal.VISIT),
    (Facts(CONSUMER, DISTANCE, SERVICES, exempt=URGENT), Refusal.URGENT_NOT_AT_HOME),
    (Facts(BUSINESS, OFF, SERVICES, is_small=True, exempt=URGENT), Refusal.URGENT_NOT_AT_HOME),
    (Facts(CONSUMER, OFF, GOODS, exempt=URGENT), Refusal.URGENT_NOT_SERVICES),
    (
        Facts(CONSUMER, OFF, SERVICES, exempt=MADE, reason="Une fenêtre cintrée sur plan"),
        Refusal.MADE_OF_SERVICES,
    ),
    (Facts(CONSUMER, OFF, GOODS, exempt=MADE, reason="Pompe à chaleur"), Refusal.MADE_WITHOUT_NAME),
)


@pytest.mark.parametrize(("facts", "refusal"), REFUSED)
def test_what_is_not_sent(facts: Facts, refusal: Refusal) -> None:
    assert contract.needs(facts).refusals == (refusal,)


def test_every_refusal_is_tried() -> None:
    assert {refusal for _, refusal in REFUSED} == set(Refusal)


@pytest.mark.parametrize(
    ("nature", "notice", "last"),
    [
        (GOODS, Notice.DELIVERY, FROM_DELIVERY),
        (GOODS, Notice.OLD, dt.date(2028, 1, 25)),
        (GOODS, Notice.CONCLUSION, dt.date(2028, 1, 25)),
        (GOODS, Notice.NONE, dt.date(2028, 1, 25)),
        (Nature.UNKNOWN, Notice.OLD, dt.date(2028, 1, 25)),
        (SERVICES, Notice.CONCLUSION, FROM_CONCLUSION),
        (SERVICES, Notice.OLD, FROM_CONCLUSION),
        (SERVICES, Notice.NONE, dt.date(2027, 12, 8)),
        (SERVICES, Notice.DELIVERY, dt.date(2027, 12, 8)),
    ],
)
def test_row_1_an_unsuitable_notice_adds_twelve_months(nature: Nature, notice: Notice, last: dt.date) -> None:
    """8 December 2028 and 25 January 2028 are working days."""
    facts = Facts(CONSUMER, DISTANCE, nature, concluded_at=SIGNED, delivered_on=DELIVERED, notice=notice)
    period = contract.withdrawal(facts)
    assert period is not None
    assert period.last_day == last


def test_row_7_services_that_are_all_done_end_the_right_only_with_the_box() -> None:
    facts = Facts(CONSUMER, DISTANCE, SERVICES, concluded_at=SIGNED, performed_on=dt.date(2026, 11, 30))
    for asked, last in ((False, FROM_CONCLUSION), (True, dt.date(2026, 11, 30))):
        period = contract.withdrawal(replace(facts, early_start=asked))
        assert period is not None
        assert period.last_day == last
    goods = contract.withdrawal(replace(facts, nature=GOODS, early_start=True))
    assert goods == contract.Period(None)
    assert contract.needs(replace(facts, nature=GOODS)).asked == ()


def test_row_22_signed_on_the_day_of_the_visit_is_off_premises() -> None:
    facts = Facts(CONSUMER, DISTANCE, GOODS, visited_on=DAY, concluded_at=SIGNED)
    assert contract.money_from(facts) == D8
    assert contract.money_from(replace(facts, visited_on=DAY - days.ONE_DAY)) is None


@pytest.mark.parametrize(
    ("declared", "quoted", "allowed"),
    [
        (ON, ON, True), (ON, DISTANCE, True), (ON, OFF, True),
        (DISTANCE, ON, False), (DISTANCE, DISTANCE, True), (DISTANCE, OFF, True),
        (OFF, ON, False), (OFF, DISTANCE, False), (OFF, OFF, True),
    ],
)  # fmt: skip
def test_row_15_a_declared_place_may_protect_less_than_the_quote(
    declared: Place, quoted: Place, allowed: bool
) -> None:
    assert contract.allows(declared, of=quoted) is allowed


def every() -> Iterator[Facts]:
    """Every combination of what decides."""
    places = itertools.product(Kind, Place, Nature, Exempt, (None, False, True), (None, DAY))
    said = itertools.product((None, SIGNED), (None, DAY, DELIVERED), (None, DAY), (None, *Notice))
    ticked = itertools.product((False, True), (False, True))
    for (kind, place, nature, exempt, small, visited), dates, boxes in itertools.product(
        places, said, ticked
    ):
        concluded, delivered, performed, notice = dates
        yield Facts(
            kind=kind,
            place=place,
            nature=nature,
            exempt=exempt,
            is_small=small,
            visited_on=visited,
            concluded_at=concluded,
            delivered_on=delivered,
            performed_on=performed,
            notice=notice,
            urgency_asked=boxes[0],
            early_start=boxes[1],
            reason="Une fenêtre cintrée sur plan",
        )


def test_no_combination_is_without_an_answer() -> None:
    """No right without its notice, no notice without its right, nothing asked for before its day."""
    for facts in every():
        found, period = contract.needs(facts), contract.withdrawal(facts)
        told = "withdrawal" in found.notices
        assert told is (found.start is not None), facts
        assert told is ("withdrawal_form" in found.notices), facts
        assert not (told and "no_withdrawal" in found.notices), facts
        assert (period is not None) is (told and facts.concluded_at is not None), facts
        if contract.protection(facts) is None:
            assert not found.notices, facts
        if facts.concluded_at is None:
            continue
        _check_dates(facts, period)


def _check_dates(facts: Facts, period: contract.Period | None) -> None:
    money = contract.money_from(facts)
    at_home = contract.protection(facts) is OFF
    lifted = facts.exempt is Exempt.URGENT_REPAIR and facts.urgency_asked
    assert money == (D8 if at_home and not lifted else None), facts
    if period is None:
        return
    assert period.is_open(SIGNED), facts
    if period.last_day is None:
        assert facts.delivered_on is None, facts
        assert facts.nature is not SERVICES, facts
    elif not (facts.early_start and facts.performed_on and facts.nature is SERVICES):
        assert period.last_day >= FROM_CONCLUSION, facts
        assert days.is_working_day(period.last_day), facts


def test_every_text_says_where_it_comes_from() -> None:
    for one in notices.texts():
        assert one.source, one.name
        assert dt.date.fromisoformat(one.read_on) >= dt.date(2026, 11, 30)
        assert one.words
    assert {one.name for one in notices.texts()} - {one.name for one in notices.unconfirmed()} == {"en-ligne"}


SELLER = notices.Seller(
    company="Thermo Rhône SARL",
    address="18 quai des Tanneurs, 69009 Lyon",
    phone="04 65 71 08 42",
    email="devis@thermo-rhone.example",
    function="https://devis.example/devis/abc/retractation/",
    giving_back="fetched",
)


def filed(name: str) -> str:
    """The words of a file, read without our own reader."""
    return (notices.FOLDER / f"{name}.txt").read_text(encoding="utf-8").split("\n---\n", 1)[1].strip()


def slots_filled(words: str, giving_back: str) -> str:
    for slot, value in (
        ("{online}", filed("en-ligne")), ("{function}", SELLER.function), ("{company}", SELLER.company),
        ("{address}", SELLER.address), ("{phone}", SELLER.phone), ("{email}", SELLER.email),
        ("{giving_back}", giving_back),
    ):  # fmt: skip
        words = words.replace(slot, value)
    return words


@pytest.mark.parametrize("giving_back", notices.GIVING_BACK)
@pytest.mark.parametrize(
    ("start", "file"), [(Start.CONCLUSION, "avis-services"), (Start.DELIVERY, "avis-biens")]
)
def test_row_8_the_notice_is_the_file_with_its_slots_byte_for_byte(
    start: Start, file: str, giving_back: str
) -> None:
    notice = notices.withdrawal_notice(start, replace(SELLER, giving_back=giving_back))
    back = filed(notices.GIVING_BACK[giving_back])
    assert notice == slots_filled(filed(file), back)
    assert "{" not in notice
    assert (back in notice) is (start is Start.DELIVERY), "of work there is nothing to give back"


@pytest.mark.parametrize("giving_back", notices.GIVING_BACK)
def test_row_8_the_form_is_the_file_with_its_slots_byte_for_byte(giving_back: str) -> None:
    form = notices.withdrawal_form(replace(SELLER, giving_back=giving_back))
    assert form == slots_filled(filed("formulaire"), "")
    assert "{" not in form


def test_row_8_who_fetches_what_was_delivered_is_said_in_three_ways() -> None:
    """One with its cost borne by us, one by us too, one by the customer: no two alike."""
    said = {name: filed(file) for name, file in notices.GIVING_BACK.items()}
    assert said["fetched"] == "Nous récupérerons le bien à nos propres frais."
    assert "Nous prendrons en charge les frais de renvoi du bien." in said["sent_back"]
    assert "Vous devrez prendre en charge les frais directs de renvoi du bien." in said["sent_back_paid"]
