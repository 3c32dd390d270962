"""The authorities that the settings name: who gives the time, and whose certificates are believed."""

from __future__ import annotations

from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings

from signing.seal import Authorities


def configured() -> Authorities:
    """TSA_URLS, and the certificates in SEAL_AUTHORITIES (PEM, several one after the other)."""
    path = settings.SEAL_AUTHORITIES
    pem = Path(path).read_bytes() if path else b""
    roots = x509.load_pem_x509_certificates(pem) if pem else []
    return Authorities(tuple(settings.TSA_URLS), tuple(root.public_bytes(Encoding.DER) for root in roots))
