"""What a supervisor asks: is the process up, and can it do its work?"""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path

from celery import current_app
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from kombu.exceptions import OperationalError

from notifications.models import OutgoingEmail


def alive(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


def ready(request: HttpRequest) -> JsonResponse:
    """503 only for database or storage; a broker that is away or a late outbox is `degraded`, with 200."""
    vital = {"database": _database(), "storage": _storage()}
    soft = {"broker": _broker(), "outbox": vital["database"] and _outbox()}
    state = "ok" if all({**vital, **soft}.values()) else "degraded"
    return JsonResponse({"state": state, **vital, **soft}, status=200 if all(vital.values()) else 503)


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _storage() -> bool:
    try:
        Path(settings.MEDIA_ROOT).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=settings.MEDIA_ROOT):
            return True
    except OSError:
        return False


def _broker() -> bool:
    try:
        with current_app.connection_for_write(connect_timeout=0.5) as broker:
            broker.ensure_connection(max_retries=1, timeout=1)
    except (OperationalError, OSError):
        return False
    return True


def _outbox() -> bool:
    """No mail has been waiting for five minutes."""
    return not OutgoingEmail.objects.waiting_since(timezone.now() - dt.timedelta(minutes=5)).exists()
