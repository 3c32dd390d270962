"""Telephone numbers at the desk and on the customer's pages: found, shown and dialled however they were written."""

from __future__ import annotations

import importlib
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from lib import phones
from lib.tests.phone_numbers import COMPANY, FRENCH, MOBILE, NEITHER, NUMBERS
from logisav.desk.tests.desk import at_desk, filled, manager, text
from quotes import workflow
from quotes.models import Company, Customer
from quotes.tests.factories import (
    SYSTEM,
    mails,
    make_business,
    make_company,
    make_customer,
    make_quote,
    make_sent_quote,
    visitor,
)

pytestmark = pytest.mark.django_db
CUSTOMERS, QUOTES = "/admin/quotes/customer/", "/admin/quotes/quote/"
SEARCHED = (
    MOBILE,
    "0612345678",
    "+33612345678",
    "06.12.34.56.78",
    "+33 (0)6 12 34 56 78",
    "0033 6 12 34 56 78",
)


def found(desk: Client, typed: str, *, among: str = CUSTOMERS) -> list[str]:
    rows: list[Any] = list(desk.get(among, {"q": typed}).context["cl"].result_list)
    return sorted(row.last_name if among == CUSTOMERS else row.customer.last_name for row in rows)


# Searching


@pytest.mark.parametrize("stored", [typed for typed, shown, _ in FRENCH if shown == MOBILE])
def test_a_customer_is_found_by_a_number_however_it_is_written(stored: str) -> None:
    make_quote(customer=make_customer(last_name="Perrin", phone=stored))
    make_quote(customer=make_customer(last_name="Autre", phone="06 12 34 56 87"))
    desk = at_desk(manager())
    for typed in (*SEARCHED, stored, "Perrin 06.12.34 56 78"):
        assert found(desk, typed) == ["Perrin"], typed
    assert found(desk, "06 12 34 56") == ["Autre", "Perrin"]
    assert found(desk, "+33612345678", among=QUOTES) == ["Perrin"]


@pytest.mark.parametrize("stored", [typed for typed, _, _ in NUMBERS])
def test_every_number_is_found_as_it_is_shown_and_as_it_is_dialled(stored: str) -> None:
    make_customer(last_name="Perrin", phone=stored)
    desk = at_desk(manager())
    assert found(desk, phones.dialled(stored).partition(";")[0]) == ["Perrin"]
    assert found(desk, phones.shown(stored).partition("\u00a0poste")[0]) == ["Perrin"]


def test_other_figures_are_found_as_before() -> None:
    make_customer(last_name="Perrin", phone="06")
    make_business(last_name="Ville", siren="732829320", phone="04 65 71 08 42")
    desk = at_desk(manager())
    assert found(desk, "732 829 320") == found(desk, "732829320") == ["Ville"]
    assert found(desk, "06") == ["Perrin"]
    assert found(desk, "07 99 99 99 99") == []
    assert found(desk, "+") == found(desk, "()") == []


def test_the_beginning_of_a_number_and_each_of_two_find_the_customer() -> None:
    make_customer(last_name="Perrin", phone="06 12 34 56 78 / 04 65 71 08 42")
    desk = at_desk(manager())
    for typed in ("0612", "+33 6 12", "0465710842", "+33465710842", "0612345678"):
        assert found(desk, typed) == ["Perrin"], typed


def test_a_number_is_found_by_whichever_way_it_came_in() -> None:
    desk = at_desk(manager())
    make_company()
    typed = make_customer(last_name="Perrin", phone="01 99 00 12 34")
    address = f"{CUSTOMERS}{typed.pk}/change/"
    desk.post(address, filled(desk.get(address)) | {"phone": "+33 (0)6 12 34 56 78"})
    assert found(desk, "0612345678") == ["Perrin"]
    for phone in ("+33 (0)4 65 71 08 42", "+33.2.61.91.12.34"):  # a new row, then a changed one
        file = SimpleUploadedFile(
            "clients.csv",
            f"Prénom;Nom;Mail;Téléphone;Adresse\nAnne;Roux;anne@exemple.fr;{phone};Lyon\n".encode(),
        )
        preview: Any = desk.post(f"{CUSTOMERS}importer/", {"file": file}, follow=True)
        desk.post(preview.redirect_chain[-1][0], {"fingerprint": preview.context["plan"].fingerprint})
        assert found(desk, phones.dialled(phone)) == ["Roux"]
    assert found(desk, "0465710842") == []


def test_customers_from_before_are_found_after_the_migration(monkeypatch: pytest.MonkeyPatch) -> None:
    migration = importlib.import_module("quotes.migrations.0013_phones_by_digits")
    numbers = [*(typed for typed, _, _ in NUMBERS), *NEITHER]
    Customer.objects.bulk_create(
        Customer(last_name="Morel", email=f"{rank}@exemple.fr", phone=phone)
        for rank, phone in enumerate(numbers)
    )
    wanted = dict(Customer.objects.values_list("pk", "phone_digits"))
    Customer.objects.update(phone_digits="")
    monkeypatch.setattr(migration, "BATCH", 7)
    migration.fill(apps, SimpleNamespace(connection=connection))
    assert dict(Customer.objects.values_list("pk", "phone_digits")) == wanted
    assert len(set(wanted.values())) > 15


# Shown and dialled


@pytest.mark.parametrize(("typed", "shown", "dialled"), NUMBERS)
def test_every_page_calls_the_company_right(typed: str, shown: str, dialled: str) -> None:
    quote = make_sent_quote()
    Company.objects.update(phone=typed)
    page = visitor(quote).get(quote.get_absolute_url()).content.decode()
    assert f'href="tel:{dialled}"' in page
    assert shown.replace(" ", "\u00a0") in page
    refused = Client().get("/devis/inconnu/").content.decode()
    assert f'href="tel:{dialled}"' in refused
    workflow.request_link(quote.pk, actor=SYSTEM)
    mail = mails("quotes/new_link", quote).get()
    assert f'href="tel:{dialled}"' in mail.html
    assert shown.replace(" ", "\u00a0") in mail.text


@pytest.mark.parametrize(
    "typed", [typed for typed in NEITHER if typed.isprintable() and typed[:1] in ("0", "3")]
)
def test_a_number_that_cannot_be_dialled_is_shown_without_a_link(typed: str) -> None:
    quote = make_sent_quote()
    Company.objects.update(phone=typed)
    workflow.request_link(quote.pk, actor=SYSTEM)
    mail = mails("quotes/new_link", quote).get()
    for page, links in (
        (visitor(quote).get(quote.get_absolute_url()).content.decode(), 1),  # of the owner, as it was frozen
        (Client().get("/devis/inconnu/").content.decode(), 0),
        (mail.html, 0),
    ):
        assert page.count("tel:") == links
        assert typed in page


def test_the_desk_shows_and_dials_the_number_of_a_question() -> None:
    quote = make_sent_quote(customer=make_customer(phone="+33.4.65.71.08.42"))
    workflow.ask(quote.pk, text="Et le thermostat ?", phone="+33 (0)6 12 34 56 78", actor=SYSTEM)
    workflow.ask(quote.pk, text="Et le ballon ?", phone="112 233", actor=SYSTEM)
    desk = at_desk(manager())
    question = quote.questions.earliest("pk")
    for address in (
        f"{QUOTES}{quote.pk}/change/",
        "/admin/quotes/question/",
        f"/admin/quotes/question/{question.pk}/change/",
    ):
        page = text(desk.get(address))
        assert 'href="tel:+33612345678"' in page, address
        assert MOBILE.replace(" ", "\u00a0") in page, address
    assert "112 233" in text(desk.get(f"{QUOTES}{quote.pk}/change/"))
    assert "tel:112" not in text(desk.get(f"{QUOTES}{quote.pk}/change/"))
    assert COMPANY.replace(" ", "\u00a0") in text(desk.get(CUSTOMERS))
    first, second = mails("quotes/question_owner", quote).order_by("pk")
    assert MOBILE.replace(" ", "\u00a0") in first.text
    assert "112 233" in second.text
