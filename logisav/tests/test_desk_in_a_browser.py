"""The owner's desk in a real browser: its scripts run under its policy, a quote goes from empty form to sent."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page

from logisav.tests.browser import violations
from payments.tests.factories import accept, make_paying_company, withdraw
from payments.tests.test_transfer import confirm
from quotes import workflow
from quotes.tests.factories import SYSTEM, make_quote, make_sent_quote

pytestmark = pytest.mark.browser


OUR_OWN = (
    ".quote-head",
    ".desk-card",
    ".desk-ask",
    ".desk-figures",
    ".desk-notice",
    ".desk-totals",
    ".desk-lines",
    ".desk-bar",
)


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
        "/admin/etat/",
        "/admin/quotes/quote/",
        "/admin/quotes/quote/add/",
        f"/admin/quotes/quote/{draft.pk}/change/",
        f"/admin/quotes/quote/{draft.pk}/apercu/",
        f"/admin/quotes/quote/{draft.pk}/faire/envoyer/",
        f"/admin/quotes/quote/{sent.pk}/change/",
        f"/admin/quotes/quote/{sent.pk}/faire/bloquer/",
        f"/admin/quotes/quote/{sent.pk}/faire/relancer/",
        f"/admin/quotes/quote/ensemble/relancer/?devis={sent.pk}&devis={draft.pk}",
        "/admin/quotes/question/",
        f"/admin/quotes/question/{question.pk}/change/",
        "/admin/quotes/customer/",
        f"/admin/quotes/customer/{sent.customer_id}/change/",
        "/admin/quotes/company/",
        "/admin/quotes/catalogueitem/",
        "/admin/quotes/catalogueitem/add/",
        "/admin/notifications/notification/",
        "/admin/notifications/notification/preferences/",
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
        desk.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true })")
        if drawn := [part for part in OUR_OWN if desk.locator(part).count()]:
            found += [f"{path} {fault}" for fault in violations(desk, *drawn)]
    assert found == []
