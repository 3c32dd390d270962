"""Tried by `manage.py doctor`: the seal, and the authorities of time. Never imported by the web process."""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlsplit

from cryptography import x509
from django.conf import settings
from django.utils import timezone

from lib.trials import FellShort, Reading, Trial, Tried
from quotes.pdf import engine
from quotes.trials import page
from signing import authorities, seal

SOON = dt.timedelta(days=60)
"""Before a certificate's end: an authority takes its time to issue the next one."""


def sealing() -> Tried:
    """The key opens, seals a page, and the seal holds."""
    signer = _signer()
    sealed = seal.seal(_page(), signer)
    report = seal.check(sealed, trusted=[signer.certificate])
    if not report.intact:
        raise FellShort(
            f"le sceau posé ne tient pas ({', '.join(report.errors)}). Remplacez la clé du cachet."
        )
    end = x509.load_der_x509_certificate(signer.certificate).not_valid_after_utc
    if end - timezone.now() < SOON:
        raise FellShort(
            f"le certificat du cachet finit le {end:%d/%m/%Y}. Remplacez la clé : make_seal_key --replace, ou un"
            " nouveau fichier de votre autorité."
        )
    return Tried(f"« {signer.name} » a scellé une page d'essai ; valable jusqu'au {end:%d/%m/%Y}")


def _signer() -> seal.Signer:
    try:
        return seal.load_signer(settings.SEAL_PKCS12, settings.SEAL_PASSPHRASE)
    except seal.UnusableKey as unusable:
        raise FellShort(
            f"la clé du cachet ne s'ouvre pas ({unusable}). Corrigez SEAL_PASSPHRASE ou SEAL_PKCS12."
        ) from unusable


def _page() -> bytes:
    try:
        return page()
    except engine.RenderingFailed as failed:
        raise FellShort("sans mise en page, il n'y a rien à sceller : voyez cette ligne d'abord.") from failed


def stamping() -> Tried:
    """Each authority is asked by itself: the one in reserve is tried too."""
    if not settings.TSA_URLS:
        return Tried("non réglé : les documents sont scellés sans horodatage (PAdES B-B)")
    try:
        who = authorities.configured()
    except (OSError, ValueError) as error:
        raise FellShort(
            f"SEAL_AUTHORITIES ne se lit pas ({error}). Donnez un fichier PEM, les certificats l'un après l'autre."
        ) from error
    signer, document = _signer(), _page()
    readings, away = [], []
    for url in who.urls:
        host = str(urlsplit(url).hostname)
        try:
            stamped = seal.seal_with_time(document, signer, seal.Authorities((url,), who.roots))
        except seal.AuthorityUnavailable as failure:
            away.append(f"{host} ({failure})")
            continue
        report = seal.check(stamped, trusted=[signer.certificate], authorities=who)
        if report.stamped_at is not None:
            readings.append(Reading(host, report.stamped_at - timezone.now()))
    if away:
        raise FellShort(
            f"pas d'horodatage de {' ; '.join(away)}. Corrigez TSA_URLS ou SEAL_AUTHORITIES, ou ouvrez l'accès."
        )
    return Tried(f"horodatage reçu de {', '.join(reading.clock for reading in readings)}", tuple(readings))


SEAL = Trial("Cachet", sealing)
STAMP = Trial("Horodatage", stamping)
