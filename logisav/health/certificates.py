"""Until when the seal's certificate and the site's own (TLS) are good.

The schedule looks once an hour and stores what it found; pages only read that. Nothing is verified here: a certificate
that has run out must be read as well.
"""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import pkcs12
from django.conf import settings
from django.utils import timezone

from logisav.health.facts import Fact, Level
from notifications import readings
from notifications.models import Reading

EVERY = dt.timedelta(hours=1)
WITHIN = 2.0  # seconds for all of it: name, connection, handshake
SOON, VERY_SOON = 30, 7  # days
WORDS = {"seal": "Certificat du cachet", "tls": "Certificat TLS du site"}
TO_DO = {
    "seal": "Préparez le suivant : docs/operations.md, « The seal ». Sans lui plus aucun contrat n'est scellé.",
    "tls": "Renouvelez-le sur le serveur web (certbot renew) ; passé ce jour, les navigateurs refusent le site.",
}


class Unreadable(Exception):
    """No certificate to be had; the message says why."""


def seal_end() -> dt.datetime:
    """Of the certificate in SEAL_PKCS12. Raises Unreadable."""
    try:
        data = Path(settings.SEAL_PKCS12).read_bytes()
        held = pkcs12.load_pkcs12(data, settings.SEAL_PASSPHRASE.encode())
    except (OSError, ValueError) as error:
        raise Unreadable(f"{type(error).__name__}: {error}") from error
    if held.cert is None:
        raise Unreadable("no certificate")
    return held.cert.certificate.not_valid_after_utc


def tls_end() -> dt.datetime:
    """Of the certificate that SITE_URL shows. Never longer than two seconds, whatever hangs. Raises Unreadable."""
    site = urlsplit(settings.SITE_URL)
    found: list[bytes | Exception] = []

    def look() -> None:
        try:
            found.append(_shown_by(site.hostname or "", site.port or 443))
        except (OSError, ValueError) as error:
            found.append(error)

    # A thread of its own, since the search for a name has no time limit.
    looking = threading.Thread(target=look, name="tls", daemon=True)
    looking.start()
    looking.join(WITHIN)
    match found:
        case [bytes() as shown]:
            return x509.load_der_x509_certificate(shown).not_valid_after_utc
        case [Exception() as error]:
            raise Unreadable(f"{type(error).__name__}: {error}")
        case _:
            raise Unreadable(f"no answer within {WITHIN:.0f} s")


def _shown_by(host: str, port: int) -> bytes:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection((host, port), timeout=WITHIN) as plain:
        plain.settimeout(WITHIN)
        with context.wrap_socket(plain, server_hostname=host) as secured:
            return secured.getpeercert(binary_form=True) or b""


def look(known: Mapping[str, Reading]) -> None:
    """Store what is more than an hour old. The seal's first, which asks nobody."""
    ways: dict[str, Callable[[], dt.datetime]] = {"seal": seal_end}
    if settings.SECURE:
        ways["tls"] = tls_end
    for name, end in ways.items():
        reading = known.get(f"certificate {name}")
        if reading is not None and timezone.now() - reading.at < EVERY:
            continue
        try:
            told = end().isoformat()
        except Unreadable as reason:
            told = str(reason)
        readings.note(f"certificate {name}", told)


def facts(known: Mapping[str, Reading]) -> list[Fact]:
    """Of what the schedule has looked at; a site without https has no certificate of its own."""
    names = ["seal", "tls"] if settings.SECURE else ["seal"]
    return [_fact(name, known.get(f"certificate {name}")) for name in names]


def _fact(name: str, reading: Reading | None) -> Fact:
    if reading is None:
        # Told by the schedule's own line if it is dead.
        return Fact(f"certificate {name}", WORDS[name], Level.OK, "pas encore relevé")
    try:
        end = dt.datetime.fromisoformat(reading.value)
    except ValueError:
        # Why is no business of whoever asks /readyz: it may name a folder of this machine.
        to_do = f"{TO_DO[name]} Relevé : {reading.value}"
        return Fact(f"certificate {name}", WORDS[name], Level.BROKEN, "illisible", to_do)
    days = (end - timezone.now()).days
    return Fact(
        name=f"certificate {name}",
        subject=WORDS[name],
        level=Level.BROKEN if days < VERY_SOON else Level.LATE if days < SOON else Level.OK,
        figure=f"encore {days}\u00a0jours" if days >= 0 else "périmé",
        to_do=TO_DO[name],
        value=float(days),
        unit="days",
    )
