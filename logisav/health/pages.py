"""What a supervisor asks: is the process up, and does the product do what it promises?"""

from __future__ import annotations

from typing import Any

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse

from logisav.health import machine
from logisav.health.facts import Fact, Level
from logisav.health.measuring import measure


def alive(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


def ready(request: HttpRequest) -> JsonResponse:
    """503 only for what stops a customer, database or storage; all else that is not well is `degraded`, with 200."""
    vital = {"database": machine.database_answers(), "storage": machine.storage_is_writable()}
    subjects = _measured() if vital["database"] else []
    well = all(vital.values()) and all(fact.is_well for fact in subjects)
    answer = {
        "state": "ok" if well else "degraded",
        **vital,
        "unwell": [f"{fact.subject} : {fact.figure}" for fact in subjects if not fact.is_well],
        "subjects": {fact.name: _told(fact) for fact in subjects},
    }
    return JsonResponse(
        answer, status=200 if all(vital.values()) else 503, json_dumps_params={"ensure_ascii": False}
    )


def _measured() -> list[Fact]:
    try:
        return measure()
    except DatabaseError:
        figure, to_do = "la base ne répond pas à toutes les questions", "Lancez manage.py migrate."
        return [Fact("measuring", "Mesures", Level.BROKEN, figure, to_do)]


def _told(fact: Fact) -> dict[str, Any]:
    return {"state": fact.level.value, "figure": fact.figure, "value": fact.value, "unit": fact.unit}
