"""The pages for when little else works: they ask the database nothing, and name the company as it was last read."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.template import loader

from quotes.models import Company


def page(status: int) -> HttpResponse:
    """`status`: one of those that have a template of their own."""
    words = loader.get_template(f"{status}.html").render({"company": Company.last_read})
    return HttpResponse(words, status=status)


def broken(request: HttpRequest) -> HttpResponse:
    """For `handler500`."""
    return page(500)
