"""Staff with passwords and second factors, and browsers that log in as they do."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pyotp
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from logisav.staff import second_factor
from logisav.staff.journal import By
from logisav.staff.models import SecondFactor
from logisav.staff.second_factor import Enrolment
from notifications import vault
from notifications.models import OutgoingEmail

PASSWORD = "un-bon-mot-de-passe"
FAST = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def with_password(user: User) -> User:
    user.set_password(PASSWORD)
    user.save(update_fields=["password"])
    return user


def enrol(user: User) -> tuple[str, list[str]]:
    """A second factor whose first code was of long ago: its secret, and the recovery codes."""
    secret = pyotp.random_base32()
    codes = second_factor.confirm(
        user, Enrolment(secret, user.username), shown(secret), by=By(user), key=None
    )
    assert codes is not None
    SecondFactor.objects.filter(user=user).update(last_step=0)
    return secret, codes


def shown(secret: str, *, steps: int = 0) -> str:
    """What the application shows now, or so many half minutes away."""
    return pyotp.TOTP(secret).at(timezone.now() + dt.timedelta(seconds=30 * steps))


def give_password(browser: Client, user: User, *, then: str = "/admin/", **typed: Any) -> Any:
    data = {"username": user.username, "password": PASSWORD, "next": then} | typed
    return browser.post("/admin/login/", data)


def give_code(browser: Client, code: str, **more: Any) -> Any:
    return browser.post("/admin/login/code/", {"code": code}, **more)


def is_inside(browser: Client) -> bool:
    return bool(browser.get("/admin/notifications/notification/").status_code == 200)


def link_to(address: str) -> str:
    """The path behind the latest mailed link to this address."""
    email = OutgoingEmail.objects.filter(to=address, carries_secret=True).latest("pk")
    assert email.sealed_secrets is not None
    link = vault.unseal(email.sealed_secrets)["link"]
    return link.removeprefix("http://localhost")
