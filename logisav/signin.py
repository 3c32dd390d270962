"""The desk's log-in in two steps, each slowed after failures.

Five tries a quarter of an hour for a name at one address (for the code: for an account, wherever from), thirty for an
address. Counted in the database, so that all processes of the site count together. Nobody is logged in before the
last step: between the two the session holds who was right about the password, for five minutes.
"""

from __future__ import annotations

import datetime as dt
import hmac
import math
from dataclasses import dataclass

from django.contrib import admin, auth, messages
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters
from unfold.forms import AuthenticationForm

from logisav import emails, second_factor, staff_journal
from logisav.forms import CodeForm
from logisav.models import LoginTry, SecondFactor, StaffAction
from logisav.second_factor import Outcome
from logisav.staff_journal import By
from quotes.access import client_ip

WINDOW = dt.timedelta(minutes=15)
TRIES_A_PAIR = 5
TRIES_AN_ADDRESS = 30
KEPT = dt.timedelta(days=1)
HALFWAY_SECONDS = 5 * 60
HALFWAY, VERIFIED = "halfway", "second_factor"
Kind = StaffAction.Kind


# Counting


@dataclass(frozen=True)
class Guest:
    """Who tries what, from where, as digests."""

    pair: str
    address: str

    @classmethod
    def of(cls, request: HttpRequest) -> Guest:
        address = client_ip(request)
        name = request.POST.get("username", "").strip().casefold()
        return cls(pair=_digest(f"{address} {name}"), address=_digest(address))

    @classmethod
    def asking(cls, request: HttpRequest, name: str) -> Guest:
        """For a link to a new password: apart from the log-in's own tries."""
        address = client_ip(request)
        return cls(pair=_digest(f"forgotten {address} {name.casefold()}"), address=_digest(address))

    @classmethod
    def known(cls, request: HttpRequest, user: User, *, asked: str) -> Guest:
        """An account whose password was right: counted wherever the tries come from."""
        return cls(pair=_digest(f"{asked} {user.pk}"), address=_digest(client_ip(request)))


def _digest(text: str) -> str:
    return salted_hmac("logisav.signin", text, algorithm="sha256").hexdigest()


def take_try(guest: Guest) -> dt.timedelta | None:
    """Count a try; how long to wait when there have been too many, and then it is not counted.

    The row is committed before the others are counted: of many at the same moment no more than the limit pass.
    """
    now = timezone.now()
    LoginTry.objects.filter(at__lt=now - KEPT).delete()
    mine = LoginTry.objects.create(pair=guest.pair, address=guest.address, at=now)
    recent = LoginTry.objects.filter(at__gt=now - WINDOW).exclude(pk=mine.pk)
    waits = [
        _wait(recent.filter(pair=guest.pair), TRIES_A_PAIR, now),
        _wait(recent.filter(address=guest.address), TRIES_AN_ADDRESS, now),
    ]
    longest = max((wait for wait in waits if wait is not None), default=None)
    if longest is not None:
        mine.delete()
    return longest


def _wait(tries: QuerySet[LoginTry], limit: int, now: dt.datetime) -> dt.timedelta | None:
    """Until the oldest of the last `limit` tries is a quarter of an hour old."""
    latest = list(tries.order_by("-at").values_list("at", flat=True)[:limit])
    return latest[-1] + WINDOW - now if len(latest) == limit else None


def forget_tries(guest: Guest) -> None:
    LoginTry.objects.filter(pair=guest.pair).delete()


def was_the_last_try(guest: Guest) -> bool:
    """From here on it is a pause: told once, however long somebody goes on knocking."""
    recent = LoginTry.objects.filter(pair=guest.pair, at__gt=timezone.now() - WINDOW)
    return recent.count() == TRIES_A_PAIR


def paused(request: HttpRequest, wait: dt.timedelta) -> HttpResponse:
    minutes = max(1, math.ceil(wait.total_seconds() / 60))
    context = admin.site.each_context(request) | {"title": "Connexion en pause", "minutes": minutes}
    response = render(request, "admin/login_paused.html", context, status=429)
    response.headers["Retry-After"] = str(minutes * 60)
    return response


# First step: the password


@sensitive_post_parameters("password")
def login(request: HttpRequest) -> HttpResponse:
    """Django's own form behind the count."""
    if request.method != "POST":
        return admin.site.login(request)
    guest = Guest.of(request)
    wait = take_try(guest)
    if wait is not None:
        return paused(request, wait)
    form = AuthenticationForm(request, data=request.POST)
    if not form.is_valid():
        _note_failure(request, guest)
        return _form_again(request, form)
    forget_tries(guest)
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


def _note_failure(request: HttpRequest, guest: Guest) -> None:
    """Never the name that was typed: it may be a password in the wrong field."""
    name = request.POST.get("username", "").strip()
    user = User.objects.filter(username=name).first()
    target = staff_journal.known_as(user) if user else "Compte inconnu"
    by = By(None, client_ip(request))
    staff_journal.append(Kind.SIGN_IN_FAILED, by=by, target=target)
    if was_the_last_try(guest):
        staff_journal.append(Kind.SIGN_IN_PAUSED, by=by, target=target)


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
    note_verified(request, factor)
    staff_journal.append(Kind.SIGNED_IN, by=By.of(request))
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
    form = CodeForm(request.POST or None, with_recovery="secours" in request.GET)
    if request.method != "POST" or not form.is_valid():
        return _code_page(request, form)
    guest = Guest.known(request, user, asked="code")
    wait = take_try(guest)
    if wait is not None:
        return paused(request, wait)
    outcome = second_factor.check(user, form.cleaned_data["code"], by=By(None, client_ip(request)))
    if outcome is Outcome.WRONG:
        _note_wrong_code(request, user, guest)
        form.add_error("code", "Ce code n'est pas le bon, ou il a déjà servi. Attendez le suivant.")
        return _code_page(request, form)
    forget_tries(guest)
    if outcome is Outcome.RECOVERY:
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


def _code_page(request: HttpRequest, form: CodeForm) -> HttpResponse:
    context = admin.site.each_context(request) | {"title": "Vérification", "form": form}
    return render(request, "admin/second_step.html", context, status=422 if form.errors else 200)


def _note_wrong_code(request: HttpRequest, user: User, guest: Guest) -> None:
    """Five wrong codes behind the right password: their owner has to hear of it."""
    by, target = By(None, client_ip(request)), staff_journal.known_as(user)
    staff_journal.append(Kind.SIGN_IN_FAILED, by=by, target=target, step="code")
    if was_the_last_try(guest):
        staff_journal.append(Kind.SIGN_IN_PAUSED, by=by, target=target, step="code")
        emails.account_told(
            user,
            "Quelqu'un a donné votre mot de passe, puis cinq codes faux : la connexion est en pause. "
            "Changez votre mot de passe si ce n'était pas vous.",
        )
