"""Every form of the desk that saves a row carries what it was made from, and is refused when that is no longer so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Model
from django.test import Client, RequestFactory
from django.urls import reverse

from logisav.desk.stamped import StampedAdmin
from logisav.desk.tests.desk import at_desk, filled, manager, stamp_in, text
from logisav.staff.models import Invitation, StaffAction
from notifications.models import Notification, OutgoingEmail, QueueEntry
from notifications.tests.test_choices import PREFERENCES
from payments.models import Deposit
from quotes.models import (
    CatalogueItem,
    Company,
    Customer,
    Question,
    Quote,
    QuoteTemplate,
    TextTemplate,
)
from quotes.tests.factories import make_company, make_customer, make_owner, make_quote
from signing.models import PaperAcceptance, Signature

pytestmark = pytest.mark.django_db
# Their rows are written by verbs alone: no page of theirs saves what somebody typed over what is stored.
WITHOUT_FORM: dict[type[Model], str] = {
    Deposit: "read-only",
    Invitation: "sent once, never changed",
    Notification: "one's own lines, with pages of their own",
    OutgoingEmail: "read-only",
    Question: "answered by a verb, once",
    QueueEntry: "put back by a verb, no form",
    Signature: "read-only",
    PaperAcceptance: "read-only",
    StaffAction: "read-only",
}
# A row, and two fields that two people change.
FORMS: dict[type[Model], tuple[Callable[[], Any], tuple[str, str], tuple[str, str]]] = {
    Quote: (lambda: make_quote(owner=manager()), ("title", "Le premier"), ("conditions", "Les secondes")),
    Customer: (make_customer, ("phone", "0472000001"), ("address", "2 rue Neuve, Lyon")),
    Company: (make_company, ("phone", "0472000001"), ("hours", "de 8 h à 12 h")),
    CatalogueItem: (
        lambda: CatalogueItem.objects.create(reference="A1", label="Ballon", unit_price=5),
        ("label", "Ballon 200 l"),
        ("unit", "pièce"),
    ),
    TextTemplate: (
        lambda: TextTemplate.objects.create(name="Accueil", text="Bonjour"),
        ("text", "Bonjour Madame"),
        ("name", "Autre nom"),
    ),
    QuoteTemplate: (
        lambda: QuoteTemplate.objects.create(name="PAC", title="Pompe à chaleur"),
        ("title", "Pompe à chaleur 8 kW"),
        ("intro", "Suite à notre visite"),
    ),
    User: (lambda: manager(username="lea"), ("first_name", "Léa"), ("last_name", "Martin")),
}


@pytest.fixture
def request_of_superuser(rf: RequestFactory) -> Any:
    request = rf.get("/admin/")
    request.user = User.objects.create_superuser("racine", password="x")
    return request


@pytest.fixture
def tabs() -> tuple[Client, Client]:
    one = User.objects.create_superuser("julie", first_name="Julie", last_name="Faure")
    return at_desk(one), at_desk(User.objects.create_superuser("karim"))


def test_every_model_admin_that_saves_rows_stamps_its_forms(request_of_superuser: Any) -> None:
    for model, desk in admin.site._registry.items():
        if isinstance(desk, StampedAdmin):
            assert model in FORMS, f"{model}: its form is tried below"
            continue
        assert model in WITHOUT_FORM, f"{desk}: a form that saves rows is a StampedAdmin"
        if WITHOUT_FORM[model] == "read-only":
            assert not desk.has_change_permission(request_of_superuser)
            assert not desk.has_delete_permission(request_of_superuser)


@pytest.mark.parametrize("model", WITHOUT_FORM)
def test_what_has_no_form_takes_none(model: type[Model], tabs: tuple[Client, Client]) -> None:
    """Whatever is sent to where a form would be: it is not there, or refused."""
    address = f"/admin/{model._meta.app_label}/{model._meta.model_name}/1/change/"
    assert tabs[0].post(address, {"_continue": "1"}).status_code in (302, 403, 404)
    assert 'name="_continue"' not in text(tabs[0].get(address))


def test_no_list_saves_rows_by_itself() -> None:
    """A list that is edited in place, and an action that does more than lead to a page, would need a stamp."""
    for model, desk in admin.site._registry.items():
        assert not desk.list_editable, model
        if desk.actions:
            assert model is Quote, f"{model}: a look at what its actions save"


@pytest.mark.parametrize("model", FORMS)
def test_the_second_of_two_tabs_is_refused(model: type[Model], tabs: tuple[Client, Client]) -> None:
    make_company()
    make, (field, typed), (other, typed_later) = FORMS[model]
    row, (one, two) = make(), tabs
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[row.pk])
    first, second = _sent(one.get(address)), _sent(two.get(address))
    assert one.post(address, first | {field: typed}).status_code == 302
    answer = two.post(address, second | {other: typed_later})
    assert answer.status_code == 409
    row.refresh_from_db()
    assert str(getattr(row, field)) == typed
    assert str(getattr(row, other)) != typed_later
    assert [change.now for change in answer.context["stale"].changes] == [typed]
    assert "entre-temps par Julie Faure" in text(answer)
    assert _sent(answer)[other] == typed_later
    assert two.post(address, _sent(answer)).status_code == 302
    row.refresh_from_db()
    assert str(getattr(row, field)) != typed
    assert str(getattr(row, other)) == typed_later


def _sent(response: Any) -> dict[str, Any]:
    return {name: value for name, value in filled(response).items() if name not in ("logo", "terms_pdf")}


@pytest.mark.parametrize("model", FORMS)
def test_an_untouched_form_is_never_stale(model: type[Model], tabs: tuple[Client, Client]) -> None:
    """A stamp reads the same however often the row is saved unchanged."""
    make_company()
    row, one = FORMS[model][0](), tabs[0]
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[row.pk])
    earlier = _sent(one.get(address))
    for _ in range(2):
        assert one.post(address, _sent(one.get(address))).status_code == 302
    assert one.post(address, earlier).status_code == 302


def test_ones_own_choices_of_notifications_are_held_too() -> None:
    member = make_owner()
    one, two = at_desk(member), at_desk(member)
    first, second = _choices(one.get(PREFERENCES)), _choices(two.get(PREFERENCES))
    assert one.post(PREFERENCES, first | {"question": "mail"}).status_code == 302
    answer = two.post(PREFERENCES, second | {"answer": "desk", "refused": "desk"})
    assert answer.status_code == 409
    assert "par vous-même" not in text(answer)
    now = _choices(two.get(PREFERENCES))
    assert (now["question"], now["refused"]) == ("mail", "both")
    assert two.post(PREFERENCES, _choices(answer)).status_code == 302
    now = _choices(two.get(PREFERENCES))
    assert (now["question"], now["refused"]) == ("both", "desk")


def _choices(response: Any) -> dict[str, Any]:
    form = response.context["form"]
    return {bound.name: str(bound.value()) for bound in form} | stamp_in(response)
