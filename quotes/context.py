"""What every customer page may show: the company, asked for only when a template does."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from quotes.models import Company


def company(request: HttpRequest) -> dict[str, Any]:
    return {"company": SimpleLazyObject(Company.objects.first)}
