"""Accounts in a real browser: a second factor set up from the QR code's page, then asked for at the log-in."""

from __future__ import annotations

import re

import pyotp
import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Page, expect

from logisav.desk.tests.desk import administrator, at_desk, manager
from logisav.staff.models import Invitation, SecondFactor
from logisav.tests.browser import Watch, violations
from logisav.tests.people import PASSWORD, link_to, with_password
from quotes.tests.factories import make_company

pytestmark = pytest.mark.browser


@pytest.fixture
def lea(transactional_db: None) -> User:
    make_company()
    return with_password(manager())


def give_password(page: Page, user: User) -> None:
    page.goto("/admin/")
    page.locator("[name=username]").fill(user.username)
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Connexion").click()


def looked_over(page: Page, part: str = ".desk-ask") -> list[str]:
    """Our own part of the page: readable by all, no wider than a phone."""
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    return violations(page, part)


def test_accounts_invitations_and_journal_are_readable_on_a_phone(
    chromium: Browser, site: str, lea: User
) -> None:
    karim = administrator()
    typed = {"last_name": "Garnier", "email": "invitee@exemple.fr", "role": "Comptables"}
    desk = at_desk(karim)
    desk.post("/admin/logisav/invitation/add/", typed)
    invitation = Invitation.objects.get()
    context = chromium.new_context(base_url=site, viewport={"width": 390, "height": 844}, locale="fr-FR")
    context.set_default_timeout(15_000)
    context.add_cookies([{"name": "logisav", "value": desk.cookies["logisav"].value, "url": site}])
    page, found = context.new_page(), []
    for path, part in (
        ("/admin/auth/user/", ".people-list"),
        (f"/admin/auth/user/{lea.pk}/change/", ".people-head"),
        (f"/admin/auth/user/{lea.pk}/mot-de-passe/", ".desk-ask"),
        (f"/admin/auth/user/{lea.pk}/double-verification/", ".desk-ask"),
        ("/admin/logisav/invitation/", "#result_list"),
        (f"/admin/logisav/invitation/{invitation.pk}/change/", ".desk-ask"),
        ("/admin/logisav/staffaction/", ".quote-page"),
    ):
        page.goto(path)
        found += looked_over(page, part)
    context.clear_cookies()
    page.goto("/admin/mot-de-passe-oublie/")
    found += looked_over(page)
    page.goto(link_to("invitee@exemple.fr"))
    expect(page.get_by_role("heading", name="Bienvenue")).to_be_visible()
    found += looked_over(page, "main")
    assert found == []
    context.close()


def test_set_up_on_a_phone_then_asked_at_the_log_in(chromium: Browser, site: str, lea: User) -> None:
    watch = Watch(site)
    context = chromium.new_context(base_url=site, viewport={"width": 390, "height": 844}, locale="fr-FR")
    context.set_default_timeout(15_000)
    watch.follow(context)
    page = context.new_page()
    give_password(page, lea)
    page.wait_for_url("**/admin/")
    page.goto("/admin/double-verification/")
    found = looked_over(page)
    page.get_by_label("Votre mot de passe").fill(PASSWORD)
    page.get_by_role("button", name="Commencer").click()

    qr = page.get_by_alt_text("Code QR")
    expect(qr).to_be_visible()
    assert qr.evaluate("image => image.complete && image.naturalWidth > 0")
    found += looked_over(page)
    totp = pyotp.TOTP(page.locator(".people-secret").inner_text().replace(" ", ""))
    page.get_by_label("Code à 6 chiffres").fill(totp.now())
    page.get_by_role("button", name="Activer").click()
    codes = page.locator(".people-codes code")
    expect(codes).to_have_count(10)
    found += looked_over(page)

    context.clear_cookies()
    SecondFactor.objects.update(last_step=0)  # half a minute later, without waiting for it
    give_password(page, lea)
    expect(page.get_by_role("heading", name="Le code de votre application")).to_be_visible()
    found += looked_over(page)
    page.get_by_label("Code à 6 chiffres").fill(totp.now())
    page.get_by_role("button", name="Se connecter").click()
    page.wait_for_url(re.compile("/admin/$"))
    assert found == []
    context.close()
    assert watch.elsewhere == []
    assert watch.complaints == []
