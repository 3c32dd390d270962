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
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lib import limiter
from logisav.staff import emails, journal, second_factor, sessions
from logisav.staff.forms import AgainForm, FactorCodeForm, PasswordForm
from logisav.staff.journal import By
from logisav.staff.models import StaffAction
from logisav.staff.roles import must_have_second_factor
from logisav.staff.second_factor import CodeCheck
from logisav.staff.signin import Guest, note_verified, paused
from notifications.staff import member

ENROLMENT = "second_factor_offer"
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
            request.session[ENROLMENT] = second_factor.new_enrolment()
            return redirect("second_factor_setup")
    return _page(request, "staff/second_factor/status.html", _status(user) | {"form": form}, form)


@require_http_methods(["GET", "HEAD", "POST"])
def setup(request: HttpRequest) -> HttpResponse:
    """The QR code; POST shows that the application gives the right code, and answers with the recovery codes."""
    user = member(request)
    enrolment = second_factor.read_enrolment(request.session.get(ENROLMENT, ""), user)
    if enrolment is None:
        messages.info(request, "Cette page a vécu un quart d'heure. Recommencez.")
        return redirect("second_factor")
    form = FactorCodeForm(request.POST or None)
    context = {"title": "Double vérification", "enrolment": enrolment, "form": form}
    if request.method != "POST" or not form.is_valid():
        return _page(request, "staff/second_factor/setup.html", context, form)
    key, typed = request.session.session_key, form.cleaned_data["code"]
    codes = second_factor.confirm(user, enrolment, typed, by=By.of(request), key=key)
    if codes is None:
        form.add_error(
            "code", "Ce code n'est pas le bon. Vérifiez l'heure du téléphone, puis essayez le suivant."
        )
        return _page(request, "staff/second_factor/setup.html", context, form)
    del request.session[ENROLMENT]
    request.session.cycle_key()
    note_verified(request, second_factor.of(user))
    return _codes(request, codes)


@require_POST
@sensitive_post_parameters("password")
def renew_codes(request: HttpRequest) -> HttpResponse:
    """Ten new recovery codes, shown in the answer alone: they are stored nowhere."""
    return _after_showing_again(
        request,
        then=lambda request, user: _codes(request, second_factor.renew_codes(user, by=By.of(request))),
    )


@require_POST
@sensitive_post_parameters("password")
def remove(request: HttpRequest) -> HttpResponse:
    return _after_showing_again(request, then=_remove)


def _remove(request: HttpRequest, user: User) -> HttpResponse:
    second_factor.remove(user, by=By.of(request), key=request.session.session_key)
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
        return _page(request, "staff/second_factor/status.html", _status(user) | {"form": form}, form)
    return then(request, user)  # type: ignore[no-any-return]


def _again(user: User, data: Any) -> PasswordForm:
    return AgainForm(data) if second_factor.of(user) else PasswordForm(data)


def _not_shown_again(request: HttpRequest, user: User, form: PasswordForm) -> HttpResponse | None:
    """Count the try, then look; what was wrong stands in the form. An answer only when it is a pause."""
    if not form.is_valid():
        return None
    guest = Guest.known(request, user, limit=limiter.PASSWORD_AGAIN)
    wait = limiter.take(*guest).wait
    if wait is not None:
        return paused(request, wait)
    right = user.check_password(form.cleaned_data["password"])
    code = form.cleaned_data.get("code")
    if right and code is not None:
        right = second_factor.check(user, code, by=By.of(request)) is not CodeCheck.WRONG
    if right:
        limiter.forget(*guest)
    else:
        form.add_error("password", WRONG)
    return None


def _status(user: User) -> dict[str, Any]:
    found = second_factor.of(user)
    return {
        "title": "Double vérification",
        "factor": found,
        "codes_left": found.recovery_codes.filter(used_at=None).count() if found else 0,
        "must": must_have_second_factor(user),
    }


def _codes(request: HttpRequest, codes: list[str]) -> HttpResponse:
    context = {"title": "Codes de secours", "codes": codes, "joined": "\n".join(codes)}
    return _page(request, "staff/second_factor/codes.html", context, None)


def _page(request: HttpRequest, template: str, context: dict[str, Any], form: Any) -> TemplateResponse:
    everything = admin.site.each_context(request) | context
    return TemplateResponse(request, template, everything, status=422 if form and form.errors else 200)


@require_safe
def logins(request: HttpRequest) -> HttpResponse:
    """« Mes connexions »: where one is logged in."""
    found = sessions.open_logins(member(request), this=request.session.session_key)
    context = {"title": "Mes connexions", "logins": found, "others": any(not one.is_this for one in found)}
    return _page(request, "staff/logins.html", context, None)


@require_POST
def end_logins(request: HttpRequest) -> HttpResponse:
    """One of them, or all but this one."""
    user, name = member(request), request.POST.get("connexion", "")
    this = request.session.session_key
    ended = int(sessions.end(user, name)) if name else sessions.end_all(user, but=this)
    if ended:
        journal.append(StaffAction.Kind.SIGN_INS_ENDED, by=By.of(request), count=ended)
    words = {0: "Cette connexion était déjà terminée.", 1: "La connexion est terminée."}
    messages.success(request, words.get(ended, f"{ended} connexions sont terminées."))
    return redirect("logins")


@sensitive_post_parameters()
def change_password(request: HttpRequest) -> HttpResponse:
    """Django's own page behind the count; what came of it is journalled and told to its owner."""
    user = member(request)
    guest = Guest.known(request, user, limit=limiter.PASSWORD_AGAIN)
    if request.method == "POST":
        wait = limiter.take(*guest).wait
        if wait is not None:
            return paused(request, wait)
    response = admin.site.password_change(request)
    if request.method == "POST" and response.status_code == 302:
        limiter.forget(*guest)
        note_password(user, by=By.of(request), key=request.session.session_key)
    return response


@transaction.atomic
def note_password(user: User, *, by: By, key: str | None) -> None:
    """The other log-ins, which knew the old one, end; the one that changed it goes on."""
    sessions.end_all(user, but=key)
    journal.append(StaffAction.Kind.PASSWORD_CHOSEN, by=by, target=journal.known_as(user))
    emails.account_changed(user, "Le mot de passe de votre compte vient d'être changé.")
