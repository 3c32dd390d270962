"""The desk's log-in in two steps, each slowed after failures.

How often stands in lib/limiter.py: for a name in one network (for the code: for an account, wherever from), for a
network, whoever tries from it, and slowly for a name wherever from. Nobody is logged in before the
last step: between the two the session holds who was right about the password, for five minutes.
"""

from __future__ import annotations

import datetime as dt
import hmac
import math
from typing import NamedTuple

from django.contrib import admin, auth, messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters
from unfold.forms import AuthenticationForm

from lib import addresses, limiter
from lib.addresses import client_ip
from lib.limiter import Limit, LimitKey, Taken
from logisav.staff import accounts, emails, journal, second_factor, sessions
from logisav.staff.forms import FactorCodeForm
from logisav.staff.journal import By
from logisav.staff.models import SecondFactor, StaffAction
from logisav.staff.second_factor import CodeCheck

HALFWAY_SECONDS = 5 * 60
HALFWAY, VERIFIED = "halfway", "second_factor"
Kind = StaffAction.Kind
GUESSED = (
    f"Quelqu'un a essayé {limiter.LOG_IN_NAME.most} mots de passe faux en un jour : la connexion de votre compte est "
    "en pause, d'où qu'elle vienne. Pour entrer sans attendre, choisissez un autre mot de passe par « Mot de passe "
    "oublié » sur la page de connexion."
)


# Counting


class Guest(NamedTuple):
    """Who tries what, from where."""

    pair: LimitKey
    address: LimitKey

    @classmethod
    def of(cls, request: HttpRequest) -> Guest:
        return cls._named(request, request.POST.get("username", ""), limit=limiter.LOG_IN)

    @classmethod
    def asking(cls, request: HttpRequest, name: str) -> Guest:
        """For a link to a new password: apart from the log-in's own tries."""
        return cls._named(request, name, limit=limiter.FORGOTTEN)

    @classmethod
    def _named(cls, request: HttpRequest, name: str, *, limit: Limit) -> Guest:
        network = addresses.network(client_ip(request))
        pair = limit.of(network=network, name=accounts.counted_name(name))
        return cls(pair, limiter.STAFF_ADDRESS.of(network=network))

    @classmethod
    def known(cls, request: HttpRequest, user: User, *, limit: Limit) -> Guest:
        """An account whose password was right: counted wherever the tries come from."""
        network = addresses.network(client_ip(request))
        return cls(limit.of(account=user.pk), limiter.STAFF_ADDRESS.of(network=network))


def paused(request: HttpRequest, wait: dt.timedelta) -> HttpResponse:
    minutes = max(1, math.ceil(wait.total_seconds() / 60))
    hours = math.ceil(minutes / 60) if minutes > 90 else 0
    context = admin.site.each_context(request) | {
        "title": "Connexion en pause",
        "minutes": minutes,
        "hours": hours,
    }
    response = render(request, "staff/login_paused.html", context, status=429)
    response.headers["Retry-After"] = str(minutes * 60)
    return response


# First step: the password


@sensitive_post_parameters("password")
def login(request: HttpRequest) -> HttpResponse:
    """Django's own form behind the count."""
    if request.method != "POST":
        return admin.site.login(request)
    name = accounts.typed_name(request.POST.get("username", ""))
    keys = (*Guest.of(request), accounts.name_limit(name))
    taken = limiter.take(*keys)
    if taken.wait is not None:
        return paused(request, taken.wait)
    form = AuthenticationForm(request, data=request.POST)
    if not form.is_valid():
        _note_failure(request, taken, name=name)
        return _form_again(request, form)
    limiter.forget(*keys)
    return _password_was_right(request, form.get_user())


login.access = "open"  # type: ignore[attr-defined]


def _form_again(request: HttpRequest, form: AuthenticationForm) -> HttpResponse:
    context = admin.site.each_context(request) | {
        "title": "Connexion",
        "form": form,
        "app_path": request.get_full_path(),
        "next": _next(request),
    }
    return render(request, "admin/login.html", context)


def _note_failure(request: HttpRequest, taken: Taken, *, name: str) -> None:
    """Never the name that was typed: it may be a password in the wrong field."""
    user = User.objects.filter(username=name).first()
    target = journal.known_as(user) if user else "Compte inconnu"
    by = By(None, client_ip(request))
    journal.append(Kind.SIGN_IN_FAILED, by=by, target=target)
    if taken.left == 0:  # from here on it is a pause: told once, however long somebody goes on knocking
        journal.append(Kind.SIGN_IN_PAUSED, by=by, target=target)
    if taken.others[-1] == 0:
        journal.append(Kind.SIGN_IN_PAUSED, by=by, target=target, step="account")
        if user is not None:
            emails.account_changed(user, GUESSED)


def _password_was_right(request: HttpRequest, user: User) -> HttpResponse:
    if not SecondFactor.objects.filter(user=user).exists():
        return _enter(request, user, to=_next(request))
    if request.user.is_authenticated:
        auth.logout(request)
    request.session.cycle_key()
    request.session[HALFWAY] = {
        "user": user.pk,
        "password": user.get_session_auth_hash(),
        "at": timezone.now().timestamp(),
        "next": _next(request),
    }
    return redirect("second_step")


def _next(request: HttpRequest) -> str:
    """Where they were going, if that is a page of this site."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if ours else reverse("admin:index")


def _enter(request: HttpRequest, user: User, *, to: str, factor: SecondFactor | None = None) -> HttpResponse:
    """The one place where somebody is logged in; Django changes the session's key."""
    auth.login(request, user)
    sessions.note_browser(request)
    note_verified(request, factor)
    journal.append(Kind.SIGNED_IN, by=By.of(request))
    return redirect(to)


def note_verified(request: HttpRequest, factor: SecondFactor | None) -> None:
    """This session has just shown a code of the factor; one set up later would ask again."""
    if factor is not None:
        request.session[VERIFIED] = factor.pk


# Second step: the code


def second_step(request: HttpRequest) -> HttpResponse:
    """A code of the application, or one of the ten kept for the day when it is lost."""
    user = _halfway(request)
    if user is None:
        return redirect("admin:login")
    form = FactorCodeForm(request.POST or None, with_recovery="secours" in request.GET)
    if request.method != "POST" or not form.is_valid():
        return _code_page(request, form)
    guest = Guest.known(request, user, limit=limiter.SECOND_STEP)
    taken = limiter.take(*guest)
    if taken.wait is not None:
        return paused(request, taken.wait)
    outcome = second_factor.check(user, form.cleaned_data["code"], by=By(None, client_ip(request)))
    if outcome is CodeCheck.WRONG:
        _note_wrong_code(request, user, taken)
        form.add_error("code", "Ce code n'est pas le bon, ou il a déjà servi. Attendez le suivant.")
        return _code_page(request, form)
    limiter.forget(*guest)
    if outcome is CodeCheck.RECOVERY:
        messages.warning(request, "Ce code de secours a servi. Faites-en de nouveaux s'il vous en reste peu.")
    to = request.session.pop(HALFWAY)["next"]
    return _enter(request, user, to=to, factor=second_factor.of(user))


second_step.access = "open"  # type: ignore[attr-defined]


def _halfway(request: HttpRequest) -> User | None:
    """Who was right about the password in this browser, a short while ago."""
    half = request.session.get(HALFWAY)
    if half is None or timezone.now().timestamp() - half["at"] > HALFWAY_SECONDS:
        return None
    user = User.objects.select_related("second_factor").filter(pk=half["user"], is_active=True).first()
    if user is None or second_factor.of(user) is None:
        return None
    return user if hmac.compare_digest(half["password"], user.get_session_auth_hash()) else None


def _code_page(request: HttpRequest, form: FactorCodeForm) -> HttpResponse:
    context = admin.site.each_context(request) | {"title": "Vérification", "form": form}
    return render(request, "staff/second_step.html", context, status=422 if form.errors else 200)


def _note_wrong_code(request: HttpRequest, user: User, taken: Taken) -> None:
    """Five wrong codes behind the right password: their owner has to hear of it."""
    by, target = By(None, client_ip(request)), journal.known_as(user)
    journal.append(Kind.SIGN_IN_FAILED, by=by, target=target, step="code")
    if taken.left == 0:  # from here on it is a pause: told once, however long somebody goes on knocking
        journal.append(Kind.SIGN_IN_PAUSED, by=by, target=target, step="code")
        emails.account_changed(
            user,
            "Quelqu'un a donné votre mot de passe, puis cinq codes faux : la connexion est en pause. "
            "Changez votre mot de passe si ce n'était pas vous.",
        )
