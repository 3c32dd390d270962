"""The staff's journal: written with what it tells, changed by nobody, read by person and kind without counting."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.test import Client, RequestFactory

from logisav.desk.journalled import Journalled
from logisav.desk.tests.desk import accountant, administrator, at_desk, filled, manager, owner, text
from logisav.staff import journal
from logisav.staff.journal import By
from logisav.staff.models import StaffAction, StaffJournalIsAppendOnly
from logisav.tests.people import FAST, give_password, with_password
from quotes.tests.factories import make_company, make_customer

pytestmark = pytest.mark.django_db
JOURNAL = "/admin/logisav/staffaction/"
# Told elsewhere: in a quote's own journal, by the verbs of accounts, or one's own affair.
TOLD_ELSEWHERE = {"Quote", "Question", "User", "Invitation", "Notification", "QueueEntry"}


@pytest.fixture(autouse=True)
def _fast(settings: Any) -> None:
    settings.PASSWORD_HASHERS = FAST


def fill(count: int, *, by: User | None = None, what: str = "exported") -> None:
    StaffAction.objects.bulk_create(
        StaffAction(who=by, name=by.get_full_name() if by else "", what=what, target=f"n° {number}")
        for number in range(count)
    )


def test_log_ins_that_succeed_and_that_fail_are_noted() -> None:
    julien = with_password(owner(username="julien"))
    browser = Client(REMOTE_ADDR="203.0.113.7")
    for _ in range(5):
        give_password(browser, julien, password="faux")
    give_password(Client(), julien)
    noted = list(StaffAction.objects.order_by("pk"))
    first = noted[0]
    assert (first.who, first.target, first.ip) == (None, "Julien Faure", "203.0.113.7")
    assert [action.what for action in noted] == ["sign_in_failed"] * 5 + ["sign_in_paused", "signed_in"]


def test_a_password_typed_as_a_name_is_not_kept() -> None:
    Client().post("/admin/login/", {"username": "mon-mot-de-passe", "password": "x"})
    assert "mon-mot-de-passe" not in str(StaffAction.objects.values())
    assert StaffAction.objects.get().target == "Compte inconnu"


def test_what_changes_on_the_desk_is_noted_with_its_fields() -> None:
    company, lea = make_company(), manager()
    desk, page = at_desk(lea), f"/admin/quotes/company/{make_company().pk}/change/"
    assert desk.post(page, filled(desk.get(page)) | {"phone": "04 65 71 08 43"}).status_code == 302
    noted = StaffAction.objects.get()
    assert (noted.what, noted.who) == ("changed", lea)
    assert str(company) in noted.target
    assert len(noted.facts["fields"]) == 1


def test_nothing_changed_is_nothing_noted() -> None:
    customer, lea = make_customer(), manager()
    desk, page = at_desk(lea), f"/admin/quotes/customer/{customer.pk}/change/"
    desk.post(page, filled(desk.get(page)))
    assert not StaffAction.objects.exists()


def may_be_changed(page: Any) -> bool:
    """By somebody at all: read-only pages refuse even a superuser."""
    request = RequestFactory().get("/")
    request.user = User(is_active=True, is_staff=True, is_superuser=True)
    return bool(page.has_change_permission(request) or page.has_add_permission(request))


def test_every_form_of_the_desk_is_noted_somewhere() -> None:
    silent = {
        model.__name__
        for model, page in admin.site._registry.items()
        if not isinstance(page, Journalled) and may_be_changed(page)
    }
    assert silent <= TOLD_ELSEWHERE


def test_nobody_changes_or_removes_what_was_noted() -> None:
    journal.append("exported", by=By(owner()))
    action = StaffAction.objects.get()
    for change in (action.save, action.delete):
        with pytest.raises(StaffJournalIsAppendOnly):
            change()
    for sneaky in (
        lambda: StaffAction.objects.update(target="x"),
        lambda: StaffAction.objects.all().delete(),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            sneaky()
    assert StaffAction.objects.count() == 1


def test_it_is_read_by_managers_and_administrators_alone() -> None:
    assert [at_desk(make()).get(JOURNAL).status_code for make in (manager, administrator)] == [200, 200]
    assert [at_desk(make()).get(JOURNAL).status_code for make in (owner, accountant)] == [403, 403]


def test_fifty_a_page_and_the_older_ones_behind() -> None:
    fill(120)
    desk = at_desk(manager())
    seen: list[str] = []
    address = JOURNAL
    while True:
        response = desk.get(address)
        seen += [line.target for line, _ in response.context["lines"]]
        if not response.context["older"]:
            break
        address = JOURNAL + response.context["older"]
    assert seen == [f"n° {number}" for number in reversed(range(120))]


def test_it_is_filtered_by_person_and_kind() -> None:
    julien = owner()
    fill(2, by=julien)
    fill(3)
    fill(1, by=julien, what="imported")
    desk = at_desk(manager())
    assert len(desk.get(f"{JOURNAL}?personne={julien.pk}").context["lines"]) == 3
    assert len(desk.get(f"{JOURNAL}?nature=imported").context["lines"]) == 1
    assert len(desk.get(f"{JOURNAL}?personne={julien.pk}&nature=exported").context["lines"]) == 2
    assert len(desk.get(f"{JOURNAL}?personne=x&nature=y&avant=-1").context["lines"]) == 6


def test_the_whole_table_is_never_counted(django_assert_max_num_queries: Any) -> None:
    fill(60)
    desk = at_desk(manager())
    with django_assert_max_num_queries(10) as seen:
        desk.get(JOURNAL)
    asked = [query["sql"] for query in seen.captured_queries if "logisav_staffaction" in query["sql"]]
    assert len(asked) == 1
    assert "COUNT" not in asked[0]
    assert "LIMIT 51" in asked[0]


def test_what_was_done_is_said_in_words() -> None:
    facts = {"before": "Comptable", "after": "Gestionnaire"}
    journal.append("role_given", by=By(owner()), target="Sophie Garnier", **facts)
    page = text(at_desk(manager()).get(JOURNAL))
    assert "Rôle changé" in page
    assert "avant\u00a0: Comptable, après\u00a0: Gestionnaire" in page


def test_the_triggers_stand() -> None:
    tables = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'",
    }
    with connection.cursor() as cursor:
        cursor.execute(tables[connection.vendor])
        names = {name for (name,) in cursor.fetchall()}
    assert len({name for name in names if name.startswith("logisav_staffaction_no_")}) == 2
