"""The addresses of contract.md."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import URLPattern, URLResolver, include, path

from logisav import errors
from logisav.desk import health as desk_health
from logisav.desk import palette
from logisav.health import pages as health
from logisav.health.metrics import metrics
from logisav.staff import account_pages, invitation_pages, signin


def desk(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A page of the desk beside those of the models: for staff alone."""
    guarded: Callable[..., HttpResponseBase] = admin.site.admin_view(view)
    guarded.access = "staff"  # type: ignore[attr-defined]
    return guarded


def closed(request: HttpRequest, anything: str) -> HttpResponseBase:
    """Django's « voir sur le site » would name any quote to any member of staff."""
    raise Http404


urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.alive),
    path("readyz", health.ready),
    path("metrics", metrics),
    path("admin/login/", signin.login),
    path("admin/login/code/", signin.second_step, name="second_step"),
    path("admin/mot-de-passe-oublie/", invitation_pages.forgotten, name="admin_password_reset"),
    path("admin/password_change/", desk(account_pages.change_password)),
    path("admin/double-verification/", desk(account_pages.factor), name="second_factor"),
    path("admin/double-verification/appareil/", desk(account_pages.setup), name="second_factor_setup"),
    path("admin/double-verification/codes/", desk(account_pages.renew_codes), name="second_factor_codes"),
    path("admin/double-verification/retrait/", desk(account_pages.remove), name="second_factor_remove"),
    path("admin/connexions/", desk(account_pages.logins), name="logins"),
    path("admin/connexions/terminer/", desk(account_pages.end_logins), name="end_logins"),
    path("admin/search/", desk(palette.search), name="palette"),
    path("admin/chercher/", desk(palette.find), name="find"),
    path("admin/etat/", desk(desk_health.page), name="health"),
    path("admin/r/<path:anything>", desk(closed)),
    path("admin/", admin.site.urls),
    path("invitation/", invitation_pages.choose_password, name="choose_password"),
    path("invitation/<str:token>/", invitation_pages.open_link, name="open_invitation"),
    path("", include("quotes.pages.urls")),
    path("", include("signing.urls")),
    path("", include("payments.urls")),
]
handler500 = errors.broken
if settings.DEMO:
    urlpatterns.append(path("", include("demo.urls")))
