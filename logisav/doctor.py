"""Everything that an installation rests on, tried once: its own trials, then those of each application, in this order.

`manage.py doctor` is the door. What can be known without trying is refused at start (logisav/refusals.py).
"""

from __future__ import annotations

import datetime as dt
import getpass
import os
import secrets
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from lib.models import Counter
from lib.trials import FellShort, Reading, Trial, Tried
from logisav.masking import mask
from logisav.staff import trials as staff
from notifications import trials as notifications
from notifications.headers import one_line
from payments import trials as payments
from quotes import trials as quotes
from signing import trials as signing

DRIFT = dt.timedelta(seconds=30)
"""A code lives ten minutes and a step of a second factor 30 seconds; Stripe refuses messages five minutes old."""


@dataclass(frozen=True)
class Line:
    subject: str
    words: str
    is_well: bool


def examine(trials: Sequence[Trial]) -> Iterator[Line]:
    """One line a trial, as each ends, and the clock's at the end, from what the others showed."""
    readings: list[Reading] = []
    for trial in trials:
        try:
            tried = trial.attempt()
        except FellShort as short:
            yield Line(trial.subject, _told(str(short)), is_well=False)
        except Exception as error:  # noqa: BLE001 - whatever it is, the other trials are still made
            first = (str(error).splitlines() or [""])[0][:200]
            words = (
                f"essai interrompu ({type(error).__name__}: {first}). Corrigez d'abord les lignes au-dessus."
            )
            yield Line(trial.subject, _told(words), is_well=False)
        else:
            readings += tried.readings
            yield Line(trial.subject, _told(tried.words), is_well=True)
    yield clock(readings)


def _told(words: str) -> str:
    """On one line whatever a server answered, and without any secret."""
    return mask(one_line(words, limit=1000))


def database() -> Tried:
    """A row is written and taken back; a server tells its time on the way."""
    try:
        with transaction.atomic():
            Counter.objects.create(digest=secrets.token_hex(32), times="", expires_at=timezone.now())
            transaction.set_rollback(True)
        version, readings = _server()
    except DatabaseError as error:
        raise FellShort(
            f"la base ne se laisse pas écrire ({_first_line(error)}). Démarrez-la, corrigez DATABASE_URL, ou lancez"
            " manage.py migrate."
        ) from error
    return Tried(f"{version}, une ligne écrite puis reprise", readings)


def _server() -> tuple[str, tuple[Reading, ...]]:
    number = ".".join(str(part) for part in connection.get_database_version())
    if connection.vendor != "postgresql":
        return f"SQLite {number}", ()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (there,) = cursor.fetchone()
    return f"PostgreSQL {number}", (Reading("base de données", there - timezone.now()),)


def migrations() -> Tried:
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        raise FellShort(f"la base ne répond pas ({_first_line(error)}). Corrigez DATABASE_URL.") from error
    if missing:
        first = missing[0][0]
        raise FellShort(
            f"{len(missing)} migration(s) manquent, à partir de {first.app_label}.{first.name}. Lancez manage.py"
            " migrate."
        )
    return Tried(f"les {len(executor.loader.applied_migrations)} sont faites")


def searching() -> Tried:
    if connection.vendor != "postgresql":
        return Tried("sans index de trigrammes sur SQLite : les listes sont lues dans leur ordre")
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'")
            found = cursor.fetchone()
    except DatabaseError as error:
        raise FellShort(f"la base ne répond pas ({_first_line(error)}). Corrigez DATABASE_URL.") from error
    if not found:
        raise FellShort(
            "l'extension pg_trgm manque : chercher lit tout. Faites « CREATE EXTENSION pg_trgm » en administrateur"
            " de PostgreSQL."
        )
    return Tried("l'extension pg_trgm est là")


def shared_cache() -> Tried:
    key, value = f"doctor-{secrets.token_hex(8)}", secrets.token_hex(8)
    try:
        cache.set(key, value, 60)
        kept = cache.get(key)
        cache.delete(key)
    except Exception as error:
        # Each cache has exceptions of its own.
        raise FellShort(
            f"le cache ne répond pas ({_first_line(error)}). Démarrez Redis, ou corrigez CACHE_URL."
        ) from error
    if kept != value:
        raise FellShort("le cache ne rend pas ce qu'il a pris. Corrigez CACHE_URL.")
    return Tried("une valeur mise, relue et retirée")


def files() -> Tried:
    """Written down to the disk, read again, removed."""
    folder, content = Path(settings.MEDIA_ROOT), secrets.token_bytes(4096)
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix="doctor-") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            read = Path(file.name).read_bytes()
    except OSError as error:
        raise FellShort(
            f"{getpass.getuser()} n'écrit pas dans MEDIA_ROOT ({error.strerror}: {folder}). Faites ce dossier et"
            " donnez-le à l'utilisateur qui fait tourner Logisav."
        ) from error
    if read != content:
        raise FellShort(f"un fichier de {folder} ne se relit pas comme il fut écrit. Vérifiez ce disque.")
    return Tried(f"{getpass.getuser()} a écrit, relu et retiré un fichier dans {folder}")


def clock(readings: Sequence[Reading]) -> Line:
    """Ours beside those that the trials could read."""
    if not readings:
        return Line(
            "Horloge", "personne à qui demander l'heure : voyez vous-même, par timedatectl", is_well=True
        )
    told = ", ".join(f"{reading.clock} {reading.ahead.total_seconds():+.0f} s" for reading in readings)
    if any(abs(reading.ahead) > DRIFT for reading in readings):
        words = f"elle s'écarte de plus de {DRIFT.seconds} s ({told}). Réglez-la par NTP : timedatectl set-ntp true."
        return Line("Horloge", words, is_well=False)
    return Line("Horloge", f"à moins de {DRIFT.seconds} s des autres ({told})", is_well=True)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


MAIL = Trial("Mails", lambda: notifications.send_to(staff.administrators()))
TRIALS = (
    Trial("Base de données", database),
    Trial("Migrations", migrations),
    Trial("Recherche", searching),
    Trial("Cache", shared_cache),
    notifications.BROKER,
    Trial("Fichiers", files),
    notifications.OUTBOX_KEY,
    staff.FACTORS,
    quotes.RENDERER,
    quotes.PHOTOS,
    quotes.LAW_TEXTS,
    quotes.LEGAL_PAGES,
    signing.SEAL,
    signing.STAMP,
    payments.STRIPE,
    MAIL,
)
