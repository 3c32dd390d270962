"""Who works at the sample company, with passwords that only a demo may have."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import Group, User


@dataclass(frozen=True)
class Account:
    username: str
    password: str
    first_name: str
    last_name: str
    email: str
    role: str
    group: str


ADMIN = Account(
    username="julien",
    password="pompe-a-chaleur",  # noqa: S106 - shown on the demo's first page
    first_name="Julien",
    last_name="Faure",
    email="julien.faure@thermo-rhone.example",
    role="gérant, voit tous les devis",
    group="Gestionnaires",
)
COLLEAGUE = Account(
    username="sophie",
    password="plancher-chauffant",  # noqa: S106 - shown on the demo's first page
    first_name="Sophie",
    last_name="Garnier",
    email="sophie.garnier@thermo-rhone.example",
    role="conductrice de travaux, voit ses devis",
    group="Responsables de devis",
)
ACCOUNTANT = Account(
    username="nadia",
    password="radiateur-en-fonte",  # noqa: S106 - shown on the demo's first page
    first_name="Nadia",
    last_name="Perrot",
    email="nadia.perrot@thermo-rhone.example",
    role="comptable, lit tout et enregistre les virements et remboursements",
    group="Comptables",
)
ADMINISTRATOR = Account(
    username="karim",
    password="chaudiere-murale",  # noqa: S106 - shown on the demo's first page
    first_name="Karim",
    last_name="Benali",
    email="karim.benali@thermo-rhone.example",
    role="administrateur, invite et gère les comptes",
    group="Administrateurs",
)
OTHERS = (COLLEAGUE, ACCOUNTANT, ADMINISTRATOR)


def make_staff() -> tuple[User, User]:
    """The manager and a colleague, and two others beside them; accounts that exist are left as they are."""
    for account in (ACCOUNTANT, ADMINISTRATOR):
        _account(account, is_superuser=False)
    return _account(ADMIN, is_superuser=True), _account(COLLEAGUE, is_superuser=False)


def _account(account: Account, *, is_superuser: bool) -> User:
    user = User.objects.filter(username=account.username).first()
    if user is not None:
        return user
    user = User.objects.create_user(
        username=account.username,
        password=account.password,
        email=account.email,
        first_name=account.first_name,
        last_name=account.last_name,
        is_staff=True,
        is_superuser=is_superuser,
    )
    user.groups.add(Group.objects.get(name=account.group))
    return user
