"""The customer's pages of a deposit: what is offered, and the pages that one comes back to, which only read."""

from __future__ import annotations

import html
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from demo.stripe_standin.standin import StandIn
from payments.models import Deposit, Payment, StripeEvent
from payments.tests.factories import make_accepted_quote, make_paying_company, open_page, pay, session_of
from payments.tests.stripe_side import WAITING, deliver_all, intent_of
from quotes.models import AccessLink, Quote, QuoteEvent
from quotes.tests.factories import visitor

pytestmark = pytest.mark.django_db
BUTTON, TRANSFER = "Régler mon acompte", "J'ai fait le virement"


def text(response: Any) -> str:
    return html.unescape(response.content.decode())


def show(quote: Quote) -> str:
    return text(visitor(quote).get(quote.get_absolute_url()))


def back(quote: Quote, payment: Payment | None = None, *, browser: Client | None = None) -> Any:
    query = {"session_id": session_of(payment)} if payment else {}
    return (browser or visitor(quote)).get(f"{quote.get_absolute_url()}acompte/retour/", query)


def left(quote: Quote) -> Any:
    return visitor(quote).get(f"{quote.get_absolute_url()}acompte/annule/")


# What is offered


@pytest.mark.parametrize(
    ("company", "chosen", "shown"),
    [
        (["card", "transfer"], None, {BUTTON, TRANSFER}),
        (["card"], None, {BUTTON}),
        (["transfer"], None, {TRANSFER}),
        ([], None, set()),
        (["card", "transfer"], ["card"], {BUTTON}),
        (["card", "transfer"], ["transfer"], {TRANSFER}),
        (["card", "transfer"], [], set()),
    ],
)
def test_methods_come_from_the_company_and_the_quote(
    company: list[str], chosen: list[str] | None, shown: set[str]
) -> None:
    page = show(make_accepted_quote({"payment_methods": company}, payment_methods=chosen))
    assert {button for button in (BUTTON, TRANSFER) if button in page} == shown
    assert ("vous indiquera comment le régler" in page) == (not shown)


def test_the_version_keeps_what_was_offered() -> None:
    quote = make_accepted_quote()
    make_paying_company(payment_methods=["transfer"])
    assert BUTTON in show(quote)


def test_without_stripe_no_card_is_offered(settings: Settings) -> None:
    settings.STRIPE_SECRET_KEY = ""
    page = show(make_accepted_quote())
    assert BUTTON not in page
    assert TRANSFER in page


def test_without_a_deposit_nothing_is_shown() -> None:
    page = show(make_accepted_quote(deposit_kind="none", deposit_value=0))
    assert "acompte" not in page.lower()


def test_a_percentage_is_rounded_half_up() -> None:
    lines = (
        {"label": "Forfait", "unit": "forfait", "unit_price": Decimal("100.05"), "vat_rate": Decimal(0)},
    )
    why: dict[str, Any] = {"vat_reason": Quote.VatReason.OUT_OF_SCOPE, "vat_detail": "Un don"}
    quote = make_accepted_quote(lines=lines, deposit_kind="percent", deposit_value=Decimal(50), **why)
    assert "50,03\u00a0€" in show(quote)


def test_looking_writes_nothing() -> None:
    show(make_accepted_quote())
    assert not Deposit.objects.exists()


def test_the_policy_lets_the_form_lead_to_the_payment_page() -> None:
    quote = make_accepted_quote()
    policy = visitor(quote).get(quote.get_absolute_url()).headers["Content-Security-Policy"]
    assert "form-action 'self' http://127.0.0.1:1;" in policy + ";"


# Coming back


def test_before_the_webhook_the_page_waits_and_looks_again(stripe: StandIn) -> None:
    quote = make_accepted_quote()
    payment = open_page(quote)
    stripe.pay_with(session_of(payment))
    before = QuoteEvent.objects.count()
    response = back(quote, payment)
    assert response.headers["Refresh"].startswith("3; url=/devis/")
    assert "Nous attendons la confirmation de votre banque" in text(response)
    assert (QuoteEvent.objects.count() - before, StripeEvent.objects.count()) == (1, 0)  # the link was opened
    payment.refresh_from_db()
    assert payment.state == Payment.State.OPEN


def test_a_page_that_nobody_paid_on_is_looked_at_for_a_minute_and_then_says_so(stripe: StandIn) -> None:
    """Left by the browser's own back button: nothing will ever come."""
    quote = make_accepted_quote()
    browser, response = visitor(quote), back(quote, open_page(quote))
    looks = 0
    while "Refresh" in response.headers:
        response = browser.get(response.headers["Refresh"].partition("url=")[2])
        looks += 1
        assert looks < 50
    assert looks == 20
    assert "Votre paiement n'est pas confirmé" in plain(response)
    assert "en cours" not in plain(response)
    assert "Reprendre le paiement" in plain(response)
    assert "votre reçu arrive par mail" in plain(response)


def test_paid(stripe: StandIn) -> None:
    quote = make_accepted_quote()
    response = back(quote, pay(stripe, quote))
    assert "Votre acompte de 2\u202f681,81\u00a0€ a bien été reçu" in plain(response)
    assert "se termine par 4242" in text(response)
    assert "Refresh" not in response.headers


def plain(response: Any) -> str:
    return text(response).replace('<span class="nowrap">', "").replace("</span>", "")


def test_pending_then_paid_and_pending_then_failed(stripe: StandIn) -> None:
    for succeeded, words in ((True, "a bien été reçu"), (False, "n'a pas abouti")):
        quote = make_accepted_quote()
        payment = pay(stripe, quote, number=WAITING)
        waiting = back(quote, payment)
        assert waiting.headers["Refresh"].startswith("60; url=/devis/")
        assert "Votre paiement est en cours" in text(waiting)
        stripe.bank.settle(intent_of(stripe, session_of(payment)), succeeded=succeeded)
        deliver_all(stripe)
        after = back(quote, payment)
        assert words in text(after)
        assert (BUTTON in text(after)) == (not succeeded)


def test_cancelled_says_so_and_can_be_tried_again(stripe: StandIn) -> None:
    quote = make_accepted_quote()
    open_page(quote)
    page = text(left(quote))
    assert "Rien n'a été débité" in page
    assert BUTTON in page


def test_another_quotes_session_shows_nothing_of_it(stripe: StandIn) -> None:
    mine, other = make_accepted_quote(), make_accepted_quote()
    payment = pay(stripe, other)
    assert back(mine, payment).headers["Location"] == mine.get_absolute_url()


@pytest.mark.parametrize("address", ["acompte/retour/", "acompte/annule/"])
def test_when_the_link_died_meanwhile_the_page_says_where_the_receipt_goes(address: str) -> None:
    quote = make_accepted_quote()
    browser = visitor(quote)
    AccessLink.objects.update(expires_at=timezone.now())
    for path in (f"{quote.get_absolute_url()}{address}", f"/devis/inconnu/{address}"):
        response = browser.get(path)
        assert response.status_code == 403
        assert "Si votre paiement a abouti, un reçu vous est envoyé." in text(response)
    assert "Si votre paiement" not in text(browser.get(quote.get_absolute_url()))


@pytest.mark.parametrize("address", ["acompte/carte/", "acompte/virement/"])
def test_the_buttons_need_a_grant_and_a_post(address: str) -> None:
    quote = make_accepted_quote()
    path = f"{quote.get_absolute_url()}{address}"
    assert Client().post(path).status_code == 403
    assert visitor(quote).get(path).status_code == 405
