"""Photos from a telephone of 390 px into a quote, and what its customer then sees; with scripts and without."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Locator, Page, ViewportSize, expect

from logisav.desk.tests.desk import at_desk, page_of
from logisav.tests.browser import Kept, Watch, violations
from quotes.models import Quote
from quotes.tests.enclosures import drawn, halves, photo, with_position
from quotes.tests.factories import make_link, make_quote, send
from signing.tests.sealed import small_pdf

pytestmark = [pytest.mark.browser, pytest.mark.sqlite]
PHONE: ViewportSize = {"width": 390, "height": 844}


def chosen(name: str, data: bytes) -> Any:
    kind = "application/pdf" if name.endswith(".pdf") else "image/jpeg"
    return {"name": name, "mimeType": kind, "buffer": data}


@pytest.fixture
def customer(kept: Kept, site: str) -> Iterator[Page]:
    watch = Watch(site)
    context = kept.take(viewport=PHONE, locale="fr-FR", reduced_motion="reduce")
    watch.follow(context)
    yield context.new_page()
    kept.give_back(context)
    watch.leave(context)
    assert (watch.elsewhere, watch.complaints) == ([], [])


def section(desk: Page) -> Locator:
    return desk.get_by_role("region", name="Photos et documents")


def test_two_photos_from_a_telephone_are_read_by_the_customer(
    desk: Page, customer: Page, julien: User, site: str
) -> None:
    quote = make_quote(owner=julien)
    line = quote.lines.all()[0]
    desk.set_viewport_size(PHONE)
    desk.goto(page_of(quote))
    desk.locator("[name=title]").fill("Un titre pas encore enregistré")
    section(desk).get_by_text("Ajouter des photos ou des documents").click()
    section(desk).get_by_label("Choisir des photos ou des PDF").set_input_files(
        [chosen("IMG_1.jpg", with_position()), chosen("IMG_2.jpg", photo()), chosen("x.svg", b"<svg/>")]
    )
    section(desk).locator("#id_line").select_option(label=line.label)
    section(desk).get_by_role("button", name="Ajouter", exact=True).click()
    expect(section(desk).get_by_role("img")).to_have_count(2)
    expect(section(desk)).to_contain_text("x\u00a0: Ce fichier n'est ni une photo lisible")
    assert desk.locator("[name=title]").input_value() == "Un titre pas encore enregistré"
    first = section(desk).get_by_role("listitem").filter(has=desk.get_by_role("img")).nth(0)
    first.get_by_label("Légende").fill("La chaufferie")
    first.get_by_role("button", name=re.compile("Enregistrer")).click()
    expect(section(desk).get_by_role("img", name="La chaufferie")).to_be_visible()
    assert violations(desk, "#photos-et-documents") == []
    assert desk.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]

    send(Quote.objects.get(pk=quote.pk))
    customer.goto(site + make_link(quote)[1])
    photos = customer.get_by_role("region", name="Photos")
    expect(photos.get_by_role("img")).to_have_count(2)
    for image in photos.get_by_role("img").all():
        image.scroll_into_view_if_needed()
        expect(image).to_have_js_property("complete", value=True)
        assert image.evaluate("image => image.naturalWidth") > 0
    expect(photos.get_by_role("img", name="La chaufferie")).to_be_visible()
    expect(photos.get_by_text(line.label)).to_have_count(2)
    assert violations(customer) == []
    assert customer.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_without_scripts_files_are_added_and_taken_away(chromium: Browser, site: str, julien: User) -> None:
    quote = make_quote(owner=julien)
    context = chromium.new_context(base_url=site, viewport=PHONE, java_script_enabled=False)
    cookies: list[Any] = [
        {"name": one.key, "value": one.value, "url": site} for one in at_desk(julien).cookies.values()
    ]
    context.add_cookies(cookies)
    page = context.new_page()
    page.goto(page_of(quote))
    page.get_by_label("Choisir des photos ou des PDF").set_input_files(
        [
            chosen("a.jpg", photo()),
            chosen("b.jpg", drawn(halves((300, 200)))),
            chosen("Fiche.pdf", small_pdf()),
        ]
    )
    page.get_by_role("button", name="Ajouter", exact=True).click()
    expect(page.get_by_role("link", name="Fiche")).to_be_visible()
    assert quote.enclosures.count() == 3
    page.get_by_role("button", name="Retirer Fiche").click()
    expect(page.get_by_role("link", name="Fiche")).to_have_count(0)
    assert quote.enclosures.count() == 2
    context.close()
