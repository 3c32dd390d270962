"""The bell: what staff are told inside the desk, and by which ways. Each sees their own lines and choices alone."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from logisav.desk import stamps
from logisav.desk.bell.forms import ChoicesForm, FilterForm
from logisav.desk.stamped import stale_page
from notifications import choices, events
from notifications.models import Notification
from notifications.staff import member

LINES_A_PAGE = 30
BELL = "admin:notifications_notification_changelist"
PREFERENCES = "admin:notifications_notification_preferences"


@require_safe
def bell(request: HttpRequest) -> HttpResponse:
    """All lines, the unread ones first, or those that the filters let through."""
    filters = FilterForm(request.GET)
    lines = filters.applied(Notification.objects.of(member(request))).unread_first()
    shown = Paginator(lines, LINES_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "title": "Notifications",
        "lines": [(line, events.find_notice(line.kind)) for line in shown],
        "pages": shown,
        "filters": filters,
        "unread": Notification.objects.unread(member(request)).count(),
    }
    return _page(request, "desk/bell/bell.html", context)


def _page(request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    everything = admin.site.each_context(request) | {"opts": Notification._meta} | context
    return TemplateResponse(request, template, everything, status=status)


@require_safe
def count(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"unread": Notification.objects.unread(member(request)).count()})


@require_POST
def open_line(request: HttpRequest, pk: int) -> HttpResponse:
    """Read it and go where it leads."""
    line = _own(request, pk)
    _read(line)
    return redirect(line.url or BELL)


@require_POST
def mark_read(request: HttpRequest, pk: int) -> HttpResponse:
    _read(_own(request, pk))
    return _back(request)


@require_POST
def mark_all_read(request: HttpRequest) -> HttpResponse:
    Notification.objects.of(member(request)).mark_read()
    messages.success(request, "Toutes vos notifications sont lues.")
    return redirect(BELL)


@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """« Mes notifications »: one's own ways, kind by kind."""
    user, is_sent = member(request), request.method == "POST"
    about, stale = f"notifications of {user.pk}", None
    with transaction.atomic():
        if is_sent:
            User.objects.select_for_update(no_key=True).get(pk=user.pk)
        stored = ChoicesForm(user=user)
        now, form = stamps.snapshot(stored), ChoicesForm(request.POST if is_sent else None, user=user)
        if is_sent:
            stale = stale_page(request, now, about=about, form=stored, words="Ce formulaire")
        if is_sent and stale is None and form.is_valid():
            choices.choose(user, form.cleaned_data)
            messages.success(request, "Vos choix sont enregistrés.")
            return redirect(PREFERENCES)
    rows = [(events.find_notice(field.name), field) for field in form]
    context = {"title": "Mes notifications", "rows": rows, "form": form, "stale": stale}
    context["stamp"] = stamps.written(now, about=about)
    status = 409 if stale else 422 if form.errors else 200
    return _page(request, "desk/bell/preferences.html", context, status=status)


def _back(request: HttpRequest) -> HttpResponse:
    """To the list as it was filtered; nothing else of what was sent finds its way into the address."""
    query = FilterForm(QueryDict(request.POST.get("filtres", ""))).query
    return redirect(f"{reverse(BELL)}?{query}" if query else BELL)


def _own(request: HttpRequest, pk: int) -> Notification:
    line = Notification.objects.of(member(request)).filter(pk=pk).first()
    if line is None:
        raise Http404
    return line


def _read(line: Notification) -> None:
    Notification.objects.filter(pk=line.pk).mark_read()
