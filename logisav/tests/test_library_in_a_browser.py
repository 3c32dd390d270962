"""Texts, templates, files and the draft's PDF in a real browser: on a phone, and readable by all."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from logisav.tests.browser import violations
from quotes import workflow
from quotes.models import DraftPdf, Quote, TextTemplate
from quotes.tests.factories import SYSTEM, make_quote, make_sent_quote

pytestmark = pytest.mark.browser
PHONE = {"width": 390, "height": 844}
FILE = """Type;Prénom;Nom;Raison sociale;Mail;Téléphone;Adresse;Rayon
Particulier;Claire;Morel;;claire.morel@exemple.fr;06 11 22 33 44;12 chemin des Vignes;x
Particulier;;Untrèslongnomsansaucunecoupurepourvoirsilapagetientsurunpetitécran;;long@exemple.fr;;Lyon;x
"""


def test_a_text_is_put_beside_what_is_written_and_saved_with_it(desk: Page, julien: User) -> None:
    TextTemplate.objects.create(name="Aides", place="outro", text="Pensez aux aides.")
    TextTemplate.objects.create(name="Délai", place="answer", text="Comptez trois semaines.")
    quote = make_quote(owner=julien, outro="Bien à vous.\n")
    desk.goto(f"/admin/quotes/quote/{quote.pk}/change/")
    expect(desk.get_by_label("Insérer un texte type")).to_have_count(1)
    desk.get_by_label("Insérer un texte type").select_option(label="Aides")
    expect(desk.locator("[name=outro]")).to_have_value("Bien à vous.\n\nPensez aux aides.")
    desk.get_by_role("button", name="Enregistrer", exact=True).click()
    expect(desk.get_by_text("est enregistré.")).to_be_visible()
    quote.refresh_from_db()
    assert quote.outro.replace("\r", "") == "Bien à vous.\n\nPensez aux aides."

    sent = make_sent_quote(owner=julien)
    workflow.ask(sent.pk, text="Quand pouvez-vous venir ?", phone="", actor=SYSTEM)
    desk.goto(f"/admin/quotes/quote/{sent.pk}/change/")
    desk.get_by_label("Insérer un texte type").select_option(label="Délai")
    expect(desk.get_by_label("Votre réponse")).to_have_value("Comptez trois semaines.")


def test_every_step_fits_a_phone_and_can_be_read_by_all(desk: Page, julien: User) -> None:
    desk.set_viewport_size(PHONE)  # type: ignore[arg-type]
    quote = make_quote(owner=julien)

    desk.goto(f"/admin/quotes/quotetemplate/depuis/{quote.pk}/")
    _fits(desk)
    desk.get_by_label("Nom du modèle").fill("Pompe à chaleur")
    desk.get_by_role("button", name="Enregistrer comme modèle").click()
    expect(desk.get_by_role("link", name="Nouveau devis depuis ce modèle")).to_be_visible()
    _fits(desk)
    desk.get_by_role("link", name="Nouveau devis depuis ce modèle").click()
    _fits(desk)
    desk.locator(".select2-selection").last.click()
    desk.keyboard.type("morel")
    desk.get_by_role("option", name=re.compile("Claire Morel")).first.click()
    desk.get_by_role("button", name="Commencer le devis").click()
    expect(desk.get_by_text("reprend le modèle")).to_be_visible()
    assert Quote.objects.latest("pk").lines.count() == quote.lines.count()

    desk.get_by_role("button", name="PDF du brouillon").click()
    expect(desk.get_by_role("heading", name="Le PDF du brouillon se prépare")).to_be_visible()
    _fits(desk)
    DraftPdf.objects.update(failed_at=quote.created_at, error="La mise en page a pris trop de temps.")
    desk.get_by_role("link", name="Voir s'il est prêt").click()
    expect(desk.get_by_role("button", name="Réessayer")).to_be_visible()
    _fits(desk)

    desk.goto("/admin/quotes/customer/importer/")
    _fits(desk)
    file = {"name": "clients.csv", "mimeType": "text/csv", "buffer": FILE.encode()}
    desk.locator("[name=file]").set_input_files(file)  # type: ignore[arg-type]
    desk.get_by_role("button", name="Voir ce qui va changer").click()
    expect(desk.get_by_role("heading", name="À modifier")).to_be_visible()
    _fits(desk)
    desk.get_by_role("button", name="Importer").click()
    expect(desk.get_by_text("Import terminé")).to_be_visible()
    _fits(desk)


def _fits(desk: Page) -> None:
    """The page is no wider than the phone, and what we draw of it is free of serious faults."""
    assert desk.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], desk.url
    if drawn := [part for part in (".desk-ask", ".desk-card", ".list-doors") if desk.locator(part).count()]:
        # Select2's own parts are Unfold's, as on every form of the desk.
        assert violations(desk, *drawn, leaving_out=".select2") == [], desk.url
