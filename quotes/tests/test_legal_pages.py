"""« Mentions légales », « Vos données personnelles », « Accessibilité »: true of this company, open to all."""

from __future__ import annotations

import datetime as dt
import html
import re
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from lib.trials import FellShort
from logisav.desk.tests.desk import administrator, at_desk
from payments.tests.factories import make_accepted_quote
from quotes import legal, trials
from quotes.models import Company
from quotes.tests.factories import make_company, make_sent_quote, visitor
from signing.tests.test_pages import path

pytestmark = pytest.mark.django_db
NOTICE, DATA, ACCESSIBILITY = "/mentions-legales/", "/donnees-personnelles/", "/accessibilite/"
ALL = (NOTICE, DATA, ACCESSIBILITY)


def read(address: str) -> str:
    response = Client().get(address)
    assert response.status_code == 200
    return html.unescape(response.content.decode())


def test_row_20_the_notice_names_editor_director_and_host_with_its_phone() -> None:
    make_company()
    page = read(NOTICE)
    for said in (
        "Thermo Rhône SARL",
        "912\u00a0345\u00a0675",
        "04\u00a065\u00a071\u00a008\u00a042",
        "Julien Faure",
    ):
        assert said in page
    assert "Hébergeur Exemple SAS" in page
    assert "03\u00a065\u00a071\u00a000\u00a000" in page


def test_row_14_the_page_of_data_tells_who_why_how_long_and_what_one_may_do() -> None:
    make_company(data_email="donnees@thermo-rhone.example")
    page = read(DATA)
    for said in (
        "Thermo Rhône SARL, 18 quai des Tanneurs, 69009 Lyon",
        "donnees@thermo-rhone.example",
        "Hébergeur Exemple SAS, 2 rue de l'Exemple, 59000 Lille",
        "3\u00a0ans après notre dernier échange",
        "12\u00a0mois",
        "10\u00a0ans après la fin des travaux",
        "intérêt légitime",
        "articles L213-1 et D213-2 du code de la consommation",
        "faire effacer",
        "CNIL",
    ):
        assert said in page, said


def test_stripe_is_named_where_cards_are_taken_and_nowhere_else(settings: Settings) -> None:
    make_company()
    settings.STRIPE_SECRET_KEY = "sk_test_1"
    assert "Stripe Payments Europe" in read(DATA)
    settings.STRIPE_SECRET_KEY = ""
    assert "Stripe" not in read(DATA)


def test_a_service_that_keeps_the_documents_is_told(settings: Settings) -> None:
    make_company()
    told = "le service qui garde les documents pour nous"
    assert told not in read(DATA)
    elsewhere = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    settings.STORAGES = settings.STORAGES | {"default": elsewhere}
    assert told in read(DATA)


def test_row_20_accessibility_says_how_it_stands_when_it_was_tried_and_whom_to_tell() -> None:
    make_company(
        is_micro=False,
        accessibility=Company.Accessibility.PARTIAL,
        accessibility_tested_on=dt.date(2026, 11, 12),
        accessibility_gaps="Le plan du chantier n'est pas décrit.",
    )
    page = read(ACCESSIBILITY)
    for said in (
        "partiellement conforme",
        "12 novembre 2026",
        "Le plan du chantier",
        "devis@thermo-rhone.example",
    ):
        assert said in page.replace("\u00a0", " "), said
    assert "microentreprise" not in page


def test_a_micro_company_says_that_it_is_exempt() -> None:
    make_company(is_micro=True)
    page = read(ACCESSIBILITY)
    assert "Les services d'une microentreprise sont dispensés" in page
    assert "directive (UE) 2019/882" in page
    assert "non évaluée" in page


@pytest.mark.parametrize("address", ALL)
def test_nobody_publishes_a_site_that_is_not_set_up(address: str) -> None:
    assert Client().get(address).status_code == 404


@pytest.mark.parametrize("address", ALL)
def test_they_are_read_only_and_ask_for_the_company_alone(
    address: str, django_assert_num_queries: Any
) -> None:
    make_company()
    assert Client().post(address).status_code == 405
    with django_assert_num_queries(1):
        Client().get(address)


@pytest.mark.parametrize(
    "address", ["/verifier/", "/signature-electronique/", "/devis/inconnu/", "/rien/", *ALL]
)
def test_every_page_leads_to_them(address: str) -> None:
    make_company()
    foot = Client().get(address).content.decode().partition("<footer")[2]
    assert all(f'href="{page}"' in foot for page in ALL)


@pytest.mark.parametrize("name", ["templates/400", "templates/500", "templates/503", "static/site/413"])
def test_pages_that_stand_alone_lead_to_them_too(name: str, settings: Settings) -> None:
    foot = (settings.BASE_DIR / f"{name}.html").read_text().partition("<footer")[2]
    assert all(f'href="{page}"' in foot for page in ALL)


def line_under_the_form(browser: Client, address: str) -> None:
    response = browser.get(address)
    assert response.status_code == 200
    (form,) = re.findall(r"<form[^>]* novalidate>.*?</form>", response.content.decode(), re.DOTALL)
    assert f'<a href="{DATA}">' in form, address


@pytest.mark.parametrize("form", ["question/", "signer/", "refuser/"])
def test_row_14_forms_say_in_one_line_what_becomes_of_what_is_typed(form: str) -> None:
    quote = make_sent_quote()
    line_under_the_form(visitor(quote), path(quote).replace("signer/", form))


@pytest.mark.parametrize("has_link", [True, False])
def test_row_14_the_forms_of_a_withdrawal_say_it_too(has_link: bool) -> None:
    quote = make_accepted_quote()
    browser = visitor(quote) if has_link else Client()
    for address in (f"{quote.get_absolute_url()}retractation/", "/retractation/"):
        line_under_the_form(browser, address)


# What is lacking is told


def test_what_the_pages_cannot_say_yet_is_told_where_it_is_typed() -> None:
    company = make_company(publication_director="", host="", host_phone="", is_micro=False)
    lacking = [finding.field for finding in legal.missing(company)]
    assert lacking == ["publication_director", "host", "host_phone", "accessibility"]
    page = html.unescape(
        at_desk(administrator()).get(f"/admin/quotes/company/{company.pk}/change/").content.decode()
    )
    assert "Les pages légales de votre site sont incomplètes" in page
    assert all(f'href="#id_{field}"' in page and f'id="id_{field}"' in page for field in lacking)
    with pytest.raises(FellShort, match="Nommez le directeur de la publication"):
        trials.legal_pages()


def test_a_result_of_a_test_wants_its_date_and_what_it_found() -> None:
    company = Company(
        publication_director="J. Faure", host="H", host_phone="1", accessibility=Company.Accessibility.PARTIAL
    )
    assert [finding.field for finding in legal.missing(company)] == [
        "accessibility_tested_on",
        "accessibility_gaps",
    ]


def test_a_complete_company_lacks_nothing() -> None:
    company = make_company()
    assert legal.missing(company) == []
    assert "complètes" in trials.legal_pages().words
    page = at_desk(administrator()).get(f"/admin/quotes/company/{company.pk}/change/").content.decode()
    assert "pages légales de votre site sont incomplètes" not in page


def test_without_a_company_there_is_nothing_to_try() -> None:
    assert "pas encore saisie" in trials.legal_pages().words
