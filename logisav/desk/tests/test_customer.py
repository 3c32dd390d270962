"""Customers on the desk: a changed mail address ends every link to the old one, and says so."""

from __future__ import annotations

import html
from typing import Any

import pytest
from django.test import Client

from lib import french
from logisav.desk.tests.desk import action_of, at_desk, filled, manager, owner, page_of, said, text
from logisav.staff.models import StaffAction
from quotes import workflow
from quotes.models import Company, Customer, Quote
from quotes.tests.factories import (
    SYSTEM,
    make_company,
    make_customer,
    make_link,
    make_quote,
    make_sent_quote,
    visitor,
)
from quotes.versions.freezing import NotSendable

pytestmark = pytest.mark.django_db


def change(customer: Customer, **changes: Any) -> Any:
    desk = at_desk(manager())
    address = f"/admin/quotes/customer/{customer.pk}/change/"
    return desk.post(address, filled(desk.get(address)) | changes, follow=True)


def test_a_new_address_revokes_the_links_and_is_journalled() -> None:
    quote = make_sent_quote()
    browser = visitor(quote)
    _, path = make_link(quote)
    response = change(quote.customer, email="claire@ailleurs.example", phone="06 11 22 33 44")
    assert any("ne s'ouvrent plus" in sentence for sentence in said(response))
    assert browser.get(quote.get_absolute_url()).status_code == 403
    assert Client().get(path).status_code == 404
    quote.customer.refresh_from_db()
    assert (quote.customer.email, quote.customer.phone) == ("claire@ailleurs.example", "06 11 22 33 44")
    assert quote.events.get(kind="email_changed").facts["to"] == "claire@ailleurs.example"


def test_another_change_leaves_the_links() -> None:
    quote = make_sent_quote()
    browser = visitor(quote)
    change(quote.customer, address="3 rue Neuve\n69002 Lyon")
    assert browser.get(quote.get_absolute_url()).status_code == 200
    quote.customer.refresh_from_db()
    assert quote.customer.address.startswith("3 rue Neuve")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"last_name": ""}, "Indiquez le nom du particulier."),
        ({"kind": "business", "company_name": ""}, "Indiquez la raison sociale du professionnel."),
        ({"siren": "123456789"}, "SIREN"),
        ({"email": "pas une adresse"}, "valide"),
    ],
)
def test_what_is_wrong_is_told(changes: dict[str, str], sentence: str) -> None:
    customer = make_customer()
    response = change(customer, **changes)
    assert sentence in response.content.decode()
    customer.refresh_from_db()
    assert customer.email == "claire.morel@exemple.fr"


def test_a_customer_is_made_in_place_and_found_again() -> None:
    desk = at_desk(owner())
    add = "/admin/quotes/customer/add/?_to_field=id&_popup=1"
    data = filled(desk.get(add)) | {
        "kind": "business", "company_name": "Boulangerie Perrin", "email": "perrin@exemple.fr", "address": "Lyon",
        "_popup": "1",
    }  # fmt: skip
    assert b"popup_response" in desk.post(add, data).content
    found = desk.get(
        "/admin/autocomplete/",
        {"app_label": "quotes", "model_name": "quote", "field_name": "customer", "term": "perrin"},
    ).json()
    assert [result["text"] for result in found["results"]] == ["Boulangerie Perrin, perrin@exemple.fr"]


def test_a_customer_is_never_deleted() -> None:
    customer = make_customer()
    response = at_desk(manager()).post(f"/admin/quotes/customer/{customer.pk}/delete/", {"post": "yes"})
    assert response.status_code == 403
    assert Customer.objects.filter(pk=customer.pk).exists()


def test_the_list_counts_quotes() -> None:
    quote = make_sent_quote()
    response = at_desk(manager()).get("/admin/quotes/customer/?q=morel")
    assert [customer.quotes_made for customer in response.context["cl"].result_list] == [1]
    assert quote.customer.name in response.content.decode()


# Their page


def test_the_page_shows_quotes_amounts_questions_files_and_the_way_to_a_new_quote() -> None:
    quote = make_sent_quote()
    workflow.ask(quote.pk, text="Quand commencez-vous ?", phone="", actor=SYSTEM)
    page = text(at_desk(manager()).get(f"/admin/quotes/customer/{quote.customer_id}/change/"))
    for words in (quote.number, quote.title, "Quand commencez-vous ?", "à traiter", "Devis (PDF)"):
        assert words in page
    assert (
        f'href="/admin/quotes/quote/add/?customer={quote.customer_id}">Nouveau devis pour ce client</a>'
        in page
    )
    assert french.money(quote.shown_total) in page


def test_the_page_shows_nothing_of_a_colleagues_quote() -> None:
    quote = make_sent_quote()
    workflow.ask(quote.pk, text="Quand commencez-vous ?", phone="", actor=SYSTEM)
    other = owner()
    make_quote(customer=quote.customer, owner=other, title="Le mien")
    page = text(at_desk(other).get(f"/admin/quotes/customer/{quote.customer_id}/change/"))
    assert "Le mien" in page
    assert quote.number not in page
    assert "Quand commencez-vous ?" not in page
    listed = at_desk(other).get("/admin/quotes/customer/")
    assert ">1 devis</a>" in text(listed)


def test_the_count_leads_to_their_quotes() -> None:
    quote = make_sent_quote()
    make_quote(customer=make_customer(last_name="Autre", email="autre@exemple.fr"))
    desk = at_desk(manager())
    address = f"/admin/quotes/quote/?client={quote.customer_id}"
    assert f'href="{address}">1 devis</a>' in text(desk.get("/admin/quotes/customer/?q=morel"))
    assert [row.pk for row in desk.get(address).context["cl"].result_list] == [quote.pk]
    assert desk.get("/admin/quotes/quote/?client=x").status_code == 200


@pytest.mark.parametrize(
    ("fields", "greeting"),
    [
        ({"civility": "Mme"}, "Bonjour Madame Morel"),
        ({"civility": ""}, "Bonjour Claire Morel"),
        ({"civility": "", "first_name": ""}, "Bonjour Morel"),
        (
            {"kind": "business", "company_name": "Perrin", "civility": "", "first_name": "", "last_name": ""},
            "Bonjour",
        ),
    ],
)
def test_the_greeting_names_whom_it_can(fields: dict[str, str], greeting: str) -> None:
    assert make_customer(**fields).greeting.replace("\u00a0", " ") == greeting


# Who is there already

SIMILAR = "/admin/quotes/customer/semblables/"


@pytest.mark.parametrize(
    "typed",
    [
        {"mail": " CLAIRE.morel@exemple.fr "},
        {"tel": "+33 6 11 22 33 44"},
        {"nom": "morel claire"},
        {"nom": "Mor"},
        {"mail": "autre@exemple.fr", "nom": "MOREL"},
    ],
)
def test_a_customer_is_recognised_while_they_are_typed(typed: dict[str, str]) -> None:
    customer = make_customer(phone="06 11 22 33 44")
    make_customer(last_name="Petit", first_name="Zoé", email="z@exemple.fr", phone="0699887766")
    found = at_desk(manager()).get(SIMILAR, typed).json()["customers"]
    assert [one["pk"] for one in found] == [customer.pk]
    assert not at_desk(manager()).get(SIMILAR, typed | {"sauf": customer.pk}).json()["customers"]


@pytest.mark.parametrize("typed", [{}, {"nom": "Mo"}, {"tel": "06 11"}, {"mail": "claire"}, {"client": "²"}])
def test_too_little_names_nobody(typed: dict[str, str]) -> None:
    make_customer(phone="06 11 22 33 44")
    assert at_desk(manager()).get(SIMILAR, typed).json() == {"customers": []}


def test_a_colleagues_customer_is_not_told_while_one_types() -> None:
    customer = make_customer(phone="06 11 22 33 44", made_by=owner())
    desk = at_desk(owner())
    for typed in (
        {"mail": customer.email},
        {"tel": customer.phone},
        {"nom": "Morel"},
        {"client": customer.pk},
    ):
        assert desk.get(SIMILAR, typed).json() == {"customers": []}
    assert Client().get(SIMILAR).status_code == 302


# Made with the quote


def new_with(desk: Client, **client: str) -> Any:
    if not Company.objects.exists():
        make_company()
    data = filled(desk.get("/admin/quotes/quote/add/")) | {"title": "Ravalement"}
    typed = {
        "kind": "individual",
        "last_name": "Durand",
        "email": "d@exemple.fr",
        "address": "1 rue Neuve",
    } | client
    return desk.post(
        "/admin/quotes/quote/add/", data | {f"nouveau-{name}": value for name, value in typed.items()}
    )


def test_a_new_customer_is_made_with_the_quote() -> None:
    maker = owner()
    response = new_with(at_desk(maker))
    assert response.status_code == 302, response.context["errors"]
    quote = Quote.objects.get()
    assert (quote.customer.last_name, quote.customer.made_by, quote.worksite) == (
        "Durand",
        maker,
        "1 rue Neuve",
    )
    assert StaffAction.objects.get(what="added").target == f"Client : fiche {quote.customer_id}"


def test_what_is_wrong_with_a_new_customer_is_told_and_neither_is_made() -> None:
    response = new_with(at_desk(owner()), email="pas un mail")
    page = text(response)
    assert "Le nouveau client n'est pas complet" in html.unescape(page).replace("\u00a0", " ")
    assert "valide" in page
    assert 'value="Durand"' in page
    assert not Quote.objects.exists()
    assert not Customer.objects.exists()


def test_a_colleagues_customer_is_told_once_in_the_page_of_the_quote_too() -> None:
    colleague = owner(first_name="Sophie", last_name="Martin")
    make_customer(email="d@exemple.fr", made_by=colleague)
    desk = at_desk(owner())
    assert "Ce client est déjà suivi par Sophie Martin." in text(new_with(desk))
    assert not Quote.objects.exists()
    assert new_with(desk).status_code == 302
    assert Quote.objects.get().customer.made_by != colleague


def test_a_draft_takes_a_new_customer_and_their_address() -> None:
    writer = manager()
    quote = make_quote(owner=writer)
    quote.worksite = quote.customer.address
    quote.save()
    desk = at_desk(writer)
    data = filled(desk.get(page_of(quote)))
    typed = {"last_name": "Durand", "email": "d@exemple.fr", "address": "1 rue Neuve", "kind": "individual"}
    response: Any = desk.post(
        page_of(quote), data | {f"nouveau-{name}": value for name, value in typed.items()}
    )
    assert response.status_code == 302, response.context["errors"]
    quote.refresh_from_db()
    assert (quote.customer.last_name, quote.worksite) == ("Durand", "1 rue Neuve")


# Without a mail


def test_a_customer_without_a_mail_has_quotes_that_are_not_sent() -> None:
    writer = manager()
    assert new_with(at_desk(writer), email="").status_code == 302
    quote = Quote.objects.get()
    desk = at_desk(writer)
    assert desk.get(page_of(quote)).status_code == 200
    assert "Le client n'a pas d'adresse mail." in html.unescape(text(desk.get(action_of(quote, "envoyer"))))
    with pytest.raises(NotSendable):
        workflow.send(quote.pk, actor=SYSTEM)
    again = make_customer(email="", last_name="Autre")
    assert not Customer.objects.like(email="", phone="").exists()
    assert again.greeting


def test_a_mail_is_added_later_and_never_taken_away() -> None:
    customer = make_customer(email="")
    change(customer, email="claire@exemple.fr")
    customer.refresh_from_db()
    assert customer.email == "claire@exemple.fr"
    response = change(customer, email="")
    assert "Une adresse mail ne se retire pas" in text(response)
    customer.refresh_from_db()
    assert customer.email == "claire@exemple.fr"
