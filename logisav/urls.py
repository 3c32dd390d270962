"""The addresses of contract.md."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from logisav import health, signin

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.alive),
    path("readyz", health.ready),
    path("admin/login/", signin.login),
    path("admin/", admin.site.urls),
    path("", include("quotes.urls")),
    path("", include("signing.urls")),
    path("", include("payments.urls")),
]
if settings.DEMO:
    urlpatterns.append(path("", include("demo.urls")))
