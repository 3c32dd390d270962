"""The environment that tests and lint run in, so that nothing of the machine's own leaks into them.

`python -m logisav.tests.environment COMMAND …` runs a command in it, `--production` with what `check --deploy` expects.
"""

import os
import secrets
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from cryptography.x509.oid import NameOID

SEAL_PASSPHRASE = "phrase-de-test"
CLOSED_PORT = "127.0.0.1:1"
"""Nothing answers there: a test that forgets to replace an outside service fails instead of reaching it."""


def variables(folder: Path, *, database_url: str, broker_url: str, cache_url: str) -> dict[str, str]:
    """Every variable of the settings, with its files in `folder`."""
    for name in ("media", "static"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    return {
        "DJANGO_SETTINGS_MODULE": "logisav.settings",
        "DEMO": "0",
        "DEBUG": "0",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "OTP_KEY": secrets.token_urlsafe(32),
        "OUTBOX_KEY": Fernet.generate_key().decode(),
        "SITE_URL": "http://localhost",
        "ALLOWED_HOSTS": "testserver,localhost,127.0.0.1",
        "TRUSTED_PROXY_COUNT": "0",
        "DATABASE_URL": database_url,
        "CELERY_BROKER_URL": broker_url,
        "CACHE_URL": cache_url,
        "MEDIA_ROOT": str(folder / "media"),
        "STATIC_ROOT": str(folder / "static"),
        "EMAIL_URL": f"smtp://{CLOSED_PORT}",
        "DEFAULT_FROM_EMAIL": "Logisav <devis@logisav.test>",
        "STRIPE_SECRET_KEY": "sk_test_logisav0123456789",
        "STRIPE_WEBHOOK_SECRETS": "whsec_test_logisav0123456789",
        "STRIPE_API_URL": f"http://{CLOSED_PORT}",
        "SEAL_PKCS12": str(write_seal_key(folder / "seal.p12")),
        "SEAL_PASSPHRASE": SEAL_PASSPHRASE,
        "TSA_URLS": "",
        # Tests of the second factor ask for it themselves.
        "SECOND_FACTOR_REQUIRED": "nobody",
        "LOG_LEVEL": "WARNING",
    }


def write_seal_key(path: Path) -> Path:
    """A self-signed key to seal with, as an operator would hold it: one file, readable by its owner alone."""
    if not path.exists():
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(_new_seal_key())
    return path


def _new_seal_key() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Cachet de test Logisav")])
    usage = x509.KeyUsage(True, True, False, False, False, False, False, False, False)
    now = datetime.now(UTC)  # not Django's: the settings are not there yet
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=400))
        .not_valid_after(now + timedelta(days=3650))
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    protection = BestAvailableEncryption(SEAL_PASSPHRASE.encode())
    return pkcs12.serialize_key_and_certificates(b"Cachet", key, certificate, None, protection)


def sqlite_variables(folder: Path) -> dict[str, str]:
    """SQLite and the embedded broker, in files of `folder`."""
    return variables(
        folder,
        database_url=f"sqlite:///{folder}/logisav.sqlite3",
        broker_url=f"sqla+sqlite:///{folder}/broker.sqlite3",
        cache_url="locmemcache://",
    )


def production_variables(folder: Path) -> dict[str, str]:
    """What a real installation sets, for `check --deploy`."""
    return sqlite_variables(folder) | {
        "SITE_URL": "https://devis.example.com",
        "ALLOWED_HOSTS": "devis.example.com",
        "EMAIL_URL": "smtp+tls://user:password@mail.example.com:587",
        "STRIPE_API_URL": "",
    }


def main(arguments: list[str]) -> int:
    """Run a command in the environment of the tests."""
    choose = sqlite_variables
    if arguments[:1] == ["--production"]:
        choose, arguments = production_variables, arguments[1:]
    with tempfile.TemporaryDirectory(prefix="logisav-lint-") as folder:
        return subprocess.run(arguments, env=os.environ | choose(Path(folder)), check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
