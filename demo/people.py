"""Who works at the sample company, with passwords that only a demo may have."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import Permission, User


@dataclass(frozen=True)
class Account:
    username: str
    password: str
    first_name: str
    last_name: str
    email: str
    role: str


ADMIN = Account(
    username="julien",
    password="pompe-a-chaleur",  # noqa: S106 - shown on the demo's first page
    first_name="Julien",
    last_name="Faure",
    email="julien.faure@thermo-rhone.example",
    role="gérant, voit tous les devis",
)
COLLEAGUE = Account(
    username="sophie",
    password="plancher-chauffant",  # noqa: S106 - shown on the demo's first page
    first_name="Sophie",
    last_name="Garnier",
    email="sophie.garnier@thermo-rhone.example",
    role="conductrice de travaux, voit ses devis",
)


def make_staff() -> tuple[User, User]:
    """The manager and a colleague; accounts that exist are left as they are."""
    manager = _account(ADMIN, is_superuser=True)
    colleague = _account(COLLEAGUE, is_superuser=False)
    if not colleague.user_permissions.exists():
        colleague.user_permissions.set(_desk_permissions())
    return manager, colleague


def _account(account: Account, *, is_superuser: bool) -> User:
    user = User.objects.filter(username=account.username).first()
    if user is not None:
        return user
    return User.objects.create_user(
        username=account.username,
        password=account.password,
        email=account.email,
        first_name=account.first_name,
        last_name=account.last_name,
        is_staff=True,
        is_superuser=is_superuser,
    )


def _desk_permissions() -> list[Permission]:
    """What an owner does: read and write quotes and customers, read the rest, see her own quotes only."""
    found = Permission.objects.filter(
        content_type__app_label__in=("quotes", "signing", "payments", "notifications")
    )
    return [permission for permission in found if _is_an_owners(permission.codename)]


def _is_an_owners(codename: str) -> bool:
    action, _, model = codename.partition("_")
    writes = model in {"quote", "quoteline", "customer", "answer"} and action in {"add", "change"}
    return action == "view" or writes or codename == "delete_quoteline"
