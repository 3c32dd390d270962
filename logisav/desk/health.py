"""« État de Logisav »: each subject in words, for those who manage."""

from __future__ import annotations

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from logisav.health import processes, tables
from logisav.health.facts import LATE
from logisav.health.measuring import measure
from notifications.models import Alarm, Reading


def may_see(request: HttpRequest) -> bool:
    """Managers and administrators."""
    return request.user.has_perm("quotes.manage_all_quotes") or request.user.has_perm("auth.change_user")


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    if not may_see(request):
        raise PermissionDenied
    facts = measure()
    context = admin.site.each_context(request) | {
        "title": "État de Logisav",
        "unwell": [fact for fact in facts if not fact.is_well],
        "well": [fact for fact in facts if fact.is_well],
        "holdings": tables.holdings(),
        "now": timezone.now(),
    }
    return TemplateResponse(request, "desk/health/page.html", context)


def something_is_wrong(request: HttpRequest) -> bool:
    """For the first page, which shall not measure: what the schedule has seen, unless it is the one that is dead."""
    if not may_see(request):
        return False
    name, recent = processes.sweep_reading("health"), timezone.now() - LATE
    watched = Reading.objects.filter(name=name, at__gt=recent).exists()
    return not watched or Alarm.objects.exists()
