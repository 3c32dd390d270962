"""The same code, the same link, the same chair, at the same moment: one wins."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import connections

from logisav.desk.tests.desk import administrator, owner
from logisav.staff import accounts, invitations, second_factor
from logisav.staff.accounts import AccountWanted
from logisav.staff.journal import By
from logisav.staff.models import Invitation, SecondFactor
from logisav.staff.roles import Role, manages_accounts
from logisav.staff.second_factor import CodeCheck
from logisav.tests.people import FAST, enrol, link_to, shown

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]
THREADS = 8


@pytest.fixture(autouse=True)
def _fast(settings: Any) -> None:
    settings.PASSWORD_HASHERS = FAST


def all_at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Each in a thread and a connection of its own, begun when all are ready."""
    ready = threading.Barrier(len(calls))

    def alone(call: Callable[[], Any]) -> Any:
        try:
            ready.wait()
            return call()
        except PermissionDenied:
            return PermissionDenied
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(alone, calls))


def test_a_code_and_a_recovery_code_open_once() -> None:
    julien = owner()
    secret, codes = enrol(julien)
    for typed in (shown(secret), codes[0]):
        SecondFactor.objects.update(last_step=0)
        found = all_at_once(*[partial(second_factor.check, julien, typed, by=By(None))] * THREADS)
        assert sum(outcome is not CodeCheck.WRONG for outcome in found) == 1


def test_a_link_is_taken_up_once() -> None:
    sent = Invitation(
        first_name="", last_name="Garnier", email="sophie@exemple.fr", role=Role.ACCOUNTANT.value
    )
    invitations.invite(sent, by=By(administrator()))
    token = invitations.digest(link_to("sophie@exemple.fr").split("/")[2])
    taking_up = partial(invitations.take_up, token, password="une-bonne-phrase", ip="")
    found = all_at_once(*[taking_up] * THREADS)
    assert sum(user is not None for user in found) == 1
    assert User.objects.filter(username="sophie@exemple.fr").count() == 1


def test_of_two_administrators_who_demote_each_other_one_stays() -> None:
    for _ in range(5):
        karim, nora = administrator(), administrator()
        others = User.objects.exclude(pk__in=(karim.pk, nora.pk))
        others.update(is_active=False)
        wanted = AccountWanted("N", "N", "n@exemple.fr", Role.OWNER, is_active=True)
        found = all_at_once(
            partial(accounts.change, nora.pk, wanted, by=By(karim)),
            partial(accounts.change, karim.pk, wanted, by=By(nora)),
        )
        assert found.count(PermissionDenied) == 1
        left = [user for user in User.objects.filter(is_active=True) if manages_accounts(user)]
        assert len(left) == 1
