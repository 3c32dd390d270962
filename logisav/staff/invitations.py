"""Mailed links behind which a password is chosen: 32 random bytes, known by their hash, good once."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from lib import limiter
from lib.addresses import absolute
from logisav.staff import accounts, emails, journal, roles, sessions
from logisav.staff.journal import By, known_as
from logisav.staff.models import Invitation, StaffAction
from logisav.staff.models.invitation import INVITATION_LIFE, RESET_LIFE
from logisav.staff.roles import Role

Kind = StaffAction.Kind


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def open_by_digest(token_sha256: str) -> Invitation | None:
    """Alike for a link that never was, has served, was revoked or has run out."""
    return Invitation.objects.open().filter(token_sha256=token_sha256).select_related("user").first()


@transaction.atomic
def invite(invitation: Invitation, *, by: By) -> Invitation:
    """Mail the link; an earlier one to the same address opens no more."""
    Invitation.objects.open().filter(email__iexact=invitation.email).update(revoked_at=timezone.now())
    invitation.kind = Invitation.Kind.INVITATION
    invitation.invited_by = by.user
    _send(invitation, life=INVITATION_LIFE, by=by)
    role = Role(invitation.role).label
    journal.append(Kind.INVITED, by=by, target=str(invitation), role=role)
    return invitation


@transaction.atomic
def resend(invitation_id: int, *, by: By) -> bool:
    """A new link in place of the old one; False once somebody has taken it up, or it was revoked."""
    invitation = Invitation.objects.select_for_update(no_key=True, of=("self",)).get(pk=invitation_id)
    if invitation.used_at or invitation.revoked_at or invitation.kind != Invitation.Kind.INVITATION:
        return False
    _send(invitation, life=INVITATION_LIFE, by=by)
    journal.append(Kind.INVITED, by=by, target=str(invitation), again=True)
    return True


@transaction.atomic
def revoke(invitation_id: int, *, by: By) -> bool:
    revoked = Invitation.objects.filter(pk=invitation_id, used_at=None, revoked_at=None)
    if not revoked.update(revoked_at=timezone.now()):
        return False
    target = str(Invitation.objects.get(pk=invitation_id))
    journal.append(Kind.INVITATION_REVOKED, by=by, target=target)
    return True


@transaction.atomic
def send_reset(user: User, *, by: By) -> bool:
    """A way to a new password, to the account's own address; at most three an hour."""
    if not user.email or not user.is_active:
        return False
    if limiter.take(limiter.RESET.of(account=user.pk)).wait is not None:
        return False
    Invitation.objects.open().filter(user=user).update(revoked_at=timezone.now())
    reset = Invitation(
        kind=Invitation.Kind.RESET,
        email=user.email,
        first_name=user.first_name,
        last_name=user.last_name or user.get_username(),
        user=user,
        invited_by=by.user,
    )
    _send(reset, life=RESET_LIFE, by=by)
    journal.append(Kind.RESET_ASKED, by=by, target=known_as(user))
    return True


def ask_reset(name: str, *, by: By) -> None:
    """« Mot de passe oublié »: whether or not there is such an account is told to nobody."""
    named = Q(username__iexact=name) | Q(email__iexact=name)
    found = list(User.objects.filter(named, is_active=True, is_staff=True)[:2])
    if len(found) == 1:
        send_reset(found[0], by=by)


def _send(invitation: Invitation, *, life: dt.timedelta, by: By) -> None:
    token = secrets.token_urlsafe(32)
    invitation.token_sha256 = digest(token)
    invitation.expires_at = timezone.now() + life
    invitation.save()
    emails.invited(invitation, absolute(reverse("open_invitation", args=[token])), by=by.name)


@transaction.atomic
def take_up(token_sha256: str, *, password: str, ip: str) -> User | None:
    """The link is used up and the account is theirs; None when the link died meanwhile."""
    found = Invitation.objects.open().filter(token_sha256=token_sha256)
    invitation = found.select_for_update(no_key=True, of=("self",)).first()
    if invitation is None:
        return None
    user = _arrive(invitation, password, ip) if invitation.user is None else _reset(invitation, password, ip)
    if user is not None:
        invitation.user, invitation.used_at = user, timezone.now()
        invitation.save(update_fields=["user", "used_at"])
    return user


def _arrive(invitation: Invitation, password: str, ip: str) -> User | None:
    """An account of that role. None if one has come to that address by another way."""
    taken = Q(username__iexact=invitation.email) | Q(email__iexact=invitation.email)
    if User.objects.filter(taken).exists():
        return None
    user = User.objects.create_user(
        username=invitation.email,
        email=invitation.email,
        password=password,
        first_name=invitation.first_name,
        last_name=invitation.last_name,
        is_staff=True,
    )
    role = Role(invitation.role)
    roles.give(user, role)
    journal.append(Kind.ARRIVED, by=By(user, ip), target=known_as(user), role=role.label)
    return user


def _reset(invitation: Invitation, password: str, ip: str) -> User | None:
    """Every session that knew the old password ends with it; the second factor stays."""
    user = _account_of(invitation)
    if user is None:
        return None
    user.set_password(password)
    user.save(update_fields=["password"])
    sessions.end_all(user)
    limiter.forget(accounts.name_limit(user.get_username()))
    journal.append(Kind.PASSWORD_CHOSEN, by=By(user, ip), target=known_as(user))
    emails.account_changed(user, "Le mot de passe de votre compte vient d'être changé.")
    return user


def _account_of(invitation: Invitation) -> User | None:
    """Locked; None once it was deactivated."""
    rows = User.objects.select_for_update(no_key=True, of=("self",))
    return rows.filter(invitations=invitation, is_active=True).first()
