"""What everybody decides about their own account: the second factor and the password."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from logisav import emails, second_factor, staff_journal
from logisav.forms import AgainForm, CodeForm, PasswordForm
from logisav.models import StaffAction
from logisav.roles import must_have_second_factor
from logisav.second_factor import Outcome
from logisav.signin import Guest, forget_tries, note_verified, paused, take_try
from logisav.staff_journal import By
from notifications.staff import member

OFFER = "second_factor_offer"
WRONG = "Le mot de passe ou le code n'est pas le bon."


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password")
def factor(request: HttpRequest) -> HttpResponse:
    """Where it stands; POST, with the password, begins: a new secret waits in this session for its first code."""
    user = member(request)
    form = _again(user, request.POST if request.method == "POST" else None)
    if request.method == "POST":
        refusal = _not_shown_again(request, user, form)
        if refusal is not None:
            return refusal
        if not form.errors:
            request.session[OFFER] = second_factor.new_offer()
            return redirect("second_factor_setup")
    return _page(request, "admin/second_factor/standing.html", _standing(user) | {"form": form}, form)


@require_http_methods(["GET", "HEAD", "POST"])
def setup(request: HttpRequest) -> HttpResponse:
    """The QR code; POST shows that the application gives the right code, and answers with the recovery codes."""
    user = member(request)
    offer = second_factor.read_offer(request.session.get(OFFER, ""), user)
    if offer is None:
        messages.info(request, "Cette page a vécu un quart d'heure. Recommencez.")
        return redirect("second_factor")
    form = CodeForm(request.POST or None)
    context = {"title": "Double vérification", "offer": offer, "form": form}
    if request.method != "POST" or not form.is_valid():
        return _page(request, "admin/second_factor/setup.html", context, form)
    codes = second_factor.confirm(user, offer, form.cleaned_data["code"], by=By.of(request))
    if codes is None:
        form.add_error(
            "code", "Ce code n'est pas le bon. Vérifiez l'heure du téléphone, puis essayez le suivant."
        )
        return _page(request, "admin/second_factor/setup.html", context, form)
    del request.session[OFFER]
    request.session.cycle_key()
    note_verified(request, second_factor.of(user))
    return _codes(request, codes)


@require_POST
@sensitive_post_parameters("password")
def renew_codes(request: HttpRequest) -> HttpResponse:
    """Ten new recovery codes, shown in the answer alone: they are stored nowhere."""
    return _after_showing_again(request, then=_renew)


@require_POST
@sensitive_post_parameters("password")
def remove(request: HttpRequest) -> HttpResponse:
    return _after_showing_again(request, then=_remove)


def _renew(request: HttpRequest, user: User) -> HttpResponse:
    return _codes(request, second_factor.renew_codes(user, by=By.of(request)))


def _remove(request: HttpRequest, user: User) -> HttpResponse:
    second_factor.remove(user, by=By.of(request))
    messages.success(request, "La double vérification est désactivée. Un mail vous le confirme.")
    return redirect("second_factor")


def _after_showing_again(request: HttpRequest, *, then: Any) -> HttpResponse:
    user = member(request)
    if second_factor.of(user) is None:
        return redirect("second_factor")
    form = _again(user, request.POST)
    refusal = _not_shown_again(request, user, form)
    if refusal is not None:
        return refusal
    if form.errors:
        return _page(request, "admin/second_factor/standing.html", _standing(user) | {"form": form}, form)
    return then(request, user)  # type: ignore[no-any-return]


def _again(user: User, data: Any) -> PasswordForm:
    return AgainForm(data) if second_factor.of(user) else PasswordForm(data)


def _not_shown_again(request: HttpRequest, user: User, form: PasswordForm) -> HttpResponse | None:
    """Count the try, then look; what was wrong stands in the form. An answer only when it is a pause."""
    if not form.is_valid():
        return None
    guest = Guest.known(request, user, asked="again")
    wait = take_try(guest)
    if wait is not None:
        return paused(request, wait)
    right = user.check_password(form.cleaned_data["password"])
    code = form.cleaned_data.get("code")
    if right and code is not None:
        right = second_factor.check(user, code, by=By.of(request)) is not Outcome.WRONG
    if right:
        forget_tries(guest)
    else:
        form.add_error("password", WRONG)
    return None


def _standing(user: User) -> dict[str, Any]:
    found = second_factor.of(user)
    return {
        "title": "Double vérification",
        "factor": found,
        "codes_left": found.recovery_codes.filter(used_at=None).count() if found else 0,
        "must": must_have_second_factor(user),
    }


def _codes(request: HttpRequest, codes: list[str]) -> HttpResponse:
    context = {"title": "Codes de secours", "codes": codes, "joined": "\n".join(codes)}
    return _page(request, "admin/second_factor/codes.html", context, None)


def _page(request: HttpRequest, template: str, context: dict[str, Any], form: Any) -> TemplateResponse:
    everything = admin.site.each_context(request) | context
    return TemplateResponse(request, template, everything, status=422 if form and form.errors else 200)


@sensitive_post_parameters()
def change_password(request: HttpRequest) -> HttpResponse:
    """Django's own page behind the count; what came of it is journalled and told to its owner."""
    user = member(request)
    guest = Guest.known(request, user, asked="again")
    if request.method == "POST":
        wait = take_try(guest)
        if wait is not None:
            return paused(request, wait)
    response = admin.site.password_change(request)
    if request.method == "POST" and response.status_code == 302:
        forget_tries(guest)
        note_password(user, by=By.of(request))
    return response


@transaction.atomic
def note_password(user: User, *, by: By) -> None:
    staff_journal.append(StaffAction.Kind.PASSWORD_CHOSEN, by=by, target=staff_journal.known_as(user))
    emails.account_told(user, "Le mot de passe de votre compte vient d'être changé.")
