"""« Mes options » on a telephone, with scripts and without: ticked, counted, kept, signed."""

from __future__ import annotations

import html
import itertools
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from lib import files
from lib.day import today_in_paris
from logisav.tests import customer_pages as pages
from logisav.tests.browser import Kept, Watch, violations
from quotes import workflow
from quotes.models import Aid, Quote
from quotes.tests.factories import complete, make_quote, send, version_of, visitor
from quotes.tests.test_choosing import LINES, again, identities, sent, waiting
from signing.models import Signature

pytestmark = [pytest.mark.browser, pytest.mark.sqlite]


@pytest.fixture(params=[True, False], ids=["with scripts", "without"])
def scripted(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def phone(kept: Kept, site: str, *, scripted: bool) -> Iterator[Page]:
    watch = Watch(site)
    context = kept.take(
        viewport={"width": 390, "height": 844},
        locale="fr-FR",
        reduced_motion="reduce",
        java_script_enabled=scripted,
    )
    context.set_default_timeout(10_000)
    watch.follow(context)
    yield context.new_page()
    kept.give_back(context)
    watch.leave(context)
    assert watch.elsewhere == []
    assert watch.complaints == []


def see_the_sums(phone: Page, *, scripted: bool) -> None:
    if not scripted:
        phone.get_by_role("button", name="Voir le total, sans garder").click()


def test_options_are_ticked_counted_kept_and_signed(phone: Page, site: str, *, scripted: bool) -> None:
    quote = sent()
    pages.come_in(phone, site, quote)
    sums = phone.locator("[data-sums]")
    expect(sums).to_contain_text("8\u202f610,00\u00a0€")
    phone.get_by_label("Thermostat").check()
    phone.get_by_label("Ballon 300 l").check()
    see_the_sums(phone, scripted=scripted)
    expect(sums).to_contain_text("9\u202f268,80\u00a0€")
    expect(sums).to_contain_text("2\u202f780,64\u00a0€")  # the deposit, 30 %
    expect(phone.get_by_text("Ce choix n'est pas encore gardé")).to_be_visible()
    assert quote.versions.count() == 1, "nothing is stored before it is kept"
    if scripted:  # nobody signs without what they have just ticked
        expect(phone.locator(".actions.bar a").first).to_have_text("Garder ce choix")
    if scripted:
        assert violations(phone) == []
    assert no_scroll_aside(phone, scripted=scripted)
    keeps = (
        phone.locator(".actions.bar a") if scripted else phone.get_by_role("button", name="Garder ce choix")
    )
    keeps.first.click()
    expect(phone.get_by_text("Votre choix se prépare")).to_be_visible()
    if scripted:
        assert violations(phone) == []
    complete(waiting(quote))
    if not scripted:
        phone.get_by_role("link", name="Actualiser").click()
    expect(phone.get_by_text("Votre choix se prépare")).to_be_hidden()
    expect(phone.locator(".total").first).to_have_text("9\u202f268,80\u00a0€")
    expect(phone.get_by_label("Thermostat")).to_be_checked()
    sign(phone, again(quote))
    signature = Signature.objects.get()
    assert (signature.version.number, str(signature.version.total)) == (2, "9268.80")


def sign(phone: Page, quote: Quote) -> None:
    phone.get_by_role("link", name="Accepter et signer").first.click()
    pages.fill_form(phone)
    phone.get_by_role("button", name="Recevoir mon code par mail").click()
    phone.wait_for_url("**/signer/code/")
    request = quote.signing_requests.get()
    assert request.version_hash == version_of(quote).version_hash
    pages.type_code(phone, pages.code_of(request))
    phone.get_by_role("heading", level=1).filter(has_text="Devis accepté").wait_for()


def no_scroll_aside(phone: Page, *, scripted: bool) -> bool:
    return not scripted or phone.evaluate("document.documentElement.scrollWidth") <= 390


# The script counts as the server does

RULES: tuple[dict[str, Any], ...] = (
    {},
    {"discount_kind": "percent", "discount_value": Decimal("3.7")},
    {
        "discount_kind": "amount",
        "discount_value": Decimal("333.33"),
        "deposit_kind": "amount",
        "deposit_value": 500,
    },
)


def with_aids(**fields: Any) -> Quote:
    """One for whatever is chosen, one with an option, one with either balloon and a line that is sold anyway."""
    quote = make_quote(lines=LINES, **fields)
    stored = files.store(b"%PDF-1.7 cadre", folder="contributions")
    workflow.attach_contribution(quote.pk, file=stored, dated=today_in_paris())
    for amount, labels in (("150", ()), ("80.55", ("Thermostat",)), ("61", ("Pose", "Ballon 300 l"))):
        Aid.objects.create(
            quote=quote, kind=Aid.Kind.CEE, payer=f"Payeur {amount}", amount=Decimal(amount),
            lines=sorted(identities(quote, *labels)),
        )  # fmt: skip
    return send(quote)


def plain(words: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", words))).strip()


def as_the_server_says(browser: Client, quote: Quote, chosen: list[str], balloon: str) -> str:
    data = {
        "option": chosen,
        "groupe-2": balloon,
        "show": "1",
        "version_hash": version_of(quote).version_hash,
    }
    page = browser.post(f"{quote.get_absolute_url()}options/", data).content.decode()
    return plain(page.partition("data-sums>")[2].partition("</dl>")[0])


@pytest.mark.parametrize("scripted", [True], indirect=True)
@pytest.mark.parametrize("rules", RULES, ids=["plain", "percent", "amounts"])
def test_the_script_counts_as_the_server_does(phone: Page, site: str, rules: dict[str, Any]) -> None:
    quote = with_aids(**rules)
    browser = visitor(quote)
    pages.come_in(phone, site, quote)
    alone = [*identities(quote, "Thermostat"), *identities(quote, "Désembouage")]
    balloons = [*identities(quote, "Ballon 200 l"), *identities(quote, "Ballon 300 l")]
    for ticks, balloon in itertools.product(itertools.product((False, True), repeat=2), balloons):
        chosen = list(itertools.compress(alone, ticks))
        for identity in alone:
            phone.locator(f'[value="{identity}"]').set_checked(identity in chosen)
        phone.locator(f'[value="{balloon}"]').check()
        said = plain(phone.locator("[data-sums]").inner_html())
        assert said == as_the_server_says(browser, quote, chosen, balloon)
