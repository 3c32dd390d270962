"""Verbs about the staff's accounts: role, activity, a lost phone. Each is journalled, and told to whom it concerns."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.forms import UsernameField
from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from lib import limiter
from lib.limiter import LimitKey
from logisav.staff import emails, journal, roles, sessions
from logisav.staff.journal import By, known_as
from logisav.staff.models import SecondFactor, StaffAction
from logisav.staff.roles import Role

Kind = StaffAction.Kind
NAME_LENGTH = 150


def typed_name(typed: str) -> str:
    """As the log-in's form reads it; nothing for what no account can be called."""
    try:
        return str(UsernameField(required=False, max_length=NAME_LENGTH).clean(typed))
    except ValidationError:
        return ""


def counted_name(typed: str) -> str:
    """One name in every way of writing it that leads to the same account."""
    return typed_name(typed).casefold()


def name_limit(name: str) -> LimitKey:
    """Whether or not there is such an account: the pause tells nobody."""
    return limiter.LOG_IN_NAME.of(name=counted_name(name))


@dataclass(frozen=True)
class AccountWanted:
    """What an account should be; no role for a superuser who has none."""

    first_name: str
    last_name: str
    email: str
    role: Role | None
    is_active: bool


@transaction.atomic
def change(user_id: int, wanted: AccountWanted, *, by: By) -> User:
    """Raises PermissionDenied for what nobody may: one's own role or activity, somebody above oneself."""
    user = _locked(user_id, by=by)
    before, old_email = roles.role_of(user), user.email
    own_rights = before != wanted.role or user.is_active != wanted.is_active
    if by.user is not None and by.user.pk == user.pk and own_rights:
        raise PermissionDenied("one's own role and activity are another administrator's business")
    _note_names(user, wanted, by=by)
    if user.is_active != wanted.is_active:
        what = Kind.ACTIVATED if wanted.is_active else Kind.DEACTIVATED
        journal.append(what, by=by, target=known_as(user))
        if not wanted.is_active:
            sessions.end_all(user)
    user.first_name, user.last_name, user.email = wanted.first_name, wanted.last_name, wanted.email
    user.is_active = wanted.is_active
    user.save(update_fields=["first_name", "last_name", "email", "is_active"])
    if wanted.role is not None and before != wanted.role:
        roles.give(user, wanted.role)
        journal.append(
            Kind.ROLE_GIVEN,
            by=by,
            target=known_as(user),
            before=before.label if before else "",
            after=wanted.role.label,
        )
    if old_email and old_email != wanted.email:
        emails.account_changed(
            user, f"L'adresse mail de votre compte est désormais {wanted.email}.", to=old_email
        )
    return user


def _note_names(user: User, wanted: AccountWanted, *, by: By) -> None:
    changed = {
        label: getattr(wanted, name)
        for name, label in (("first_name", "prénom"), ("last_name", "nom"), ("email", "mail"))
        if getattr(user, name) != getattr(wanted, name)
    }
    if changed:
        journal.append(Kind.ACCOUNT_CHANGED, by=by, target=known_as(user), **changed)


@transaction.atomic
def reset_factor(user_id: int, *, by: By) -> bool:
    """For somebody whose phone and codes are gone: the next log-in asks for the password, or for a new set-up."""
    user = _locked(user_id, by=by)
    removed, _ = SecondFactor.objects.filter(user=user).delete()
    if removed:
        sessions.end_all(user)
        journal.append(Kind.FACTOR_RESET, by=by, target=known_as(user))
        emails.account_changed(user, f"{by.name} a retiré la double vérification de votre compte.")
    return bool(removed)


def may_manage(administrator: User, user: User) -> bool:
    """Superusers are managed by superusers, on the command line as to what makes them one."""
    return roles.manages_accounts(administrator) and (administrator.is_superuser or not user.is_superuser)


def lock(user_id: int) -> User | None:
    """The account, one administrator at a time: of two who take each other's rights away, one comes too late."""
    list(Group.objects.select_for_update().filter(name=Role.ADMINISTRATOR.value))
    return User.objects.select_for_update(no_key=True).filter(pk=user_id).first()


def _locked(user_id: int, *, by: By) -> User:
    user = lock(user_id)
    if user is None:
        raise User.DoesNotExist
    acting = User.objects.filter(pk=by.user.pk, is_active=True).first() if by.user else None
    if acting is None or not may_manage(acting, user):
        raise PermissionDenied("this account is not theirs to manage")
    return user
