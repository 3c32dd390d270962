"""The shelf on the desk: texts to insert, quotes begun from templates and kept as such."""

from __future__ import annotations

import html
import json
import re
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from logisav.desk.tests.desk import at_desk, filled, line, manager, owner, page_of, said, stamp_in, text
from quotes import workflow
from quotes.models import Quote, QuoteTemplate, TemplateLine, TextTemplate
from quotes.readiness import Draft
from quotes.tests.factories import SYSTEM, make_company, make_customer, make_quote, make_sent_quote

pytestmark = pytest.mark.django_db
BEGIN = "/admin/quotes/quotetemplate/nouveau-devis/"
TEMPLATES = "/admin/quotes/quotetemplate/"
TEXTS = "/admin/quotes/texttemplate/"


def keep_of(quote: Quote) -> str:
    return reverse("admin:quotes_quotetemplate_keep", args=[quote.pk])


def make_template(**fields: Any) -> QuoteTemplate:
    quote = make_quote(
        **{"title": "Pose d'une pompe à chaleur", "intro": "Merci de votre accueil.", **fields}
    )
    return workflow.save_as_template(quote.pk, name="PAC 8 kW")


def offered(response: Any) -> list[dict[str, str]]:
    """The texts that the page hands to its script."""
    found = re.search(r'<script id="desk-texts" type="application/json">(.*?)</script>', text(response))
    return json.loads(found[1]) if found else []


# Texts


def test_a_manager_writes_a_text_and_the_quotes_form_offers_it() -> None:
    make_company()
    desk = at_desk(manager())
    add = f"{TEXTS}add/"
    data = filled(desk.get(add)) | {
        "name": "Remerciement",
        "place": "intro",
        "text": "Merci </script> à vous.",
    }
    assert desk.post(add, data).status_code == 302
    page = at_desk(owner()).get("/admin/quotes/quote/add/")
    assert offered(page) == [{"place": "intro", "name": "Remerciement", "text": "Merci </script> à vous."}]
    assert "/desk/texts." in text(page)


def test_two_texts_of_one_place_have_two_names() -> None:
    TextTemplate.objects.create(name="Remerciement", place="intro", text="Merci.")
    desk = at_desk(manager())
    data = {"name": "Remerciement", "place": "intro", "text": "Encore merci."}
    response = desk.post(f"{TEXTS}add/", data)
    assert response.status_code == 200
    assert "existe déjà" in text(response)
    assert desk.post(f"{TEXTS}add/", data | {"place": "outro"}).status_code == 302


def test_texts_for_answers_stand_beside_the_question_and_on_the_quotes_page() -> None:
    TextTemplate.objects.create(name="Délai", place="answer", text="Comptez trois semaines.")
    quote = make_sent_quote(owner=owner())
    workflow.ask(quote.pk, text="Quand pouvez-vous venir ?", phone="", actor=SYSTEM)
    desk = at_desk(quote.owner)
    for address in (page_of(quote), f"/admin/quotes/question/{quote.questions.get().pk}/change/"):
        page = desk.get(address)
        assert [found["name"] for found in offered(page)] == ["Délai"]
        assert 'name="text"' in text(page)


def test_without_texts_no_script_is_loaded() -> None:
    make_company()
    assert "/desk/texts." not in text(at_desk(owner()).get("/admin/quotes/quote/add/"))


# Templates of quotes


def test_a_quote_begins_from_a_template_with_its_own_number_and_dates() -> None:
    template = make_template(deposit_kind="amount", deposit_value=Decimal(500), internal_note="Secret")
    sophie = owner()
    customer = make_customer(last_name="Garnier", made_by=sophie)
    response = at_desk(sophie).post(BEGIN, {"template": template.pk, "customer": customer.pk}, follow=True)
    quote = Quote.objects.latest("pk")
    assert response.redirect_chain[-1][0] == page_of(quote)
    assert (quote.customer, quote.owner, quote.state) == (customer, sophie, Quote.State.DRAFT)
    assert (quote.title, quote.intro) == ("Pose d'une pompe à chaleur", "Merci de votre accueil.")
    assert (quote.deposit_kind, quote.deposit_value, quote.internal_note) == ("amount", Decimal(500), "")
    first = Quote.objects.earliest("pk")
    assert quote.number != first.number
    assert Draft(quote).totals == Draft(first).totals
    assert quote.shown_total == Draft(first).totals.incl_tax
    assert [line.label for line in quote.lines.all()] == [line.label for line in first.lines.all()]
    assert [event.kind for event in quote.events.all()] == ["created"]


def test_an_exception_and_the_ways_to_pay_are_kept_and_can_be_edited() -> None:
    template = make_template(
        payment_methods=["transfer"],
        withdrawal_exception="made_to_measure",
        withdrawal_reason="Une fenêtre cintrée, faite à vos mesures",
    )
    desk, page = at_desk(manager()), f"{TEMPLATES}{template.pk}/change/"
    data = filled(desk.get(page))
    assert data["payment_methods"] == ["transfer"]
    refused = desk.post(page, data | {"withdrawal_reason": ""})
    assert "Dites au client pourquoi cette exception s'applique." in html.unescape(text(refused))
    changed = {"withdrawal_exception": "", "withdrawal_reason": "", "payment_methods": []}
    assert desk.post(page, data | changed).status_code == 302
    quote = workflow.create_from_template(template.pk, customer=make_customer(), owner=owner(), actor=SYSTEM)
    assert (quote.withdrawal_exception, quote.withdrawal_reason, quote.payment_methods) == ("", "", None)


def test_a_later_change_of_the_template_changes_no_quote() -> None:
    template = make_template()
    quote = workflow.create_from_template(template.pk, customer=make_customer(), owner=owner(), actor=SYSTEM)
    template.lines.all().delete()
    assert quote.lines.count() == 4


def test_what_is_missing_is_told_and_makes_no_quote() -> None:
    template = make_template()
    before = Quote.objects.count()
    response = at_desk(owner()).post(BEGIN, {"template": template.pk, "customer": ""})
    assert response.status_code == 422
    assert "Choisissez le client, ou ajoutez-le." in text(response)
    response = at_desk(owner()).post(BEGIN, {"template": "9999", "customer": "9999"})
    assert response.status_code == 422
    assert Quote.objects.count() == before


def test_the_templates_own_page_leads_to_the_quote() -> None:
    template = make_template()
    desk = at_desk(owner())
    assert f"{BEGIN}?modele={template.pk}" in text(desk.get(f"{TEMPLATES}{template.pk}/change/"))
    assert f'<option value="{template.pk}" selected>' in text(desk.get(f"{BEGIN}?modele={template.pk}"))
    assert desk.get(f"{BEGIN}?modele=rien").status_code == 200


def test_a_draft_is_kept_as_a_template_under_a_name_of_its_own() -> None:
    quote = make_quote(owner=manager(), tags="pac", start="En mars")
    desk = at_desk(quote.owner)
    assert "Enregistrer comme modèle" in text(desk.get(page_of(quote)))
    response = desk.post(keep_of(quote), {"name": "  PAC   air-eau "}, follow=True)
    assert "Le modèle « PAC air-eau » est enregistré." in said(response)
    template = QuoteTemplate.objects.get()
    assert (template.title, template.tags, template.start) == (quote.title, "pac", "En mars")
    assert list(template.lines.values_list("label", "unit_price", "option")) == list(
        quote.lines.values_list("label", "unit_price", "option")
    )
    assert [event.kind for event in quote.events.all()] == ["created"]


def test_a_name_that_is_taken_is_told_and_keeps_what_was_there() -> None:
    template = make_template()
    quote = make_quote(owner=manager(), title="Autre chose")
    response = at_desk(quote.owner).post(keep_of(quote), {"name": "PAC 8 kW"})
    assert response.status_code == 422
    assert "Un modèle porte déjà ce nom" in text(response)
    assert QuoteTemplate.objects.get() == template
    assert TemplateLine.objects.count() == 4


def test_a_manager_writes_a_template_with_its_lines_in_order() -> None:
    desk = at_desk(manager())
    add = f"{TEMPLATES}add/"
    data = filled(desk.get(add)) | {
        "name": "Entretien", "title": "Contrat d'entretien", "deposit_kind": "none", "deposit_value": "0",
        "lines-TOTAL_FORMS": "2",
    }  # fmt: skip
    data |= line(0, label="Visite", unit_price="189", vat_rate="10") | line(
        1, label="Filtre", unit_price="12,5"
    )
    assert desk.post(add, data).status_code == 302
    template = QuoteTemplate.objects.get()
    assert [(each.label, each.position, each.total) for each in template.lines.all()] == [
        ("Visite", 0, Decimal(189)), ("Filtre", 1, Decimal("12.50"))
    ]  # fmt: skip
    change = f"{TEMPLATES}{template.pk}/change/"
    before = list(template.lines.values())
    assert desk.post(change, filled(desk.get(change))).status_code == 302
    assert list(template.lines.values()) == before


def test_a_template_asks_of_its_deposit_what_a_quote_asks() -> None:
    template = make_template()
    desk = at_desk(manager())
    change = f"{TEMPLATES}{template.pk}/change/"
    data = filled(desk.get(change)) | {"deposit_kind": "percent", "deposit_value": "120"}
    assert "Un pourcentage ne dépasse pas 100." in text(desk.post(change, data))


# Who may


def test_an_owner_takes_from_the_shelf_and_writes_nothing_on_it() -> None:
    template = make_template()
    TextTemplate.objects.create(name="Délai", place="answer", text="Trois semaines.")
    quote = make_quote(owner=owner())
    desk = at_desk(quote.owner)
    for address in (TEMPLATES, TEXTS, f"{TEMPLATES}{template.pk}/change/", BEGIN):
        assert desk.get(address).status_code == 200, address
    assert "Enregistrer comme modèle" not in text(desk.get(page_of(quote)))
    for address in (
        keep_of(quote), f"{TEMPLATES}add/", f"{TEXTS}add/", f"{TEMPLATES}{template.pk}/change/",
        f"{TEMPLATES}{template.pk}/delete/",
    ):  # fmt: skip
        assert desk.post(address, {"name": "Forgé", "post": "yes"}).status_code == 403, address
    assert QuoteTemplate.objects.get().name == "PAC 8 kW"


def test_a_colleagues_quote_is_kept_by_nobody_who_may_not_see_it() -> None:
    quote, sophie = make_quote(), owner()
    sophie.user_permissions.add(*manager().groups.get().permissions.filter(codename="add_quotetemplate"))
    assert at_desk(sophie).post(keep_of(quote), {"name": "Volé"}).status_code == 404
    assert not QuoteTemplate.objects.exists()


def test_strangers_are_sent_to_the_door() -> None:
    for address in (BEGIN, TEMPLATES, TEXTS, keep_of(make_quote())):
        assert "/admin/login/" in Client().get(address).headers["Location"]


def test_a_manager_deletes_a_template_and_the_quotes_stay() -> None:
    template = make_template()
    quotes = Quote.objects.count()
    desk = at_desk(manager())
    asked = desk.get(f"{TEMPLATES}{template.pk}/delete/")
    desk.post(f"{TEMPLATES}{template.pk}/delete/", {"post": "yes"} | stamp_in(asked))
    assert not QuoteTemplate.objects.exists()
    assert Quote.objects.count() == quotes
    assert "Aucun modèle pour l'instant" in html.unescape(text(desk.get(BEGIN)))
