"""The key of the seal: a PKCS#12 file (RFC 7292) with its certificate, made once and never overwritten."""

from __future__ import annotations

import datetime as dt
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs12
from cryptography.x509.oid import NameOID
from pyhanko.sign import SimpleSigner
from pyhanko.sign.signers import Signer as PyhankoSigner

from lib import files

VALIDITY = dt.timedelta(days=3653)
CLOCK_SKEW = dt.timedelta(minutes=5)


class UnusableKey(Exception):
    """The seal's key is missing, unreadable or out of date; the message says which."""


@dataclass(frozen=True)
class Signer:
    """A key that seals. `certificate` is its X.509 certificate in DER, to be kept among the trusted ones.

    `pyhanko` may be any signer of pyHanko's: a key in a token (PKCS#11) needs another loader and nothing else.
    `chain` are the authorities between the certificate and its root.
    """

    pyhanko: PyhankoSigner
    certificate: bytes
    chain: tuple[bytes, ...] = ()

    @property
    def is_self_signed(self) -> bool:
        """Nobody but us says whose key it is."""
        certificate = x509.load_der_x509_certificate(self.certificate)
        return certificate.issuer == certificate.subject

    @property
    def name(self) -> str:
        """The common name that readers of the PDF are shown."""
        return _common_name(x509.load_der_x509_certificate(self.certificate))


def load_signer(path: Path | str, passphrase: str) -> Signer:
    """The key in the PKCS#12 file at `path`; raises UnusableKey."""
    try:
        data = Path(path).read_bytes()
        signer = SimpleSigner.load_pkcs12_data(data, other_certs=[], passphrase=passphrase.encode())
    except (OSError, ValueError) as error:
        raise UnusableKey(f"{path}: {error}") from error
    certificate = signer.signing_cert.dump() if signer and signer.signing_cert else b""
    if signer is None or not certificate:
        raise UnusableKey(f"{path}: no key with a certificate, or another passphrase")
    _refuse_outdated(x509.load_der_x509_certificate(certificate), path=path)
    others = [each.dump() for each in signer.cert_registry if each.dump() != certificate]
    return Signer(signer, certificate, tuple(others))


def _refuse_outdated(certificate: x509.Certificate, *, path: Path | str) -> None:
    now = dt.datetime.now(dt.UTC)
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        raise UnusableKey(f"{path}: certificate valid until {certificate.not_valid_after_utc:%Y-%m-%d} only")


def _common_name(certificate: x509.Certificate) -> str:
    return str(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


def make_key(path: Path | str, *, passphrase: str, common_name: str, organisation: str) -> None:
    """A new P-256 key with a self-signed certificate, in a file that its owner alone can read.

    A file that exists is never replaced (FileExistsError): documents were sealed with it.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _certificate(key, common_name=common_name, organisation=organisation)
    secret = BestAvailableEncryption(passphrase.encode())
    _write_once(Path(path), pkcs12.serialize_key_and_certificates(b"cachet", key, certificate, None, secret))


def retire_key(path: Path | str, *, passphrase: str) -> Path:
    """Put a key aside and keep its certificate beside the next one, so that what it sealed can still be checked.

    The certificate is written first: at no moment is a document's certificate unknown.
    """
    path = Path(path)
    stored = pkcs12.load_pkcs12(path.read_bytes(), passphrase.encode())
    if stored.cert is None:
        raise UnusableKey(f"{path}: no certificate")
    certificate = stored.cert.certificate
    kept = path.with_name(f"{path.stem}-{certificate.fingerprint(hashes.SHA256()).hex()[:16]}.cer")
    files.write(kept, certificate.public_bytes(Encoding.DER), mode=0o644)
    path.rename(kept.with_suffix(".retired.p12"))
    files.sync(path.parent)
    return kept


def _certificate(key: ec.EllipticCurvePrivateKey, *, common_name: str, organisation: str) -> x509.Certificate:
    """Non-repudiation and nothing else: the key of a seal opens no server and signs no other certificate."""
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "FR"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )
    start = dt.datetime.now(dt.UTC) - CLOCK_SKEW
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + VALIDITY)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_seal_usage(), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _seal_usage() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def _write_once(path: Path, data: bytes) -> None:
    """Whole or not at all, and never over another file, whoever else tries at the same moment."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".seal-") as file:  # made with mode 0600
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
        os.link(file.name, path)
