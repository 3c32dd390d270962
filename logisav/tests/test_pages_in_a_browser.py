"""The customer's pages as a browser shows them: readable by all, light, with or without scripts."""

from __future__ import annotations

import datetime as dt
import gzip
import io
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from PIL import Image
from playwright.sync_api import Page, ViewportSize, expect

from logisav import errors
from logisav.tests import customer_pages as pages
from logisav.tests.browser import Kept, Watch, violations
from logisav.tests.customer_pages import PAGES, SIGN
from notifications.models import OutgoingEmail
from quotes.models import Quote
from quotes.tests.factories import make_company
from signing.models import Signature, SigningRequest
from signing.tests.factories import let_the_minute_pass

pytestmark = [pytest.mark.browser, pytest.mark.sqlite]
PHONE: ViewportSize = {"width": 390, "height": 844}
SMALLEST: ViewportSize = {"width": 320, "height": 640}
KB = 1024


Opened = Callable[..., Page]


@pytest.fixture
def opened(kept: Kept, site: str) -> Iterator[Opened]:
    """Opens a page in a browser as new; at the end nothing was asked of others and no rule was broken."""
    watch = Watch(site)
    contexts = []

    def open_(**options: Any) -> Page:
        # A colour measured half-way through its transition is nobody's.
        context = kept.take(viewport=PHONE, locale="fr-FR", reduced_motion="reduce", **options)
        context.set_default_timeout(10_000)
        watch.follow(context)
        contexts.append(context)
        return context.new_page()

    yield open_
    for context in contexts:
        kept.give_back(context)
        watch.leave(context)
    assert watch.elsewhere == []
    assert watch.complaints == []


# Every page


@pytest.mark.parametrize("name", PAGES)
def test_every_page_can_be_read_by_all(name: str, opened: Opened, site: str) -> None:
    page = opened()
    reach, heading = PAGES[name]
    reach(page, site)
    expect(page.get_by_role("heading", level=1)).to_contain_text(heading)
    assert violations(page) == []
    page.emulate_media(color_scheme="dark")
    assert violations(page, runOnly=["color-contrast"]) == []
    page.set_viewport_size(SMALLEST)
    assert page.evaluate("document.documentElement.scrollWidth") <= SMALLEST["width"]
    assert page.locator("[style], style, script:not([src])").count() == 0


def test_violations_would_be_seen(opened: Opened, site: str) -> None:
    page = opened()
    pages.quote(page, site)
    page.evaluate("document.querySelector('h1').innerHTML = '<img src=\"/static/icon.svg\">'")
    assert any(found.startswith("image-alt") for found in violations(page))


@pytest.mark.parametrize("name", ["500", "503"])
def test_a_page_of_an_error_stands_alone(name: str, opened: Opened, site: str) -> None:
    make_company()
    page = opened()
    body = errors.page(int(name)).content.decode()
    page.route(f"{site}/panne/", lambda route: route.fulfill(body=body, content_type="text/html"))
    page.goto(f"{site}/panne/")
    expect(page.get_by_role("link", name="04 65 71 08 42").last).to_be_visible()
    assert page.evaluate("getComputedStyle(document.body).margin") == "0px"
    assert violations(page) == []


# The first view


def test_all_that_matters_is_seen_before_the_first_scroll(opened: Opened, site: str) -> None:
    page = opened()
    pages.quote(page, site)
    total = page.locator(".total")
    for seen in (
        page.get_by_text("Thermo Rhône", exact=True).first,
        page.get_by_role("heading", level=1),
        total,
        page.get_by_text("Valable jusqu'au"),
        page.get_by_role("link", name="Accepter et signer"),
        page.get_by_role("link", name="Poser une question"),
    ):
        expect(seen).to_be_in_viewport(ratio=1)
    assert "\u202f" in total.inner_text()


def test_the_choices_stay_in_reach_on_a_phone(opened: Opened, site: str) -> None:
    page = opened()
    pages.quote(page, site)
    for share in (0.3, 0.6, 1):
        page.evaluate("share => scrollTo(0, document.body.scrollHeight * share)", share)
        expect(page.get_by_role("link", name="Accepter et signer")).to_be_in_viewport(ratio=1)


def test_the_first_view_of_a_quote_weighs_at_most_100_kb(opened: Opened, site: str) -> None:
    page = opened()
    session = page.context.new_cdp_session(page)
    sizes: list[float] = []
    session.send("Network.enable")
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    pages.come_in(page, site, pages.full_quote())
    page.wait_for_load_state("networkidle")
    assert len(sizes) >= 5, "page, two style sheets, two fonts"
    assert sum(sizes) <= 100 * KB
    assert len(gzip.compress(page.content().encode(), 6)) <= 14 * KB


def test_a_logo_shows_beside_the_name(opened: Opened, site: str) -> None:
    quote = pages.full_quote()
    pages.give_logo()
    page = opened()
    pages.come_in(page, site, quote)
    assert page.evaluate("document.querySelector('.logo img').naturalWidth") == 40


def test_the_quote_prints_on_white_without_its_buttons(opened: Opened, site: str) -> None:
    page = opened(color_scheme="dark")
    pages.quote(page, site)
    page.emulate_media(media="print")
    expect(page.get_by_role("link", name="Accepter et signer")).to_be_hidden()
    expect(page.locator(".total")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


# The ways through, with and without scripts


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
def page(request: pytest.FixtureRequest, opened: Opened) -> Page:
    return opened(java_script_enabled=request.param)


def test_a_customer_signs(page: Page, site: str) -> None:
    request = pages.ask_for_code(page, site)
    code = pages.code_of(request)
    pages.type_code(page, f"{code[:3]} {code[3:]}")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Devis accepté le")
    assert Quote.objects.get().state == Quote.State.ACCEPTED


def test_a_customer_asks_a_question(page: Page, site: str) -> None:
    quote = pages.come_in(page, site, pages.full_quote())
    page.get_by_role("link", name="Poser une question").click()
    page.get_by_label("Votre message").fill("Quand pouvez-vous commencer ?\nEn janvier ?")
    page.get_by_role("button", name="Envoyer ma question").click()
    expect(page.get_by_role("status").filter(has_text="Votre question est partie")).to_be_visible()
    expect(page.get_by_text("Réponse attendue")).to_be_visible()
    assert quote.questions.get().text == "Quand pouvez-vous commencer ?\nEn janvier ?"


def test_a_customer_refuses(page: Page, site: str) -> None:
    quote = pages.come_in(page, site, pages.full_quote())
    page.get_by_role("link", name="Refuser").click()
    page.get_by_role("button", name="Refuser le devis").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ce devis a été refusé")
    quote.refresh_from_db()
    assert quote.state == Quote.State.REFUSED


@pytest.mark.parametrize("reach", [pages.link_expired, pages.no_access])
def test_a_new_link_can_be_asked_for(page: Page, site: str, reach: Callable[[Page, str], None]) -> None:
    reach(page, site)
    page.get_by_role("button", name="Recevoir un lien d'accès par mail").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Regardez votre boîte mail")
    assert OutgoingEmail.objects.filter(message="quotes/new_link").count() == 1


def test_what_was_typed_is_kept_and_errors_lead_to_their_field(page: Page, site: str) -> None:
    pages.come_in(page, site, pages.full_quote())
    page.get_by_role("link", name="Accepter et signer").click()
    pages.fill_form(page, phone="0478")
    page.get_by_role("checkbox").first.uncheck()
    page.get_by_role("button", name="Recevoir mon code par mail").click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("2 points à revoir")
    expect(page.get_by_label("Prénom")).to_have_value("Claire")
    field = page.get_by_label("Téléphone")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(
        "Ce numéro est trop court\u00a0: il faut de 6 à 20 chiffres."
    )
    alert.get_by_role("link", name="Ce numéro est trop court").click()
    expect(field).to_be_in_viewport()
    expect(page.get_by_role("checkbox").nth(1)).to_be_checked()


def test_the_button_that_binds_is_the_only_one_of_its_form(page: Page, site: str) -> None:
    pages.code(page, site)
    form = page.locator("form").filter(has=page.get_by_label("Code à 6 chiffres"))
    expect(form.get_by_role("button")).to_have_text([SIGN])


def test_a_new_code_too_soon_is_told_without_scripts(opened: Opened, site: str) -> None:
    page = opened(java_script_enabled=False)
    pages.code(page, site)
    page.get_by_role("button", name="Demander un nouveau code").click()
    expect(page.get_by_role("status").filter(has_text="Un code vient de partir")).to_be_visible()
    assert SigningRequest.objects.count() == 1


# What scripts add


def test_the_button_for_a_new_code_counts_down(opened: Opened, site: str) -> None:
    page = opened(own=True)
    page.clock.install()
    pages.code(page, site)
    button = page.get_by_role("button", name="Demander un nouveau code")
    expect(button).to_be_disabled()
    page.clock.fast_forward(62_000)
    expect(button).to_be_enabled()
    expect(button).to_have_text("Demander un nouveau code")
    let_the_minute_pass(SigningRequest.objects.get().quote)
    button.click()
    expect(page.get_by_role("status").filter(has_text="Un nouveau code vient de partir")).to_be_visible()
    assert SigningRequest.objects.count() == 2


def test_a_late_mail_is_told_on_the_open_page_and_nothing_typed_is_lost(opened: Opened, site: str) -> None:
    page = opened(own=True)
    page.clock.install()
    request = pages.ask_for_code(page, site)
    page.get_by_label("Code à 6 chiffres").fill("418")
    page.evaluate("window.same = true")
    SigningRequest.objects.filter(pk=request.pk).update(created_at=timezone.now() - dt.timedelta(seconds=30))
    status = page.locator("#envoi")
    page.clock.run_for(5_000)
    expect(status).to_contain_text("Envoi retardé")
    OutgoingEmail.objects.filter(message="signing/code", about=request.quote.number).update(
        state=OutgoingEmail.State.SENT, sent_at=timezone.now()
    )
    page.clock.run_for(11_000)
    expect(status).to_contain_text("Envoyé à")
    expect(status).not_to_contain_text("Envoi retardé")
    expect(page.get_by_label("Code à 6 chiffres")).to_have_value("418")
    assert page.evaluate("window.same") is True


def test_the_sealed_document_comes_to_the_open_page(opened: Opened, site: str) -> None:
    page = opened(own=True)
    page.clock.install()
    pages.accepted_before_its_seal(page, site)
    expect(page.get_by_text("se prépare")).to_be_visible()
    pages.seal(Signature.objects.get())
    page.clock.run_for(6_000)
    expect(page.get_by_role("link", name="Télécharger le devis signé")).to_be_visible()


def test_the_form_of_a_simple_quote_fits_one_screen_and_a_half(opened: Opened, site: str) -> None:
    page = opened()
    line = {"label": "Chauffe-eau", "unit": "unité", "unit_price": Decimal(700), "vat_rate": Decimal(20)}
    pages.come_in(page, site, pages.full_quote(lines=(line,)))
    page.get_by_role("link", name="Accepter et signer").click()
    form = page.locator("form.sheet")
    box, size = form.bounding_box(), page.viewport_size
    assert box is not None
    assert size == {"width": 390, "height": 844}
    assert box["height"] <= 1.5 * size["height"]


def test_a_signature_is_drawn_with_a_pointer_and_survives_an_error(opened: Opened, site: str) -> None:
    page = opened()
    pages.come_in(page, site, pages.full_quote())
    page.get_by_role("link", name="Accepter et signer").click()
    draw(page)
    expect(page.get_by_text("Signature dessinée.")).to_be_attached()
    page.get_by_role("button", name="Recevoir mon code par mail").click()
    page.get_by_role("alert").wait_for()
    assert has_ink(page)
    assert ink_of_the_request(page).width > 200


def test_a_drawing_can_be_cleared(opened: Opened, site: str) -> None:
    page = opened()
    pages.come_in(page, site, pages.full_quote())
    page.get_by_role("link", name="Accepter et signer").click()
    draw(page)
    page.get_by_role("button", name="Effacer").click()
    assert not has_ink(page)
    submit(page)
    assert SigningRequest.objects.get().drawing is None


def test_a_signature_is_written_with_the_keyboard_alone(opened: Opened, site: str) -> None:
    page = opened()
    pages.come_in(page, site, pages.full_quote())
    page.get_by_role("link", name="Accepter et signer").click()
    tab_to(page, "Prénom")
    page.keyboard.type("Claire")
    page.keyboard.press("Tab")
    page.keyboard.type("Morel")
    tab_to(page, "Téléphone")
    page.keyboard.type("0639981234")
    tab_to(page, "Ajouter une signature dessinée facultatif")
    page.keyboard.press("Enter")
    tab_to(page, "Écrire mon nom à la place")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Signature écrite : Claire Morel.")).to_be_attached()
    assert ink_of_the_request(page).height > 20


def tab_to(page: Page, name: str) -> None:
    words = "(document.activeElement.labels?.[0] ?? document.activeElement).textContent"
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate(words).strip() == name:
            return
    pytest.fail(f"{name} is not reached with the keyboard")


def draw(page: Page) -> None:
    page.get_by_text("Ajouter une signature dessinée").click()
    pad = page.locator("canvas.pad")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 30, box["y"] + 90)
    page.mouse.down()
    for step in range(1, 12):
        page.mouse.move(box["x"] + 30 + 22 * step, box["y"] + (40 if step % 2 else 100), steps=3)
    page.mouse.up()


def has_ink(page: Page) -> bool:
    return bool(
        page.evaluate(
            """() => {
              const pad = document.querySelector("canvas.pad");
              return pad.getContext("2d").getImageData(0, 0, pad.width, pad.height).data.some(Boolean);
            }"""
        )
    )


def submit(page: Page) -> None:
    pages.fill_form(page)
    page.get_by_role("button", name="Recevoir mon code par mail").click()
    page.wait_for_url("**/signer/code/")


def ink_of_the_request(page: Page) -> Image.Image:
    submit(page)
    drawing = SigningRequest.objects.get().drawing
    assert drawing is not None
    picture = Image.open(io.BytesIO(drawing))
    assert picture.format == "PNG"
    return picture
