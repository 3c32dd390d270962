"""Paying the deposit in a real browser, on a phone, with scripts and without: there, back, what the page then says."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django import Settings

from demo.stripe_standin.server import running
from demo.stripe_standin.standin import StandIn
from payments.tests.factories import make_accepted_quote
from payments.tests.stripe_side import GOOD, REFUSED, SECRET
from quotes.models import Quote
from quotes.tests.factories import make_link

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SLOW = 20_000
PAID = re.compile("Votre acompte de 2\\s681,81\\s€ a bien été reçu")


@pytest.fixture
def stripe(site: str, settings: Settings) -> Iterator[StandIn]:
    """It tells the site what happens by itself."""
    with running(
        key="sk_test_logisav0123456789", webhook_url=f"{site}/stripe/webhook/", webhook_secrets=(SECRET,)
    ) as standin:
        policy = copy.deepcopy(settings.CONTENT_SECURITY_POLICY)
        policy["DIRECTIVES"]["form-action"] = ["'self'", standin.base_url]
        settings.CONTENT_SECURITY_POLICY = policy
        settings.SITE_URL = site
        settings.STRIPE_API_URL = standin.base_url
        settings.PAYMENT_PAGE_ORIGINS = [standin.base_url]
        yield standin


@pytest.fixture(params=[True, False], ids=["scripts", "no scripts"])
def phone(request: pytest.FixtureRequest, chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(
        viewport={"width": 390, "height": 844}, locale="fr-FR", java_script_enabled=request.param
    )
    context.set_default_timeout(15_000)
    yield context.new_page()
    context.close()


def open_quote(phone: Page, site: str) -> Quote:
    quote = make_accepted_quote()
    phone.goto(f"{site}{make_link(quote)[1]}")
    return quote


def press(phone: Page) -> None:
    phone.get_by_role("button", name="Régler mon acompte").click()


def pay(phone: Page, number: str) -> None:
    """On Stripe's page."""
    phone.get_by_label("Numéro de carte").fill(number)
    phone.get_by_label("Expiration").fill("12/34")
    phone.get_by_label(re.compile("Code|CVC|Cryptogramme")).fill("123")
    phone.get_by_label(re.compile("Nom")).fill("Claire Morel")
    phone.get_by_role("button", name=re.compile("Payer")).click()


def test_a_refused_card_then_a_good_one(phone: Page, site: str, stripe: StandIn) -> None:
    open_quote(phone, site)
    press(phone)
    assert phone.url.startswith(stripe.base_url)
    pay(phone, REFUSED)
    expect(phone.get_by_role("alert")).to_contain_text("refusée")
    pay(phone, GOOD)
    # The page waits for the webhook and looks again by itself.
    expect(phone.get_by_role("heading", level=1)).to_have_text(PAID, timeout=SLOW)
    assert phone.url.startswith(site)
    phone.get_by_role("link", name="Revenir au devis").click()
    expect(phone.get_by_text(PAID)).to_be_visible()
    expect(phone.get_by_role("button", name="Régler mon acompte")).to_have_count(0)


def test_leaving_the_payment_page_leads_back_and_can_be_tried_again(
    phone: Page, site: str, stripe: StandIn
) -> None:
    open_quote(phone, site)
    press(phone)
    phone.get_by_role("link", name=re.compile("Revenir|Annuler")).first.click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Vous avez annulé le paiement")
    press(phone)
    assert phone.url.startswith(stripe.base_url)


def test_a_transfer_is_announced_and_nothing_is_wider_than_the_phone(
    phone: Page, site: str, stripe: StandIn
) -> None:
    open_quote(phone, site)
    expect(phone.get_by_text("FR76 3000 6000 0112 3456 7890 189")).to_be_visible()
    expect(phone.get_by_role("img", name="QR code du virement")).to_be_visible()
    width = phone.locator("body").bounding_box()
    assert width is not None
    assert width["width"] <= 390
    phone.get_by_role("button", name="J'ai fait le virement").click()
    expect(phone.get_by_text("nous sommes prévenus")).to_be_visible()


def test_the_iban_is_copied_by_a_button_where_scripts_run(
    phone: Page, site: str, stripe: StandIn, request: pytest.FixtureRequest
) -> None:
    phone.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=site)
    open_quote(phone, site)
    button = phone.locator("button[data-copy]").first
    if not request.node.callspec.params["phone"]:
        expect(button).to_be_hidden()
        return
    button.click()
    expect(button).to_have_text("IBAN copié")
    assert phone.evaluate("navigator.clipboard.readText()") == "FR7630006000011234567890189"
