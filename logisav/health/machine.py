"""What the product stands on: database, media folder, broker."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from celery import current_app
from django.conf import settings
from django.core.files.storage import FileSystemStorage, default_storage
from django.db import DatabaseError, connection
from kombu.exceptions import OperationalError

from logisav.health.facts import Fact, Level

LITTLE, VERY_LITTLE = 2 * 1024**3, 500 * 1024**2  # bytes


def database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def storage_is_writable() -> bool:
    """Of a bucket nothing is asked: each look would be a request over the network."""
    if not isinstance(default_storage, FileSystemStorage):
        return True
    try:
        Path(settings.MEDIA_ROOT).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=settings.MEDIA_ROOT):
            return True
    except OSError:
        return False


def broker_answers() -> bool:
    try:
        with current_app.connection_for_write(connect_timeout=0.5) as broker:
            broker.ensure_connection(max_retries=1, timeout=1)
    except (OperationalError, OSError):
        return False
    return True


def broker_fact() -> Fact:
    answers = broker_answers()
    return Fact(
        name="broker",
        subject="Courtier des tâches (Redis)",
        level=Level.OK if answers else Level.LATE,
        figure="répond" if answers else "ne répond pas",
        to_do="Démarrez-le : systemctl restart redis-server. Rien n'est perdu, tout part en retard.",
    )


def free_space() -> int | None:
    """Bytes left for the product on the disk of the media folder; None when there is no such folder."""
    try:
        return shutil.disk_usage(settings.MEDIA_ROOT).free
    except OSError:
        return None


def space_fact() -> Fact:
    free = free_space()
    if free is None:
        return Fact(
            "free space",
            "Place pour les documents",
            Level.BROKEN,
            "dossier introuvable",
            "Vérifiez MEDIA_ROOT.",
        )
    return Fact(
        name="free space",
        subject="Place pour les documents",
        level=Level.BROKEN if free < VERY_LITTLE else Level.LATE if free < LITTLE else Level.OK,
        figure=f"{free / 1024**3:.1f}\u00a0Go libres".replace(".", ","),
        to_do="Libérez de la place sur le disque de MEDIA_ROOT, ou agrandissez-le.",
        value=float(free),
        unit="bytes",
    )
