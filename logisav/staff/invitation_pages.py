"""Behind a mailed link: choosing a password. And the page that asks for such a link."""

from __future__ import annotations

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from lib import limiter
from lib.addresses import client_ip
from logisav.staff import invitations
from logisav.staff.forms import ChosenPasswordForm, ForgottenForm
from logisav.staff.journal import By
from logisav.staff.models import Invitation
from logisav.staff.signin import Guest, paused

GRANT = "invitation"


@require_safe
def open_link(request: HttpRequest, token: str) -> HttpResponse:
    """Lets this browser choose the password, at an address without token. A mail scanner uses nothing up."""
    response = _open_link(request, invitations.digest(token))
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


open_link.access = "token"  # type: ignore[attr-defined]


def _open_link(request: HttpRequest, token_sha256: str) -> HttpResponse:
    if invitations.open_by_digest(token_sha256) is None:
        return _dead(request)
    if request.method != "HEAD":
        request.session.cycle_key()
        request.session[GRANT] = token_sha256
    return redirect("choose_password")


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
def choose_password(request: HttpRequest) -> HttpResponse:
    """The link is looked at again at each request, and used up by the password alone."""
    token_sha256 = request.session.get(GRANT, "")
    invitation = invitations.open_by_digest(token_sha256)
    if invitation is None:
        return _dead(request)
    form = ChosenPasswordForm(_account(invitation), request.POST or None)
    if request.method != "POST" or not form.is_valid():
        context = {"invitation": invitation, "username": _account(invitation).get_username(), "form": form}
        return render(request, "staff/choose_password.html", context, status=422 if form.errors else 200)
    password = form.cleaned_data["new_password1"]
    if invitations.take_up(token_sha256, password=password, ip=client_ip(request)) is None:
        return _dead(request)
    del request.session[GRANT]
    messages.success(request, "Votre mot de passe est choisi. Connectez-vous.")
    return redirect("admin:login")


choose_password.access = "token"  # type: ignore[attr-defined]


def _account(invitation: Invitation) -> User:
    """Whose the password will be: it must not look like their name."""
    return invitation.user or User(
        username=invitation.email,
        email=invitation.email,
        first_name=invitation.first_name,
        last_name=invitation.last_name,
    )


def _dead(request: HttpRequest) -> HttpResponse:
    return render(request, "staff/link_dead.html", status=404)


@require_http_methods(["GET", "HEAD", "POST"])
def forgotten(request: HttpRequest) -> HttpResponse:
    """« Mot de passe oublié »: counted like a log-in, answered alike for every name."""
    form = ForgottenForm(request.POST or None)
    context = admin.site.each_context(request) | {"title": "Mot de passe oublié", "form": form}
    if request.method != "POST" or not form.is_valid():
        status = 422 if form.errors else 200
        return render(request, "staff/forgotten.html", context, status=status)
    wait = limiter.take(*Guest.asking(request, form.cleaned_data["name"])).wait
    if wait is not None:
        return paused(request, wait)
    invitations.ask_reset(form.cleaned_data["name"], by=By(None, client_ip(request)))
    return render(request, "staff/forgotten.html", context | {"asked": True})


forgotten.access = "open"  # type: ignore[attr-defined]
