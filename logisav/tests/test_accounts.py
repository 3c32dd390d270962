"""Administrators and accounts: role, activity, a lost phone; nobody rises above themselves or locks all out."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.exceptions import PermissionDenied

from logisav.desk.tests.desk import (
    accountant,
    administrator,
    at_desk,
    manager,
    owner,
    page_of,
    stamp_in,
    text,
)
from logisav.staff import accounts
from logisav.staff.accounts import AccountWanted
from logisav.staff.journal import By
from logisav.staff.models import SecondFactor, StaffAction
from logisav.staff.roles import Role, role_of
from logisav.tests.people import enrol
from notifications.models import OutgoingEmail
from quotes.tests.factories import make_quote, make_sent_quote

pytestmark = pytest.mark.django_db


@pytest.fixture
def karim() -> User:
    return administrator(first_name="Karim", last_name="Benali")


def save(by: User, user: User, **changes: Any) -> Any:
    role = role_of(user)
    typed: dict[str, Any] = {
        "first_name": user.first_name,
        "last_name": user.last_name,
        "email": user.email,
        "role": role.value if role else "",
        "is_active": "on",
    }
    typed = {name: value for name, value in (typed | changes).items() if value is not None}
    desk, address = at_desk(by), f"/admin/auth/user/{user.pk}/change/"
    return desk.post(address, typed | stamp_in(desk.get(address)))


def fresh(user: User) -> User:
    return User.objects.get(pk=user.pk)


def test_a_role_is_all_that_somebody_may(karim: User) -> None:
    lea = manager()
    lea.user_permissions.add(Permission.objects.get(codename="delete_user"))
    assert save(karim, lea, role=Role.ACCOUNTANT.value).status_code == 302
    assert role_of(fresh(lea)) == Role.ACCOUNTANT
    assert not fresh(lea).has_perm("quotes.manage_all_quotes")
    assert not fresh(lea).has_perm("auth.delete_user")
    noted = StaffAction.objects.get(what="role_given")
    assert noted.facts == {"before": "Gestionnaire", "after": "Comptable"}
    assert noted.who == karim


def test_a_deactivated_account_is_out_at_once(karim: User) -> None:
    julien = owner()
    browser = at_desk(julien)
    save(karim, julien, is_active=None)
    assert browser.get("/admin/").status_code == 302
    assert StaffAction.objects.filter(what="deactivated", who=karim).exists()


def test_a_new_mail_address_is_told_to_the_old_one(karim: User) -> None:
    julien = owner(email="julien@thermo-rhone.example")
    save(karim, julien, email="autre@thermo-rhone.example")
    mail = OutgoingEmail.objects.get(message="logisav/account")
    assert mail.to == "julien@thermo-rhone.example"
    assert "autre@thermo-rhone.example" in mail.text


@pytest.mark.parametrize("change", [{"role": Role.OWNER.value}, {"is_active": None}])
def test_administrators_do_not_lock_themselves_out(karim: User, change: dict[str, Any]) -> None:
    response = save(karim, karim, **change)
    assert "ainsi personne ne s&#x27;enferme dehors" in text(response)
    assert role_of(fresh(karim)) == Role.ADMINISTRATOR
    assert fresh(karim).is_active


def test_of_two_who_demote_each_other_the_second_comes_too_late(karim: User) -> None:
    """The last administrator stays: whoever acts is looked at again under the lock."""
    nora = administrator()
    wanted = AccountWanted("N", "N", "n@exemple.fr", Role.OWNER, is_active=True)
    accounts.change(nora.pk, wanted, by=By(karim))
    with pytest.raises(PermissionDenied):
        accounts.change(karim.pk, wanted, by=By(nora))
    assert role_of(fresh(karim)) == Role.ADMINISTRATOR


def test_administrators_may_correct_their_own_name(karim: User) -> None:
    save(karim, karim, last_name="Benali-Roux")
    assert fresh(karim).last_name == "Benali-Roux"


def test_nobody_becomes_superuser_by_the_form(karim: User) -> None:
    julien = owner()
    save(karim, julien, is_superuser="on", user_permissions="1", groups="1", is_staff="")
    assert not fresh(julien).is_superuser
    assert fresh(julien).is_staff
    assert not fresh(julien).user_permissions.exists()
    page = text(at_desk(karim).get(f"/admin/auth/user/{julien.pk}/change/"))
    assert "is_superuser" not in page
    assert "user_permissions" not in page


def test_superusers_are_out_of_an_administrators_reach(karim: User) -> None:
    root = owner(is_superuser=True)
    enrol(root)
    desk = at_desk(karim)
    assert save(karim, root, email="a-moi@exemple.fr").status_code == 403
    assert desk.post(f"/admin/auth/user/{root.pk}/mot-de-passe/").status_code == 403
    assert desk.post(f"/admin/auth/user/{root.pk}/double-verification/").status_code == 403
    with pytest.raises(PermissionDenied):
        accounts.reset_factor(root.pk, by=By(karim))
    assert desk.get(f"/admin/auth/user/{root.pk}/change/").status_code == 200


def test_a_lost_phone_is_taken_off_and_its_owner_told(karim: User) -> None:
    julien = owner()
    enrol(julien)
    OutgoingEmail.objects.all().delete()
    at_desk(karim).post(f"/admin/auth/user/{julien.pk}/double-verification/")
    assert not SecondFactor.objects.exists()
    assert "Karim Benali a retiré" in OutgoingEmail.objects.get().text
    assert StaffAction.objects.get(what="factor_reset").who == karim


# Accountants


def test_accountants_see_every_quote_and_change_none() -> None:
    draft, sent = make_quote(), make_sent_quote()
    desk = at_desk(accountant())
    listed = text(desk.get("/admin/quotes/quote/"))
    assert draft.number in listed
    assert sent.number in listed
    page = text(desk.get(page_of(draft)))
    assert draft.title in page
    assert "_save" not in page
    assert desk.post(page_of(draft), {"title": "Autre"}).status_code == 403
    for step in ("envoyer", "bloquer", "relancer", "dupliquer", "annuler"):
        assert desk.post(f"/admin/quotes/quote/{sent.pk}/faire/{step}/").status_code == 403


def test_the_desk_offers_accountants_only_what_they_may_do() -> None:
    quote = make_sent_quote()
    page = text(at_desk(accountant()).get(page_of(quote)))
    assert "/faire/" not in page
    assert "Répondre" not in page
