"""Tried by `manage.py doctor`: the broker, the mail server, and the key of what waits to be mailed."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from queue import Empty

from celery import current_app
from cryptography.fernet import InvalidToken
from django.conf import settings

from lib.trials import FellShort, Trial, Tried
from notifications import delivery, vault
from notifications.models import OutgoingEmail

LANE = "doctor"
ANSWER_WITHIN = 5.0  # seconds
MOST = 1000


def broker() -> Tried:
    """A message goes in and comes out again, in a lane that no worker takes."""
    sent = secrets.token_hex(8)
    try:
        with current_app.connection_for_write(connect_timeout=2) as connection:
            connection.ensure_connection(max_retries=1, timeout=3)
            lane = connection.SimpleQueue(LANE, no_ack=True)
            lane.put(sent)
            received = {lane.get(timeout=ANSWER_WITHIN).payload for _ in range(lane.qsize())}
            lane.close()
    except Empty:
        received = set()
    except Exception as error:
        # Every broker has exceptions of its own.
        raise FellShort(
            f"le courtier ne répond pas ({_first_line(error)}). Démarrez Redis, ou corrigez CELERY_BROKER_URL."
        ) from error
    if sent not in received:
        raise FellShort("un message déposé n'est pas ressorti. Vérifiez CELERY_BROKER_URL.")
    return Tried("un message déposé est ressorti")


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


def send_to(addresses: Sequence[str]) -> Tried:
    """A real conversation with the mail server for each address."""
    if not addresses:
        raise FellShort(
            "aucun administrateur n'a d'adresse mail. Donnez-en une au compte fait par createsuperuser."
        )
    said = []
    for address in addresses:
        try:
            said.append(f"{address} ({delivery.try_out(address)})")
        except (delivery.Refused, delivery.Postponed) as answer:
            raise FellShort(
                f"le serveur {settings.EMAIL_HOST}:{settings.EMAIL_PORT} n'a pas pris le mail pour {address}"
                f" ({answer}). Corrigez EMAIL_URL ou DEFAULT_FROM_EMAIL."
            ) from answer
    return Tried(f"un mail d'essai est parti à {', '.join(said)}")


def outbox_key() -> Tried:
    """The first key seals, and what waits opens."""
    try:
        vault.unseal(vault.seal({"essai": "essai"}))
    except ValueError as error:
        raise FellShort(
            "OUTBOX_KEY n'est pas une clé Fernet. Remettez la vôtre, ou faites-en une."
        ) from error
    waiting = OutgoingEmail.objects.waiting().exclude(sealed_secrets=None)
    sealed = list(waiting.values_list("sealed_secrets", flat=True)[:MOST])
    if closed := sum(not _opens(bytes(one or b"")) for one in sealed):
        raise FellShort(
            f"{closed} mail(s) en attente sur {len(sealed)} ne s'ouvrent avec aucune clé d'OUTBOX_KEY."
            " Remettez l'ancienne clé derrière la nouvelle, séparées par une virgule."
        )
    return Tried(f"elle chiffre, et ouvre les {len(sealed)} secret(s) en attente d'envoi")


def _opens(sealed: bytes) -> bool:
    try:
        vault.unseal(sealed)
    except InvalidToken:
        return False
    return True


BROKER = Trial("Courtier", broker)
OUTBOX_KEY = Trial("OUTBOX_KEY", outbox_key)
