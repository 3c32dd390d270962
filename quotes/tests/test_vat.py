"""VAT as the law has it: rates by territory, boxes of reduced rates, reasons of a zero rate. No database."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import replace
from decimal import Decimal

import pytest

from quotes import money
from quotes.law import vat
from quotes.law.vat import Fault, Regime, Territory, VatFacts, ZeroReason

pytestmark = pytest.mark.sqlite
DAY = dt.date(2026, 11, 30)
USUAL = VatFacts(
    regime=Regime.NORMAL,
    territory=Territory.MAINLAND,
    number="FR65912345675",
    rates=frozenset({Decimal(20)}),
    sold=frozenset({Decimal(20)}),
    reason="",
    detail="",
    is_business=False,
    siren="",
    worksite="12 chemin des Vignes",
)
BUSINESS = replace(USUAL, is_business=True, siren="552100554")


def charged(facts: VatFacts, *rates: str) -> VatFacts:
    found = frozenset(map(Decimal, rates))
    return replace(facts, rates=found, sold=found)


@pytest.mark.parametrize(
    ("territory", "rates"),
    [
        (Territory.MAINLAND, "20 10 5.5 2.1 0"),
        (Territory.CORSICA, "20 13 10 5.5 2.1 0.9 0"),
        (Territory.OVERSEAS, "8.5 2.1 0"),
        (Territory.WITHOUT_VAT, "0"),
    ],
)
def test_the_territory_of_the_company_gives_its_rates(territory: Territory, rates: str) -> None:
    assert vat.offered(Regime.NORMAL, territory) == tuple(map(Decimal, rates.split()))
    assert vat.offered(Regime.FRANCHISE, territory) == (Decimal(0),)


def test_every_rate_that_is_offered_fits_its_column() -> None:
    assert {rate for rates in vat.RATES.values() for rate in rates} == set(money.VAT_RATES)


# Reduced rates (R15)


def test_each_reduced_rate_has_a_box_with_the_words_of_the_administration() -> None:
    ten, energy = vat.certificates(map(Decimal, ("20", "5.50", "10.00")), Territory.MAINLAND)
    assert (ten.id, energy.id) == ("vat_10", "vat_5_5")
    for box in (ten, energy):
        assert (
            "Je certifie, en qualité de preneur de la prestation, que les travaux réalisés concernent"
            in box.words
        )
        assert "achevés depuis plus de deux ans et qu'ils n'ont pas eu pour effet" in box.words
        assert "au sens du 2° du 2 du I de l'article 257 du CGI" in box.words
        assert "surface de plancher des locaux existants supérieure à 10\u00a0%" in box.words
        assert box.otherwise == "Si vous ne pouvez pas le certifier, demandez un devis à 20\u00a0%."
    assert energy.words.endswith("et qu'ils ont la nature de travaux de rénovation énergétique.")
    assert "énergétique" not in ten.words


def test_in_corsica_works_are_at_ten_whoever_asks_and_overseas_the_reduced_rate_is_another() -> None:
    """Art. 297 of the CGI: all works on buildings. Overseas 2,1 % is that of old dwellings, in place of 8,5 %."""
    rates = money.VAT_RATES
    assert [box.id for box in vat.certificates(rates, Territory.CORSICA)] == ["vat_5_5"]
    (overseas,) = vat.certificates(rates, Territory.OVERSEAS)
    assert overseas.id == "vat_2_1"
    assert "demandez un devis à 8,5\u00a0%" in overseas.otherwise
    assert vat.certificates(rates, Territory.WITHOUT_VAT) == ()


def test_the_notice_names_the_rates_and_what_a_false_word_costs() -> None:
    boxes = vat.certificates(map(Decimal, ("5.5", "10")), Territory.MAINLAND)
    assert vat.certificate_notice(boxes) == (
        "La TVA à 10\u00a0% et 5,5\u00a0% suppose votre certification, à cocher avant de signer. "
        "Une fausse déclaration peut vous être réclamée par l'administration."
    )
    assert vat.certificate_notice(()) == ""


def test_a_reduced_rate_needs_its_worksite() -> None:
    assert vat.faults(charged(replace(BUSINESS, worksite=""), "5.5")) == {Fault.NO_WORKSITE}
    assert vat.faults(charged(replace(BUSINESS, worksite=""), "20")) == set()


# A zero rate (R16)


def test_a_zero_rate_says_why_by_a_company_that_charges_vat() -> None:
    assert vat.faults(charged(USUAL, "0")) == {Fault.NO_REASON}
    assert vat.faults(replace(charged(USUAL, "0"), reason=ZeroReason.OUT_OF_SCOPE)) == set()
    assert vat.faults(replace(charged(USUAL, "0"), territory=Territory.WITHOUT_VAT)) == set()
    assert vat.faults(replace(charged(USUAL, "20"), reason=ZeroReason.EXEMPT)) == {Fault.REASON_WITHOUT_ZERO}


def test_reverse_charge_is_between_businesses_and_names_the_main_site() -> None:
    asked = replace(charged(BUSINESS, "0"), reason=ZeroReason.REVERSE_CHARGE)
    assert vat.faults(asked) == {Fault.NO_MAIN_SITE}
    assert vat.faults(replace(asked, detail="Chantier Alpha, pour Bâtir SA")) == set()
    for stranger in (replace(asked, siren=""), replace(asked, is_business=False)):
        assert Fault.REVERSE_CHARGE_TO_A_STRANGER in vat.faults(stranger)


def test_an_exemption_cites_its_article() -> None:
    asked = replace(charged(USUAL, "0"), reason=ZeroReason.EXEMPT)
    assert vat.faults(asked) == {Fault.NO_ARTICLE}
    assert vat.faults(replace(asked, detail="article 261, 4, 4° du CGI")) == set()


def test_the_total_says_who_owes_the_vat_instead_of_zero() -> None:
    said = vat.zero_rate("normal", "metropole", "reverse_charge", "Chantier Alpha, pour Bâtir SA.", on=DAY)
    assert said == vat.ZeroRate(
        "TVA due par le preneur",
        "Autoliquidation – TVA due par le preneur, art. 283, 2 nonies du CGI. Chantier Alpha, pour Bâtir SA.",
    )
    assert vat.zero_rate("normal", "metropole", "", "", on=DAY) is None


def test_the_franchise_is_cited_as_of_its_day() -> None:
    for day, words in ((DAY, "art. 293 B du CGI"), (dt.date(2028, 1, 1), "art. L223-1 et suivants du CIBS")):
        said = vat.zero_rate("franchise", "metropole", "", "", on=day)
        assert said == vat.ZeroRate(f"TVA non applicable, {words}")


def test_a_company_in_franchise_charges_none() -> None:
    franchise = replace(USUAL, regime=Regime.FRANCHISE)
    assert vat.faults(charged(franchise, "0")) == set()
    assert vat.faults(charged(franchise, "0", "20")) == {Fault.CHARGED_IN_FRANCHISE}
    assert vat.faults(replace(USUAL, number="")) == {Fault.NO_NUMBER}


def test_a_rate_of_elsewhere_is_refused() -> None:
    assert vat.faults(charged(USUAL, "8.5")) == {Fault.NOT_OF_THE_TERRITORY}
    assert vat.faults(charged(replace(USUAL, territory=Territory.OVERSEAS), "20")) == {
        Fault.NOT_OF_THE_TERRITORY
    }


def test_no_zero_rate_passes_without_words_in_any_combination() -> None:
    """Whatever the facts: what is let through says why, and what is not says what is missing."""
    for regime, territory, reason, detail, business in itertools.product(
        Regime, Territory, ["", *ZeroReason], ["", "un article"], [False, True]
    ):
        facts = replace(
            charged(BUSINESS if business else USUAL, "0"),
            regime=regime, territory=territory, reason=reason, detail=detail,
        )  # fmt: skip
        said = vat.zero_rate(regime, territory, reason, detail, on=DAY)
        assert said is not None or Fault.NO_REASON in vat.faults(facts), facts
        assert said is None or not said.line.startswith("TVA 0"), facts


# Boilers


@pytest.mark.parametrize(
    ("words", "fossil"),
    [
        ("Chaudière gaz à condensation 24 kW", True),
        ("Remplacement de la chaudière fioul par une chaudière au fioul", True),
        ("Fourniture d'une CHAUDIERE\nau propane", True),
        ("Entretien annuel de la chaudière gaz", False),
        ("Réparation chaudière fioul", False),
        ("Dépannage de chaudière gaz", False),
        ("Dépose de l'ancienne chaudière fioul", False),
        ("Pompe à chaleur, en place d'une chaudière gaz", False),
        ("Chaudière à granulés", False),
        ("Gazon synthétique, chaudière à bois", False),
    ],
)
def test_a_boiler_for_gas_oil_or_propane_is_known_by_its_words(words: str, *, fossil: bool) -> None:
    assert vat.is_fossil_boiler(words) is fossil
