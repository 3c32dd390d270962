"""« Mentions légales », « Vos données personnelles », « Accessibilité »: open to all, the same for everybody."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from lib.day import today_in_paris
from quotes import legal
from quotes.law.references import cite
from quotes.models import Company


@require_safe
def notice(request: HttpRequest) -> HttpResponse:
    return render(request, "legal/notice.html", {"company": _company()})


@require_safe
def personal_data(request: HttpRequest) -> HttpResponse:
    return render(request, "legal/data.html", {"company": _company(), "facts": legal.data_facts()})


@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    law = cite("accessibility", on=today_in_paris())
    return render(request, "legal/accessibility.html", {"company": _company(), "law": law})


def _company() -> Company:
    """Nobody publishes a site that is not set up yet."""
    company = Company.objects.first()
    if company is None:
        raise Http404
    return company
