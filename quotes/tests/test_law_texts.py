"""Texts of the law that nobody has compared with Légifrance yet: doctor, company page and README list them."""

from __future__ import annotations

import datetime as dt
import html

import pytest
from django.conf import settings

from logisav.desk.tests.desk import at_desk, manager, text
from logisav.desk.tests.test_law_fields import errors, save_company
from quotes import trials
from quotes.law import notices
from quotes.models import Company
from quotes.tests.factories import make_company

pytestmark = pytest.mark.django_db
UNREAD = [one.name for one in notices.unconfirmed()]
NOTED = {"texts_read_on": "30/11/2026", "texts_read_by": "Me Exemple, avocate"}


def company_page() -> str:
    company = make_company()
    page = at_desk(manager()).get(f"/admin/quotes/company/{company.pk}/change/")
    return html.unescape(text(page)).partition("Textes de loi à relire")[2]


@pytest.mark.parametrize("has_company", [False, True])
def test_doctor_names_each_of_them_until_they_were_read(has_company: bool) -> None:
    if has_company:
        make_company()
    said = trials.LAW_TEXTS.attempt().words
    assert all(name in said for name in UNREAD)
    assert "Légifrance" in said
    make_company()
    Company.objects.update(texts_read_on=dt.date(2026, 11, 30), texts_read_digest=notices.digest())
    assert trials.LAW_TEXTS.attempt().words == "les textes de rétractation ont été relus"


def test_the_company_page_lists_them_with_their_source_and_their_words() -> None:
    page = company_page()
    for one in notices.unconfirmed():
        assert f"{one.name}\u00a0: {one.source}" in page
        assert one.words.split("\n")[0] in page


@pytest.mark.parametrize("missing", NOTED)
def test_a_day_without_a_reader_is_refused_and_a_reader_without_a_day(missing: str) -> None:
    make_company()
    desk = at_desk(manager())
    refused = errors(save_company(desk, **NOTED | {missing: ""}))
    assert "quand et par qui" in refused[missing]
    assert Company.current().texts_read_digest == ""


def test_who_has_read_them_is_noted_with_the_very_words() -> None:
    make_company()
    desk = at_desk(manager())
    assert save_company(desk, **NOTED).status_code == 302
    company = Company.current()
    assert (company.texts_read_on, company.texts_read_by) == (dt.date(2026, 11, 30), "Me Exemple, avocate")
    assert company.texts_read_digest == notices.digest()
    assert company_page() == ""
    assert save_company(desk, phone="04 65 71 08 43").status_code == 302
    assert Company.current().texts_read_digest == notices.digest(), "another field has nothing to do with it"
    assert save_company(desk, texts_read_on="", texts_read_by="").status_code == 302
    assert Company.current().texts_read_digest == ""


def test_the_readme_names_each_of_them_among_what_a_lawyer_still_has_to_read() -> None:
    readme = (settings.BASE_DIR / "README.md").read_text(encoding="utf-8")
    section = readme.partition("## Ce qu'un juriste doit encore lire")[2].partition("\n## ")[0]
    assert [name for name in UNREAD if f"`{name}`" not in section] == []
