"""The card page of the stand-in: with and without a browser, at the width of a telephone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, ViewportSize

from demo.stripe_standin.server import running
from demo.stripe_standin.standin import StandIn
from demo.tests.running import once
from demo.tests.stripe_side import (
    GOOD,
    NO_FUNDS,
    QUESTION,
    REFUSED,
    SHOP,
    WAITING,
    Answer,
    ask,
    client,
    opened,
    paid,
)
from logisav.tests.browser import Kept, violations

pytestmark = once
PHONE: ViewportSize = {"width": 390, "height": 844}
TYPED = {"number": "4242 4242 4242 4242", "expiry": "12 / 34", "cvc": "123", "name": "Camille  Martin"}


@pytest.fixture
def standin() -> Iterator[StandIn]:
    with running() as standin:
        yield standin


def page_of(standin: StandIn, session: str, *more: str) -> str:
    return "/".join((f"{standin.base_url}/c/pay/{session}", *more))


def pay(standin: StandIn, session: str, **changes: str) -> Answer:
    return ask(page_of(standin, session), form=TYPED | changes)


# Without a browser


def test_the_page_is_honest_and_says_what_is_paid(standin: StandIn) -> None:
    answer = ask(page_of(standin, opened(standin)))
    assert answer.status == 200
    for words in (
        "Page de paiement de démonstration",
        "n'entrez jamais une vraie carte",
        "1\N{NARROW NO-BREAK SPACE}234,50\N{NO-BREAK SPACE}€",
        "Acompte du devis D-2026-0001 – « été »",
        "camille.martin@example.com",
        "4242 4242 4242 4242",
    ):
        assert words in answer.text
    assert "<script" not in answer.text
    assert f"form-action 'self' {SHOP}" in answer.headers["Content-Security-Policy"]


def test_paying_leads_back_to_the_shop_once(standin: StandIn) -> None:
    session = opened(standin)
    for _ in range(2):
        answer = pay(standin, session)
        assert (answer.status, answer.location) == (303, f"{SHOP}/retour/?session_id={session}")
    assert standin.ledger()["total"]["received"] == 123450
    charge = client(standin).v1.charges.list().data[0]
    assert charge.billing_details.name == "Camille Martin"


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (REFUSED, "Votre carte a été refusée."),
        (NO_FUNDS, "provision insuffisante"),
        ("4000000000000069", "a expiré"),
        ("4970100000000014", "jamais une vraie carte"),
    ],
)
def test_a_refused_card_can_be_replaced(standin: StandIn, number: str, words: str) -> None:
    session = opened(standin)
    answer = pay(standin, session, number=number)
    assert answer.status == 402
    assert words in answer.text
    assert "Camille Martin" in answer.text
    assert f'value="{number}' not in answer.text
    assert pay(standin, session).status == 303


def test_a_real_card_is_not_kept(standin: StandIn) -> None:
    pay(standin, opened(standin), number="4970 1000 0000 0014", cvc="987")
    assert not any("497010" in text or "0014" in text for text in everything(standin))


def everything(standin: StandIn) -> list[str]:
    return [text for versions in standin.store.contents.history.values() for _, text in versions]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"number": "4242 4242 4242 4243"}, "numéro de carte"),
        ({"number": ""}, "numéro de carte"),
        ({"expiry": "13/34"}, "le mois et l'année"),
        ({"expiry": "01/20"}, "Cette carte est expirée"),
        ({"expiry": "demain"}, "le mois et l'année"),
        ({"cvc": "12"}, "trois chiffres"),
        ({"name": "  "}, "nom du titulaire"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(standin: StandIn, changes: dict[str, str], words: str) -> None:
    answer = pay(standin, opened(standin), **changes)
    assert answer.status == 422
    assert words in answer.text.replace("&#x27;", "'")
    assert answer.text.count('aria-invalid="true"') == 1
    assert standin.events() == []


def test_without_an_address_the_page_asks_for_one(standin: StandIn) -> None:
    session = opened(standin, customer_email=None)
    assert 'name="email"' in ask(page_of(standin, session)).text
    assert pay(standin, session, email="camille").status == 422
    assert pay(standin, session, email="camille@example.com").status == 303
    found = client(standin).v1.checkout.sessions.retrieve(session)
    assert found.customer_details is not None
    assert (found.customer_details.email, found.customer_email) == ("camille@example.com", None)


def test_the_bank_asks_and_is_answered(standin: StandIn) -> None:
    session = opened(standin)
    bank = page_of(standin, session, "banque")
    assert pay(standin, session, number=QUESTION).location == f"/c/pay/{session}/banque"
    assert "Confirmer le paiement" in ask(bank).text
    refused = ask(bank, form={"answer": "no"})
    assert (refused.status, "auprès de votre banque a échoué" in refused.text) == (402, True)
    assert ask(bank, form={"answer": "yes"}).location == f"/c/pay/{session}", "the question was over"
    pay(standin, session, number=QUESTION)
    assert ask(bank, form={"answer": "yes"}).location.startswith(f"{SHOP}/retour/")
    assert standin.ledger()["total"]["received"] == 123450


def test_a_delayed_payment_leads_back_unpaid(standin: StandIn) -> None:
    session = opened(standin)
    assert pay(standin, session, number=WAITING).location.startswith(f"{SHOP}/retour/")
    assert client(standin).v1.checkout.sessions.retrieve(session).payment_status == "unpaid"


def test_a_page_that_is_over_says_so(standin: StandIn) -> None:
    done, _ = paid(standin)
    over = opened(standin)
    client(standin).v1.checkout.sessions.expire(over)
    assert "rien ne sera payé deux fois" in ask(page_of(standin, done)).text
    expired = ask(page_of(standin, over))
    assert (expired.status, f'href="{SHOP}/annule/"' in expired.text) == (410, True)
    assert pay(standin, over).location == f"/c/pay/{over}"
    assert ask(page_of(standin, "cs_test_unknown")).status == 404


def test_what_a_shop_writes_is_text(standin: StandIn) -> None:
    line = {"name": "<script>alert(1)</script> $amount"}
    price = {"currency": "eur", "unit_amount": 100, "product_data": line}
    session = opened(standin, line_items=[{"quantity": 1, "price_data": price}])
    text = ask(page_of(standin, session)).text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; $amount" in text
    assert "<script" not in text


def test_the_overview_offers_what_can_happen_next(standin: StandIn) -> None:
    def offers() -> str:
        return ask(f"{standin.base_url}/_standin/").text.replace("&#x27;", "'")

    assert "Aucun paiement pour l'instant" in offers()
    _, intent = paid(standin, number=WAITING)
    assert "La banque confirme" in offers()
    by_hand = {"Accept": "text/html"}
    settle = f"{standin.base_url}/_standin/payments/{intent}/settle"
    answer = ask(settle, form={"outcome": "succeeded", "amount": ""}, headers=by_hand)
    assert (answer.status, answer.location) == (303, "/_standin/")
    assert "Rembourser tout" in offers()
    ask(f"{standin.base_url}/_standin/payments/{intent}/dispute", form={"amount": ""}, headers=by_hand)
    assert "Contestation perdue" in offers()
    assert "Rembourser tout" not in offers()


# In a browser


@pytest.fixture
def page(kept: Kept) -> Iterator[Page]:
    context = kept.take(viewport=PHONE, locale="fr-FR", java_script_enabled=True)
    context.set_default_timeout(10_000)
    yield context.new_page()
    kept.give_back(context)


def is_narrow_enough(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def type_card(page: Page, number: str) -> None:
    page.get_by_label("Numéro de carte").fill(number)
    page.get_by_label("Expiration (MM/AA)").fill("12/34")
    page.get_by_label("Cryptogramme").fill("123")
    page.get_by_label("Nom du titulaire").fill("Camille Martin")
    page.get_by_role("button", name="Payer").click()


@pytest.mark.browser
def test_somebody_pays_on_a_telephone(standin: StandIn, page: Page) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    session = opened(standin, success_url=f"{standin.base_url}/_standin/health?{{CHECKOUT_SESSION_ID}}")
    page.goto(page_of(standin, session))
    assert violations(page) == []
    assert is_narrow_enough(page)
    type_card(page, "4242 4242 4242 4241")
    assert violations(page) == []
    type_card(page, REFUSED)
    assert page.get_by_role("alert").inner_text() == "Votre carte a été refusée."
    assert page.get_by_label("Numéro de carte").input_value() == ""
    assert violations(page) == []
    type_card(page, QUESTION)
    page.get_by_role("button", name="Confirmer le paiement").wait_for()
    assert violations(page) == []
    page.get_by_role("button", name="Refuser").click()
    type_card(page, GOOD)
    page.wait_for_url(f"**/_standin/health?{session}")
    assert standin.ledger()["total"]["received"] == 123450
    page.goto(f"{standin.base_url}/_standin/")
    assert violations(page) == []
    assert is_narrow_enough(page)
    page.get_by_role("button", name="Rembourser la moitié").click()
    page.get_by_text("Remboursement de 617,25\N{NO-BREAK SPACE}€\N{NO-BREAK SPACE}: fait").wait_for()
    assert [text for text in complaints if "status of" not in text] == []


@pytest.mark.browser
def test_somebody_changes_their_mind(standin: StandIn, page: Page) -> None:
    session = opened(standin, cancel_url=f"{standin.base_url}/_standin/health")
    page.goto(page_of(standin, session))
    page.get_by_role("link", name="Annuler et revenir").click()
    page.wait_for_url("**/_standin/health")
    assert client(standin).v1.checkout.sessions.retrieve(session).status == "open"
