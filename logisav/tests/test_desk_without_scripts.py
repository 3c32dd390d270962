"""Where no script runs the desk still lists quotes, opens them and saves them, and says what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Page, expect

from logisav.desk.tests.desk import at_desk, page_of
from quotes.models import Quote
from quotes.tests.factories import make_quote

pytestmark = pytest.mark.browser


@pytest.fixture
def without(chromium: Browser, site: str, julien: User) -> Iterator[Page]:
    context = chromium.new_context(
        base_url=site, viewport={"width": 1280, "height": 900}, java_script_enabled=False
    )
    context.add_cookies(
        [
            {"name": morsel.key, "value": morsel.value, "url": site}
            for morsel in at_desk(julien).cookies.values()
        ]
    )
    yield context.new_page()
    context.close()


def test_a_quote_is_found_opened_and_saved(without: Page, julien: User) -> None:
    quote = make_quote(owner=julien, title="Ancien titre")
    without.goto("/admin/quotes/quote/")
    expect(without.locator("noscript p")).to_be_visible()  # a search by words skips what stands in there
    row = without.get_by_role("link", name=quote.number)
    expect(row).to_be_visible()
    row.click()
    without.locator("[name=title]").fill("Autre titre")
    blank = without.locator(".lines > .line").nth(quote.lines.count())
    blank.get_by_label("Désignation").fill("Purge")
    blank.get_by_label("Prix HT").fill("1 234,50")
    blank.locator("summary").click()
    blank.get_by_label("Description").fill("Avec rinçage")
    without.get_by_role("button", name="Enregistrer", exact=True).first.click()
    expect(without.get_by_text("Autre titre").first).to_be_visible()
    assert Quote.objects.get(pk=quote.pk).title == "Autre titre"
    added = Quote.objects.get(pk=quote.pk).lines.get(label="Purge")
    assert (added.unit_price, added.description) == (Decimal("1234.50"), "Avec rinçage")
    assert without.url.endswith(page_of(quote))


def test_who_has_scripts_is_told_nothing_of_it(desk: Page) -> None:
    desk.goto("/admin/quotes/quote/")
    expect(desk.get_by_role("heading", name="Devis").first).to_be_visible()
    expect(desk.locator("noscript p")).to_have_count(0)
