"""The desk in a van: four touches for what is due, nothing wider than the smallest screen, installable."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from playwright.sync_api import Locator, Page, expect

from logisav.tests.browser import violations
from logisav.tests.test_desk_in_a_browser import every_page
from payments import workflow as payments
from payments.models import Payment
from payments.tests.factories import make_accepted_quote
from quotes import workflow
from quotes.models import Answer, Quote
from quotes.tests.factories import SYSTEM, make_quote, make_sent_quote

pytestmark = pytest.mark.browser
MOST_TOUCHES = 4


@pytest.fixture
def touch(desk: Page) -> Callable[[Locator], None]:
    """Counts; what is typed in between is no touch."""
    desk.set_viewport_size({"width": 390, "height": 844})
    desk.goto("/admin/")
    touches = []

    def touch(what: Locator) -> None:
        touches.append(what)
        assert len(touches) <= MOST_TOUCHES
        what.click()

    return touch


def test_a_transfer_is_confirmed(desk: Page, julien: User, touch: Callable[[Locator], None]) -> None:
    quote = make_accepted_quote(owner=julien)
    payments.announce_transfer(quote.pk, actor=SYSTEM)
    desk.reload()
    touch(desk.get_by_role("main").get_by_role("link", name=quote.number).first)
    touch(desk.get_by_role("link", name="Confirmer la réception du virement"))
    touch(desk.get_by_role("button", name="Confirmer la réception"))
    expect(desk.get_by_text("est enregistré.")).to_be_visible()
    assert Payment.objects.get().is_paid


def test_a_question_is_answered(desk: Page, julien: User, touch: Callable[[Locator], None]) -> None:
    quote = make_sent_quote(owner=julien)
    workflow.ask(quote.pk, text="Le thermostat est-il compris ?", phone="", actor=SYSTEM)
    desk.reload()
    touch(desk.get_by_role("main").get_by_role("link", name=quote.number).first)
    desk.get_by_label("Répondre").or_(desk.get_by_label("Votre réponse")).first.fill("Oui, et sa pose aussi.")
    touch(desk.get_by_role("button", name="Répondre"))
    expect(desk.get_by_role("main")).to_contain_text("réponse")
    assert Answer.objects.get().text == "Oui, et sa pose aussi."


def test_a_draft_is_sent(desk: Page, julien: User, touch: Callable[[Locator], None]) -> None:
    quote = make_quote(owner=julien)
    desk.reload()
    touch(desk.get_by_role("main").get_by_role("link", name=quote.number).first)
    touch(desk.get_by_role("button", name="Envoyer"))
    touch(desk.get_by_role("button", name="Envoyer"))
    expect(desk.get_by_role("main")).to_contain_text(f"Le devis {quote.number} part")
    quote.refresh_from_db()
    assert quote.state == Quote.State.SENDING


def test_every_page_has_one_main_fits_the_smallest_phone_and_is_readable_by_all(
    desk: Page, julien: User
) -> None:
    desk.set_viewport_size({"width": 320, "height": 640})
    wrong = []
    for path in [*every_page(julien), "/admin/chercher/?s=morel", "/admin/quotes/customer/importer/"]:
        desk.goto(path)
        width = desk.evaluate("document.documentElement.scrollWidth")
        if width > 320:
            wrong.append(f"{path}: {width} px")
        if path.endswith("apercu/"):
            continue
        if (mains := desk.locator("main").count()) != 1:
            wrong.append(f"{path}: {mains} main")
        wrong += [f"{path}: {fault}" for fault in violations(desk, "main")]
    assert not wrong, "\n".join(wrong)


def test_it_can_be_installed(desk: Page) -> None:
    desk.goto("/admin/")
    address = desk.locator("link[rel=manifest]").get_attribute("href")
    assert address is not None
    answer = desk.request.get(address)
    assert answer.ok
    assert "json" in answer.headers["content-type"]
    manifest = json.loads(Path(settings.BASE_DIR, "static/desk/manifest.json").read_text())
    assert manifest["start_url"] == "/admin/"
    for icon in manifest["icons"]:
        assert desk.request.get(f"/static/desk/{icon['src']}").ok
    policy = desk.request.get("/admin/").headers["content-security-policy"]
    assert "manifest-src 'self'" in policy
