"""The bell: what staff are told inside the desk. Each sees their own lines alone."""

from __future__ import annotations

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_POST, require_safe

from notifications.models import Notification
from notifications.staff import member

LINES_A_PAGE = 30
BELL = "admin:notifications_notification_changelist"


@require_safe
def bell(request: HttpRequest) -> HttpResponse:
    """All lines, the unread ones first."""
    lines = Notification.objects.of(member(request)).unread_first()
    context = admin.site.each_context(request) | {
        "title": "Notifications",
        "opts": Notification._meta,
        "lines": Paginator(lines, LINES_A_PAGE).get_page(request.GET.get("page")),
        "unread": Notification.objects.unread(member(request)).count(),
    }
    return TemplateResponse(request, "admin/notifications/bell.html", context)


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
    return redirect(BELL)


@require_POST
def mark_all_read(request: HttpRequest) -> HttpResponse:
    Notification.objects.of(member(request)).mark_read()
    messages.success(request, "Toutes vos notifications sont lues.")
    return redirect(BELL)


def _own(request: HttpRequest, pk: int) -> Notification:
    line = Notification.objects.of(member(request)).filter(pk=pk).first()
    if line is None:
        raise Http404
    return line


def _read(line: Notification) -> None:
    Notification.objects.filter(pk=line.pk).mark_read()
