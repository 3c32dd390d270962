"""`make_groups`: what each role may do, however often it is run."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command

from logisav.desk.tests.desk import manager, owner

pytestmark = pytest.mark.django_db
# Nothing refers to a text or template once it is copied.
DELETABLE = {"quotes.delete_texttemplate", "quotes.delete_quotetemplate"}
DANGEROUS = ("auth.", ".delete_", "questionanswer", "add_quoteversion", "change_quoteversion", "quoteevent")


def test_running_it_again_changes_nothing_and_mends_what_was_changed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    julien = owner()
    group = Group.objects.get(name="Responsables de devis")
    before = set(group.permissions.values_list("codename", flat=True))
    group.permissions.clear()
    call_command("make_groups")
    assert set(group.permissions.values_list("codename", flat=True)) == before
    assert Group.objects.count() == 4
    assert julien.groups.get() == group


def test_owners_work_on_quotes_and_nothing_else() -> None:
    julien = owner()
    assert julien.has_perms(
        ["quotes.add_quote", "quotes.change_quote", "quotes.change_customer", "signing.view_signature"]
    )
    assert not julien.has_perm("quotes.manage_all_quotes")
    assert not julien.has_perm("quotes.change_company")


def test_managers_see_all_quotes_and_the_company_but_no_accounts() -> None:
    lea = manager()
    assert lea.has_perms(
        ["quotes.manage_all_quotes", "quotes.change_company", "notifications.view_outgoingemail"]
    )
    rights = lea.get_all_permissions() - DELETABLE
    assert not any(danger in right for right in rights for danger in DANGEROUS)
