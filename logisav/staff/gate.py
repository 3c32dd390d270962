"""No page of the desk for a session that has not shown the second factor that its account has, or must have."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import auth
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode

from logisav.staff import second_factor
from logisav.staff.roles import must_have_second_factor
from logisav.staff.signin import VERIFIED

Next = Callable[[HttpRequest], HttpResponseBase]
WAYS_IN_AND_OUT = ("admin:login", "second_step", "admin_password_reset", "admin:logout")


def second_factor_gate(get_response: Next) -> Next:
    def middleware(request: HttpRequest) -> HttpResponseBase:
        elsewhere = _elsewhere(request)
        return HttpResponseRedirect(elsewhere) if elsewhere else get_response(request)

    return middleware


def _elsewhere(request: HttpRequest) -> str | None:
    """Where this session has to go first; None when the page may answer."""
    if not request.path.startswith(reverse("admin:index")) or request.path in map(reverse, WAYS_IN_AND_OUT):
        return None
    user = request.user
    if not isinstance(user, User):
        return None
    factor = second_factor.of(user)
    if factor is not None and request.session.get(VERIFIED) != factor.pk:
        auth.logout(request)
        back = request.get_full_path() if request.method == "GET" else reverse("admin:index")
        return f"{reverse('admin:login')}?{urlencode({'next': back})}"
    set_up = reverse("second_factor")
    if factor is None and must_have_second_factor(user) and not request.path.startswith(set_up):
        return set_up
    return None
