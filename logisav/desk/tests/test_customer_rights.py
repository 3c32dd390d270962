"""A customer is seen by who made or imported him, who has a quote for him, and managers: on every way to him."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from lib import limiter
from logisav.desk.tests.desk import accountant, at_desk, filled, manager, owner, page_of, said, text
from notifications.models import Notification, OutgoingEmail
from quotes.models import Customer, Quote, QuoteTemplate
from quotes.tests.factories import (
    make_company,
    make_customer,
    make_link,
    make_quote,
    make_sent_quote,
    visitor,
)

pytestmark = pytest.mark.django_db
LIST = "/admin/quotes/customer/"
PAUL = {
    "kind": "individual", "last_name": "Paul", "email": "claire.morel@exemple.fr", "phone": "", "address": "Lyon",
}  # fmt: skip


@pytest.fixture
def julie() -> User:
    return owner(first_name="Julie", last_name="Faure")


@pytest.fixture
def quote(julie: User) -> Quote:
    """Of a customer who is Julie's alone."""
    customer = make_customer(phone="06 12 34 56 78", made_by=julie)
    return make_sent_quote(owner=julie, customer=customer)


@pytest.fixture
def colleague(quote: Quote) -> Client:
    return at_desk(owner())


def page(customer: Customer) -> str:
    return f"{LIST}{customer.pk}/change/"


def choices(desk: Client, term: str = "") -> list[str]:
    asked = {"app_label": "quotes", "model_name": "quote", "field_name": "customer", "term": term}
    return [one["id"] for one in desk.get("/admin/autocomplete/", asked).json()["results"]]


def exported(desk: Client, where: str) -> str:
    response: Any = desk.get(where)
    return b"".join(response.streaming_content).decode()


# By which ways


def test_a_colleague_does_not_find_the_customer_by_any_way(colleague: Client, quote: Quote) -> None:
    customer = quote.customer
    for address in (page(customer), f"{LIST}{customer.pk}/history/", f"{LIST}{customer.pk}/delete/"):
        assert colleague.get(address).status_code in (302, 403)
    assert "Morel" not in text(colleague.get(LIST)) + text(colleague.get(LIST, {"q": "morel"}))
    assert "Morel" not in text(colleague.get(LIST, {"q": "0612345678"}))
    assert "Morel" not in exported(colleague, f"{LIST}export.csv") + exported(
        colleague, f"{LIST}export.csv?q=morel"
    )
    assert "Morel" not in exported(colleague, "/admin/quotes/quote/export.csv")
    assert choices(colleague) == choices(colleague, "morel") == []
    for address in ("/admin/search/?s=morel", "/admin/search/?s=morel&extended=1", "/admin/"):
        assert "Morel" not in text(colleague.get(address))
    assert "Morel" not in text(colleague.get("/admin/quotes/quote/add/", {"customer": customer.pk}))
    for where in ("quotes/quote", "quotes/question", "payments/deposit", "signing/signature"):
        assert "Morel" not in text(colleague.get(f"/admin/{where}/", {"q": "morel"}))


def test_a_colleague_changes_no_address_and_gets_no_link(colleague: Client, quote: Quote) -> None:
    form = filled(at_desk(quote.owner).get(page(quote.customer)))
    stamp = form.pop("_stamp")  # as for who never had the form, and with one from a colleague's screen
    for sent, status in ((form, 302), (form | {"_stamp": stamp}, 409)):
        answer = colleague.post(page(quote.customer), sent | {"email": "voleur@exemple.net"})
        assert answer.status_code == status
        assert "Morel" not in text(answer)
    assert Customer.objects.get().email == "claire.morel@exemple.fr"
    assert not OutgoingEmail.objects.filter(to="voleur@exemple.net").exists()


def test_a_colleague_makes_no_quote_for_the_customer(colleague: Client, quote: Quote) -> None:
    new = colleague.get("/admin/quotes/quote/add/")
    colleague.post(
        "/admin/quotes/quote/add/", filled(new) | {"customer": quote.customer_id, "title": "À moi"}
    )
    template = QuoteTemplate.objects.create(name="Entretien", title="Entretien")
    sent = {"template": template.pk, "customer": quote.customer_id}
    assert colleague.post("/admin/quotes/quotetemplate/nouveau-devis/", sent).status_code == 422
    assert Quote.objects.count() == 1


def test_a_colleague_gives_no_draft_of_theirs_to_the_customer(quote: Quote) -> None:
    theirs = make_quote(owner=owner(), customer=make_customer(last_name="Dupont"))
    desk = at_desk(theirs.owner)
    desk.post(page_of(theirs), filled(desk.get(page_of(theirs))) | {"customer": quote.customer_id})
    theirs.refresh_from_db()
    assert theirs.customer.last_name == "Dupont"


def test_a_file_changes_no_customer_of_a_colleague(colleague: Client, quote: Quote) -> None:
    file = "Prénom;Nom;Mail;Adresse\nClaire;Morel;claire.morel@exemple.fr;Ailleurs\n"
    preview = colleague.post(
        f"{LIST}importer/", {"file": SimpleUploadedFile("c.csv", file.encode())}, follow=True
    )
    plan = preview.context["plan"]
    assert (len(plan.new), len(plan.changed)) == (1, 0)
    assert "Saint-Cyr" not in text(preview)
    colleague.post(preview.redirect_chain[-1][0], {"fingerprint": plan.fingerprint})
    own = Customer.objects.get(address="Ailleurs")
    assert own.pk != quote.customer_id
    assert choices(colleague) == [str(own.pk)]


# Who sees him


def test_who_made_him_sees_him_and_counts_no_quotes_of_others(quote: Quote) -> None:
    made = owner()
    Customer.objects.update(made_by=made)
    row = at_desk(made).get(LIST).context["cl"].result_list[0]
    assert (row.pk, row.quotes_made) == (quote.customer_id, 0)


def test_who_has_a_quote_for_him_sees_him(quote: Quote) -> None:
    Customer.objects.update(made_by=None)
    assert at_desk(quote.owner).get(page(quote.customer)).status_code == 200


@pytest.mark.parametrize("role", [manager, accountant])
def test_managers_and_accountants_see_everybody(quote: Quote, role: Any) -> None:
    desk = at_desk(role())
    assert desk.get(page(quote.customer)).status_code == 200
    assert choices(desk) == [str(quote.customer_id)]


def test_those_from_before_belong_to_whoever_the_desks_log_names(julie: User) -> None:
    make_customer(), at_desk(julie).post(f"{LIST}add/", PAUL | {"email": "paul@exemple.fr"})
    Customer.objects.update(made_by=None)
    fill = import_module("quotes.migrations.0016_customer_made_by").fill
    fill(apps, SimpleNamespace(connection=connection))
    assert {one.last_name: one.made_by for one in Customer.objects.all()} == {"Paul": julie, "Morel": None}


# A customer that a colleague has already


@pytest.mark.parametrize(
    "typed",
    [{"email": "Claire.Morel@exemple.fr"}, {"email": "autre@exemple.fr", "phone": "+33 6 12 34 56 78"}],
)
def test_a_known_customer_is_told_by_the_colleagues_name_alone(
    colleague: Client, quote: Quote, typed: dict[str, str]
) -> None:
    told = colleague.post(f"{LIST}add/", PAUL | typed)
    assert "Ce client est déjà suivi par Julie Faure." in text(told)
    assert "Claire" not in text(told).replace("Claire.Morel@exemple.fr", "")
    assert "Saint-Cyr" not in text(told)
    assert Customer.objects.count() == 1
    colleague.post(f"{LIST}add/", PAUL | typed)
    assert Customer.objects.filter(last_name="Paul", email=typed["email"]).count() == 1


def test_a_part_of_an_address_tells_nothing(colleague: Client, quote: Quote) -> None:
    colleague.post(f"{LIST}add/", PAUL | {"email": "morel@exemple.fr", "phone": "06 12 34 56"})
    assert Customer.objects.count() == 2


def test_whoever_tries_many_addresses_is_told_no_more(colleague: Client, quote: Quote) -> None:
    for number in range(limiter.KNOWN_CUSTOMER.most):
        colleague.post(f"{LIST}add/", PAUL | {"email": f"essai{number}@exemple.fr"})
    assert "déjà suivi" not in text(colleague.post(f"{LIST}add/", PAUL, follow=True))
    assert Customer.objects.filter(email=PAUL["email"]).count() == 2


def test_ones_own_customer_is_no_colleagues(quote: Quote) -> None:
    at_desk(quote.owner).post(f"{LIST}add/", PAUL)
    assert Customer.objects.count() == 2


# A changed address


def test_a_changed_address_is_told_to_the_others_and_to_the_old_one(quote: Quote) -> None:
    other = make_sent_quote(owner=owner(), customer=quote.customer)
    desk = at_desk(quote.owner)
    desk.post(
        page(quote.customer), filled(desk.get(page(quote.customer))) | {"email": "claire@ailleurs.example"}
    )
    mail = OutgoingEmail.objects.get(message="quotes/address_changed")
    assert mail.to == "claire.morel@exemple.fr"
    assert "ailleurs" not in mail.text + mail.html + mail.subject
    told = OutgoingEmail.objects.get(message="quotes/address_changed_owner")
    assert told.to == other.owner.email
    assert "claire@ailleurs.example" in told.text
    assert quote.owner.get_username() in told.text
    assert [notice.user_id for notice in Notification.objects.filter(kind="address_changed")] == [
        other.owner_id
    ]


def test_an_address_that_got_nothing_is_told_nothing(julie: User) -> None:
    make_company()
    customer = make_quote(owner=julie).customer
    desk = at_desk(julie)
    answer = desk.post(
        page(customer), filled(desk.get(page(customer))) | {"email": "a@b.example"}, follow=True
    )
    assert said(answer)
    assert not OutgoingEmail.objects.exists()


def test_the_old_address_is_told_even_if_nothing_of_the_link_is_left(quote: Quote) -> None:
    browser = visitor(quote)
    make_link(quote)
    desk = at_desk(quote.owner)
    desk.post(page(quote.customer), filled(desk.get(page(quote.customer))) | {"email": "neuve@exemple.fr"})
    assert browser.get(quote.get_absolute_url()).status_code == 403
    assert OutgoingEmail.objects.filter(message="quotes/address_changed").count() == 1
