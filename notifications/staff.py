"""Who is behind a page of the desk."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest


def member(request: HttpRequest) -> User:
    """The member of staff; the desk lets nobody else through."""
    user = request.user
    if not isinstance(user, User):
        raise PermissionDenied
    return user
