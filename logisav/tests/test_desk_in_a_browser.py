"""The owner's desk in a real browser: its scripts run under its policy, a quote goes from empty form to sent."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Page, expect

from logisav.tests.test_pages_in_a_browser import Watch
from payments.tests.factories import accept, make_paying_company, withdraw
from payments.tests.test_transfer import confirm
from quotes import workflow
from quotes.models import Quote
from quotes.tests.desk import manager
from quotes.tests.factories import SYSTEM, make_company, make_customer, make_quote, make_sent_quote

pytestmark = pytest.mark.browser
PASSWORD = "un-bon-mot-de-passe"


@pytest.fixture
def julien(transactional_db: None) -> User:
    make_company()
    user = manager()
    user.set_password(PASSWORD)
    user.save()
    return user


@pytest.fixture
def desk(chromium: Browser, site: str, julien: User) -> Iterator[Page]:
    """Logged in through the page; at the end nothing was asked of others and no rule was broken."""
    watch = Watch(site)
    context = chromium.new_context(
        base_url=site, viewport={"width": 1280, "height": 900}, locale="fr-FR", timezone_id="Europe/Paris"
    )
    context.set_default_timeout(15_000)
    watch.follow(context)
    page = context.new_page()
    page.goto("/admin/")
    page.get_by_label("Nom d").fill(julien.username)
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Connexion").click()
    expect(page.get_by_role("heading", name="À nous")).to_be_visible()
    yield page
    context.close()
    assert watch.elsewhere == []
    assert watch.complaints == []


def test_from_an_empty_form_to_a_quote_on_its_way(desk: Page) -> None:
    make_customer()
    desk.get_by_role("link", name="Nouveau devis").click()
    desk.locator(".field-customer .select2-selection").click()
    desk.keyboard.type("morel")
    desk.get_by_role("option", name=re.compile("Claire Morel")).click()
    desk.locator("[name=title]").fill("Ravalement")
    desk.locator("[name=lines-0-label]").fill("Peinture")
    desk.locator("[name=lines-0-quantity]").fill("12,5")
    desk.locator("[name=lines-0-unit_price]").fill("33,10")
    desk.get_by_text("Ajouter une ligne").click()
    desk.locator("[name=lines-1-label]").fill("Échafaudage")
    desk.locator("[name=lines-1-unit_price]").fill("800")
    desk.locator("[name=lines-1-vat_rate]").select_option("10")
    desk.get_by_role("button", name="Enregistrer").click()
    expect(desk.get_by_label("Totaux")).to_contain_text("1\u202f376,50\xa0€")

    desk.get_by_role("button", name="Envoyer").click()
    expect(desk.get_by_role("heading", name="Ce que le client verra")).to_be_visible()
    desk.get_by_role("button", name="Envoyer").click()
    expect(desk.get_by_text("Son PDF se prépare, le mail suit.")).to_be_visible()
    assert Quote.objects.get().state == Quote.State.SENDING


def test_lines_are_dragged_into_another_order(desk: Page, julien: User) -> None:
    quote = make_quote(owner=julien)
    desk.goto(f"/admin/quotes/quote/{quote.pk}/change/")
    rows = desk.locator("#lines-data tbody.original")
    rows.nth(3).scroll_into_view_if_needed()
    handle = rows.nth(3).locator("[x-sort\\:handle]")
    handle.hover()
    desk.mouse.down()
    box = rows.nth(0).bounding_box()
    assert box is not None
    for step in range(20):
        desk.mouse.move(box["x"] + 20, box["y"] + (20 - step) * 12)
    desk.mouse.move(box["x"] + 20, box["y"] + 5)
    desk.mouse.up()
    desk.get_by_role("button", name="Enregistrer").click()
    expect(desk.get_by_text("est enregistré.")).to_be_visible()
    assert quote.lines.all()[0].label == "Thermostat"


def test_a_heading_has_no_figures(desk: Page, julien: User) -> None:
    quote = make_quote(owner=julien)
    desk.goto(f"/admin/quotes/quote/{quote.pk}/change/")
    expect(desk.locator("[name=lines-0-unit_price]")).to_be_hidden()
    expect(desk.locator("[name=lines-1-unit_price]")).to_be_visible()


def every_page(julien: User) -> list[str]:
    draft, sent = make_quote(owner=julien), make_sent_quote(owner=julien)
    workflow.ask(sent.pk, text="Le thermostat est-il compris ?", phone="", actor=SYSTEM)
    question = sent.questions.get()
    make_paying_company()
    withdrawn = accept(make_sent_quote(owner=julien))
    payment = confirm(withdrawn, "1000")
    withdraw(withdrawn)
    return [
        "/admin/",
        "/admin/quotes/quote/",
        "/admin/quotes/quote/add/",
        f"/admin/quotes/quote/{draft.pk}/change/",
        f"/admin/quotes/quote/{draft.pk}/apercu/",
        f"/admin/quotes/quote/{draft.pk}/faire/envoyer/",
        f"/admin/quotes/quote/{sent.pk}/change/",
        f"/admin/quotes/quote/{sent.pk}/faire/bloquer/",
        "/admin/quotes/question/",
        f"/admin/quotes/question/{question.pk}/change/",
        "/admin/quotes/customer/",
        f"/admin/quotes/customer/{sent.customer_id}/change/",
        "/admin/quotes/company/",
        "/admin/notifications/notification/",
        "/admin/notifications/outgoingemail/",
        "/admin/signing/signature/",
        "/admin/payments/deposit/",
        f"/admin/quotes/quote/{withdrawn.pk}/change/",
        f"/admin/payments/deposit/{withdrawn.pk}/virement-recu/",
        f"/admin/payments/deposit/paiement/{payment.pk}/rembourser/",
    ]


def test_lists_fit_a_small_desk_in_even_rows(desk: Page, julien: User) -> None:
    every_page(julien)
    for path in ("/admin/quotes/quote/", "/admin/payments/deposit/"):
        desk.goto(path)
        table = desk.locator("#result_list")
        width = table.evaluate("table => [table.scrollWidth, table.parentElement.clientWidth]")
        heights = table.evaluate(
            "table => [...table.tBodies].flatMap(b => [...b.rows]).map(r => r.offsetHeight)"
        )
        assert width[0] <= width[1], path
        assert max(heights) <= 60, path


def test_every_page_runs_under_the_desks_policy_and_fits_a_phone(desk: Page, julien: User) -> None:
    desk.set_viewport_size({"width": 390, "height": 844})
    for path in every_page(julien):
        response = desk.goto(path)
        assert response is not None
        assert response.status == 200, path
        policy = response.headers["content-security-policy"]
        assert ("unsafe" in policy) is not path.endswith("apercu/")
        assert "'unsafe-inline'" not in re.search("script-src[^;]*", policy)[0]  # type: ignore[index]
        width = desk.evaluate("document.documentElement.scrollWidth")
        assert width <= 390, f"{path}: {width}"


def test_our_own_parts_of_the_desk_are_readable_by_all(desk: Page, julien: User) -> None:
    """Unfold's lists and fields are its own; what we draw is checked whole."""
    found = []
    for path in every_page(julien):
        desk.goto(path)
        desk.evaluate("document.fonts.ready")
        for part in (
            ".quote-head",
            ".desk-card",
            ".desk-ask",
            ".desk-figures",
            ".desk-notice",
            ".desk-totals",
        ):
            if desk.locator(part).count():
                report = Axe().run(desk, context=part).response["violations"]
                found += [f"{path} {rule['id']}: {node['html']}" for rule in report for node in rule["nodes"]]
    assert found == []
