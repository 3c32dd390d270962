"""The certificates of our seal, in DER, for processes that read documents and never seal: no pyHanko here."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12
from django.conf import settings


class NoCertificate(Exception):
    """The file of the seal's key cannot be read: nothing can be told of a seal."""


def ours() -> tuple[bytes, ...]:
    """Every certificate that we seal or have sealed with: the key's own, and the `*.cer` files beside it."""
    path = Path(settings.SEAL_PKCS12)
    try:
        own = _read(path, settings.SEAL_PASSPHRASE, path.stat().st_mtime_ns)
        return (own, *(_der(old.read_bytes()) for old in sorted(path.parent.glob("*.cer"))))
    except (OSError, ValueError) as error:
        raise NoCertificate(str(path)) from error


@lru_cache(maxsize=4)
def _read(path: Path, passphrase: str, modified: int) -> bytes:
    """Opening the file takes a noticeable time on purpose: once per version of it."""
    stored = pkcs12.load_pkcs12(path.read_bytes(), passphrase.encode())
    if stored.cert is None:
        raise ValueError("no certificate")
    return stored.cert.certificate.public_bytes(Encoding.DER)


def _der(data: bytes) -> bytes:
    """A certificate file may be written either way."""
    pem = data.lstrip().startswith(b"-----BEGIN")
    certificate = x509.load_pem_x509_certificate(data) if pem else x509.load_der_x509_certificate(data)
    return certificate.public_bytes(Encoding.DER)
