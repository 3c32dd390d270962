"""An authority of our own for tests: certificates, time stamps and revocation data, over HTTP on this machine."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from certomancer.integrations.animator import Animator, AnimatorArchStore
from certomancer.registry import ArchLabel, CertLabel, CertomancerConfig, PKIArchitecture
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)
from werkzeug.serving import make_server

PASSPHRASE = "phrase-de-test"
ARCH = "essai"
NAMES = {
    "root": "Autorité d'essai, racine",
    "interm": "Autorité d'essai, cachets",
    "tsa": "Horodatage d'essai",
    "ocsp": "Réponses d'essai",
    "seal": "Cachet de Thermo Rhône",
}
YEARS = {"valid-from": "2020-01-01T00:00:00+0000", "valid-to": "2120-01-01T00:00:00+0000"}


@dataclass(frozen=True)
class Authority:
    """Where it answers, its root in a PEM file, and a key that it certified."""

    url: str
    root: Path
    key: Path

    @property
    def stamps(self) -> str:
        return f"{self.url}/{ARCH}/tsa/tsa"


@contextmanager
def running_authority(folder: Path) -> Iterator[Authority]:
    """Answers until the end of the block."""
    store = AnimatorArchStore({})
    server = make_server("127.0.0.1", 0, Animator(store, with_web_ui=False), threaded=True)
    url = f"http://127.0.0.1:{server.server_port}"
    arch = _architecture(folder, url)
    store.architectures[ArchLabel(ARCH)] = arch
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Authority(url, _write_root(arch, folder), _write_key(arch, folder))
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _architecture(folder: Path, url: str) -> PKIArchitecture:
    for name in NAMES:
        key = ec.generate_private_key(ec.SECP256R1())
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (folder / f"{name}.pem").write_bytes(pem)
    config = CertomancerConfig(_configuration(url), key_search_dir=str(folder))
    return config.get_pki_arch(ArchLabel(ARCH))


def _configuration(url: str) -> dict[str, Any]:
    certificates = {
        "root": _certificate(
            "root", "root", usage=["digital_signature", "key_cert_sign", "crl_sign"], ca=True
        ),
        "interm": _certificate(
            "interm", "root", usage=["digital_signature", "key_cert_sign", "crl_sign"], ca=True
        )
        | {"revocation": None},
        "tsa": _certificate("tsa", "root", usage=["digital_signature"], extended="time_stamping"),
        "ocsp": _certificate("ocsp", "interm", usage=["digital_signature"], extended="ocsp_signing"),
        "seal": _certificate(
            "seal", "interm", usage=["digital_signature", "non_repudiation"], responder="interm"
        ),
    }
    certificates["interm"].pop("revocation")
    for name in ("interm", "tsa"):
        certificates[name]["extensions"].append(_revocation_list("root"))
    certificates["ocsp"]["extensions"].append({"id": "ocsp_no_check"})
    return {
        "external-url-prefix": url,
        "keysets": {"keys": {"keys": {name: {"path": f"{name}.pem"} for name in NAMES}}},
        "pki-architectures": {
            ARCH: {
                "keyset": "keys",
                "entities": {
                    name: {"country-name": "FR", "organization-name": "Essai", "common-name": words}
                    for name, words in NAMES.items()
                },
                "certs": certificates,
                "services": {
                    "ocsp": {
                        "interm": {"for-issuer": "interm", "responder-cert": "ocsp", "signing-key": "ocsp"},
                    },
                    "crl-repo": {
                        "root": {
                            "for-issuer": "root",
                            "signing-key": "root",
                            "simulated-update-schedule": "P1D",
                        }
                    },
                    "time-stamping": {"tsa": {"signing-key": "tsa", "signing-cert": "tsa"}},
                },
            }
        },
    }


def _certificate(
    name: str, issuer: str, *, usage: list[str], ca: bool = False, extended: str = "", responder: str = ""
) -> dict[str, Any]:
    extensions: list[dict[str, Any]] = [
        {"id": "key_usage", "critical": True, "smart-value": {"schema": "key-usage", "params": usage}}
    ]
    if ca:
        extensions.append({"id": "basic_constraints", "critical": True, "value": {"ca": True}})
    if extended:
        extensions.append({"id": "extended_key_usage", "critical": True, "value": [extended]})
    if responder:
        schema = {"schema": "aia-urls", "params": {"ocsp-responses": [responder]}}
        extensions.append({"id": "authority_information_access", "smart-value": schema})
    return {
        "subject": name,
        "subject-key": name,
        "issuer": issuer,
        "authority-key": issuer,
        "validity": YEARS,
        "extensions": extensions,
    }


def _revocation_list(repository: str) -> dict[str, Any]:
    params = {"crl-repo-names": [repository]}
    return {"id": "crl_distribution_points", "smart-value": {"schema": "crl-dist-url", "params": params}}


def _der(arch: PKIArchitecture, name: str) -> x509.Certificate:
    return x509.load_der_x509_certificate(arch.get_cert(CertLabel(name)).dump())


def _write_root(arch: PKIArchitecture, folder: Path) -> Path:
    path = folder / "authorities.pem"
    path.write_bytes(_der(arch, "root").public_bytes(Encoding.PEM))
    return path


def _write_key(arch: PKIArchitecture, folder: Path) -> Path:
    """A PKCS#12 file as an authority hands it out: key, certificate, chain."""
    key = load_pem_private_key((folder / "seal.pem").read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    path = folder / "seal.p12"
    path.touch(mode=0o600)
    secret = BestAvailableEncryption(PASSPHRASE.encode())
    chain = [_der(arch, "interm"), _der(arch, "root")]
    path.write_bytes(pkcs12.serialize_key_and_certificates(b"Cachet", key, _der(arch, "seal"), chain, secret))
    return path
