"""Who is behind a page of the desk, and who may be."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest

RIGHTS = "django.contrib.auth.backends.ModelBackend"  # where Django's own rights are looked up


def member(request: HttpRequest) -> User:
    """The member of staff; the desk lets nobody else through."""
    user = request.user
    if not isinstance(user, User):
        raise PermissionDenied
    return user


def who_may(permission: str) -> QuerySet[User]:
    """Active accounts with this right, by their role or as superusers."""
    return User.objects.with_perm(permission, backend=RIGHTS)
