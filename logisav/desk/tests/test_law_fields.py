"""What the law asks for, typed on the desk: kept in one form, refused at its field with what to write."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from logisav.desk.tests.desk import at_desk, filled, manager, owner, page_of, text
from quotes.models import Company, Quote
from quotes.tests.factories import make_business, make_company, make_customer, make_quote
from signing.tests.sealed import small_pdf

pytestmark = pytest.mark.django_db

# That a finding may lead to.
FIELDS_OF_COMPANY = (
    *("legal_form", "insurer_name", "insurer_contract", "insurer_territory", "after_sales"),
    *("mediator_name", "mediator_address", "mediator_site", "waste_sorting", "waste_points", "waste_cost"),
    *("rge", "rge_qualifications", "rge_proof", "payment_days", "late_rate"),
)


@pytest.fixture
def desk() -> Client:
    make_company()
    return at_desk(manager())


def save_company(desk: Client, **changes: Any) -> Any:
    address = f"/admin/quotes/company/{Company.current().pk}/change/"
    data = filled(desk.get(address))
    for name in ("logo", "terms_pdf", "rge_proof"):
        data.pop(name, None)
    return desk.post(address, data | changes)


def save_quote(desk: Client, quote: Quote, **changes: Any) -> Any:
    return desk.post(page_of(quote), filled(desk.get(page_of(quote))) | changes)


def errors(response: Any) -> dict[str, str]:
    assert response.status_code == 200
    return {name: " ".join(said) for name, said in response.context["adminform"].form.errors.items()}


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"mediator_address": ""}, "mediator_address", "adresse postale du médiateur"),
        ({"mediator_site": ""}, "mediator_site", "site du médiateur"),
        ({"mediator_site": "pas un site"}, "mediator_site", "URL"),
        ({"insurer_territory": ""}, "insurer_territory", "territoire couvert"),
        ({"insurer_not_needed": "sans objet"}, "insurer_not_needed", "Un assureur est nommé"),
        (
            {
                "insurer_name": "",
                "insurer_contract": "",
                "insurer_territory": "",
                "insurer_not_needed": "non",
            },
            "insurer_not_needed",
            "Dites pourquoi",
        ),
        ({"legal_form": "other"}, "legal_form_name", "Écrivez la forme"),
        ({"legal_form": "SA RL"}, "legal_form", "choix"),
        ({"payment_days": "61"}, "payment_days", "60"),
        ({"waste_points": "Déchetterie ; Lyon"}, "waste_points", "nom\u00a0; adresse\u00a0; type"),
        ({"rge_qualifications": "E-1 ; pompes ; 2026"}, "rge_qualifications", "n'est pas une date"),
        ({"rge_qualifications": "E-1 ; pompes ; 31/12/2020"}, "rge_qualifications", "a expiré le"),
        ({"rge_proof": SimpleUploadedFile("rge.pdf", b"<html>")}, "rge_proof", "pas un PDF"),
    ],
)
def test_the_company_is_told_at_the_field(
    desk: Client, changes: dict[str, Any], field: str, sentence: str
) -> None:
    before = Company.objects.values().get()
    found = errors(save_company(desk, **changes))
    assert sentence in found[field]
    assert Company.objects.values().get() == before


def test_what_is_typed_is_kept_in_one_form_and_shown_as_typed(desk: Client) -> None:
    proof = SimpleUploadedFile("rge.pdf", small_pdf(), "application/pdf")
    lines = "E-1 ; pompes à chaleur ; 31 décembre 2098\n\nE-2;isolation;01/06/2099"
    assert save_company(desk, rge="yes", rge_qualifications=lines, rge_proof=proof).status_code == 302
    company = Company.current()
    assert company.rge_qualifications == [
        {"number": "E-1", "domain": "pompes à chaleur", "until": "2098-12-31"},
        {"number": "E-2", "domain": "isolation", "until": "2099-06-01"},
    ]
    assert str(company.rge_proof.name).startswith("company/")
    before = Company.objects.values().get()
    assert save_company(desk).status_code == 302
    assert Company.objects.values().get() == before


def test_an_expired_certificate_that_is_stored_does_not_hold_up_the_rest_of_the_form(desk: Client) -> None:
    old = [{"number": "E-1", "domain": "pompes", "until": "2020-12-31"}]
    Company.objects.update(rge="yes", rge_qualifications=old)
    assert save_company(desk, hours="Le matin").status_code == 302
    assert Company.current().hours == "Le matin"


def test_the_company_page_says_that_it_is_ready_or_what_is_missing_and_where(desk: Client) -> None:
    address = f"/admin/quotes/company/{Company.current().pk}/change/"
    ready = {"travel_costs": "compris", "quote_cost": "Devis gratuit"}
    Company.objects.update(**ready)
    assert "Votre entreprise est prête" in text(desk.get(address))
    Company.objects.update(mediator_site="", late_rate="", rge="", legal_form="")
    page = text(desk.get(address))
    assert "Votre entreprise est prête" not in page
    for field in ("mediator_site", "late_rate", "rge", "legal_form"):
        assert f'href="#id_{field}"' in page
    for name in FIELDS_OF_COMPANY:
        assert f'id="id_{name}"' in page, "the link leads to a field"


def test_an_old_free_text_stands_beside_the_new_fields_until_they_are_filled(desk: Client) -> None:
    address = f"/admin/quotes/company/{Company.current().pk}/change/"
    Company.objects.update(mediator="CM2C, Paris", mediator_name="")
    assert "CM2C, Paris" in text(desk.get(address))
    assert Company.current().facts.mediator == "CM2C, Paris", "and is printed as it was"
    Company.objects.update(mediator_name="CM2C")
    assert "CM2C, Paris" not in text(desk.get(address))
    assert Company.current().facts.mediator.startswith("CM2C\n1 place")


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"start": "demain"}, "start", "3 semaines après la signature"),
        ({"delivery": "31/02/2099"}, "delivery", "n'existe pas"),
        ({"delivery": "01/02/2020"}, "delivery", "passée"),
        ({"requested_on": "01/01/2099"}, "requested_on", "à venir"),
        ({"waste_quantity": "un camion"}, "waste_quantity", "150\u00a0kg"),
        ({"subcontractors": "Élec ; 123 ; E-1"}, "subcontractors", "SIRET de Élec"),
        ({"subcontractors": "Élec"}, "subcontractors", "Un sous-traitant par ligne"),
        (
            {"subcontractors": "Élec ; 912 345 675 00017 ; non RGE", "without_subcontractors": "on"},
            "without_subcontractors",
            "sous-traitants sont nommés",
        ),
    ],
)
def test_a_quote_is_told_at_the_field(
    desk: Client, changes: dict[str, Any], field: str, sentence: str
) -> None:
    quote = make_quote(owner=owner())
    response = save_quote(desk, quote, **changes)
    assert sentence in errors(response)[field]
    assert str(next(iter(changes.values()))).split(" ;")[0] in text(response), "what was typed is not lost"


def test_a_quote_keeps_what_it_says_of_the_law(desk: Client) -> None:
    quote = make_quote(owner=owner())
    typed = {
        "delivery": "12/01/2099",
        "start": "sous 3 semaines après signature",
        "waste_quantity": "150kg",
        "subcontractors": "Élec Vaise ; 912 345 675 00017 ; NON rge",
        "requested_on": "03/11/2026",
        "requested_by": "phone",
    }
    assert save_quote(desk, quote, **typed).status_code == 302
    quote.refresh_from_db()
    assert (quote.delivery, quote.start) == ("12\u00a0janvier\u00a02099", "3 semaines après la signature")
    assert quote.waste_quantity == "150\u00a0kg"
    assert quote.subcontractors == [{"name": "Élec Vaise", "siret": "91234567500017", "rge": ""}]
    before = Quote.objects.values().get()
    assert save_quote(desk, quote).status_code == 302
    assert Quote.objects.values().get() == before


def test_a_start_that_was_stored_freely_does_not_hold_up_the_form(desk: Client) -> None:
    quote = make_quote(owner=owner(), start="le mois prochain")
    assert save_quote(desk, quote, title="Autre objet").status_code == 302
    quote.refresh_from_db()
    assert (quote.title, quote.start) == ("Autre objet", "le mois prochain")


def test_a_worksite_taken_from_one_customer_is_not_another_ones(desk: Client) -> None:
    quote = make_quote(owner=owner())
    other = make_customer(last_name="Durand", email="durand@exemple.fr", address="2 rue Neuve\n69001 Lyon")
    assert save_quote(desk, quote, customer=str(other.pk)).status_code == 302
    quote.refresh_from_db()
    assert (quote.customer, quote.worksite) == (other, other.address)
    typed = "5 rue du Chantier"
    assert save_quote(desk, quote, customer=str(make_business().pk), worksite=typed).status_code == 302
    quote.refresh_from_db()
    assert quote.worksite == typed
