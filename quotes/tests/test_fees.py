"""What the decree of 24 January 2017 wants said: what travelling costs, and whether the quote itself is free."""

from __future__ import annotations

import json

import pytest
from django.template.loader import render_to_string

from logisav.desk.tests.desk import at_desk, filled, manager, text
from quotes.content import Content
from quotes.models import Company
from quotes.tests.contents import make_content
from quotes.tests.factories import make_company, make_sent_quote, version_of, visitor


@pytest.mark.django_db
def test_the_company_says_it_once_and_the_customer_reads_it() -> None:
    company = make_company()
    browser, page = at_desk(manager()), f"/admin/quotes/company/{company.pk}/change/"
    data = filled(browser.get(page)) | {
        "travel_costs": "45 € HT par déplacement",
        "quote_cost": "Devis gratuit",
    }
    assert browser.post(page, data).status_code == 302
    quote = make_sent_quote()
    Company.objects.update(travel_costs="changé depuis")
    shown = text(visitor(quote).get(quote.get_absolute_url()))
    assert "Déplacement&nbsp;: 45 € HT par déplacement" in shown
    assert "Devis gratuit" in shown
    assert version_of(quote).reading.company.travel_costs == "45 € HT par déplacement"


def test_the_document_says_it() -> None:
    shown = render_to_string("pdf/parts/terms.html", {"content": make_content()})
    assert "Déplacement&nbsp;: compris dans les prix" in shown
    assert "Devis gratuit" in shown


def test_a_version_frozen_before_anybody_asked_still_reads_and_says_nothing_of_it() -> None:
    document = json.loads(make_content().to_json())
    for name in ("travel_costs", "quote_cost"):
        del document["company"][name]
    old = Content.from_json(json.dumps(document))
    assert (old.company.travel_costs, old.company.quote_cost) == ("", "")
    assert "Frais" not in render_to_string("pdf/parts/terms.html", {"content": old})
