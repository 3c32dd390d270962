"""The roles of staff: one each, and a role is all that somebody may."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.db import models


class Role(models.TextChoices):
    """The names of the groups that `manage.py make_groups` keeps."""

    OWNER = "Responsables de devis", "Responsable de devis"
    MANAGER = "Gestionnaires", "Gestionnaire"
    ACCOUNTANT = "Comptables", "Comptable"
    ADMINISTRATOR = "Administrateurs", "Administrateur"


ABOUT = {
    Role.OWNER: "écrit, envoie et suit ses propres devis",
    Role.MANAGER: "voit et gère tous les devis, l'entreprise et le catalogue",
    Role.ACCOUNTANT: "lit tout, enregistre les virements et les remboursements",
    Role.ADMINISTRATOR: "peut tout ce que peut un gestionnaire, et gère les comptes",
}


def role_of(user: User) -> Role | None:
    """None for an account without one of these groups, such as the first one, made on the command line."""
    names = {group.name for group in user.groups.all()}
    return next((role for role in reversed(Role) if role.value in names), None)


def give(user: User, role: Role) -> None:
    """This role and nothing beside it."""
    user.groups.set([Group.objects.get(name=role.value)])
    user.user_permissions.clear()


def manages_accounts(user: User) -> bool:
    return user.has_perm("auth.change_user")


def must_have_second_factor(user: User) -> bool:
    """By the installation's policy: SECOND_FACTOR_REQUIRED is nobody, managers or everybody."""
    if settings.SECOND_FACTOR_REQUIRED == "managers":
        return user.has_perm("quotes.manage_all_quotes") or manages_accounts(user)
    return bool(settings.SECOND_FACTOR_REQUIRED == "everybody")
