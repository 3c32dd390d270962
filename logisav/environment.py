"""Where settings come from: the environment, and for the demo a file of secrets that it makes itself.

A secret has no default outside the demo: what is missing stops the start with a sentence that says how to make it.
"""

from __future__ import annotations

import base64
import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

env = environ.Env()
LIVE_KEYS = ("sk_live_", "rk_live_")

HOW_TO_MAKE = {
    "SECRET_KEY": "python -c 'import secrets; print(secrets.token_urlsafe(50))'",
    "OTP_KEY": "python -c 'import secrets; print(secrets.token_urlsafe(32))'",
    "OUTBOX_KEY": "python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'",
    "SEAL_PASSPHRASE": "python -c 'import secrets; print(secrets.token_urlsafe(32))'",
}


def demo_directory(base: Path) -> Path:
    return Path(os.environ.get("LOGISAV_DEMO_DIR", base / "var" / "demo")).resolve()


def demo_note(directory: Path, name: str, *, default: str) -> str:
    """What the running demo tells the commands beside it, such as its port."""
    try:
        return (directory / name).read_text().strip() or default
    except FileNotFoundError:
        return default


def read_demo_secrets(directory: Path) -> None:
    """Load the demo's own secrets, making them at its first start. The environment wins."""
    directory.mkdir(parents=True, exist_ok=True)
    keys = {name: secrets.token_urlsafe(48) for name in ("SECRET_KEY", "OTP_KEY", "SEAL_PASSPHRASE")}
    keys["OUTBOX_KEY"] = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    # For the stand-in alone, which takes whatever key it is started with.
    stripe = {
        "STRIPE_SECRET_KEY": f"sk_test_{secrets.token_hex(24)}",
        "STRIPE_WEBHOOK_SECRETS": f"whsec_{secrets.token_hex(24)}",
    }
    for path, lines in ((directory / "demo.env", keys), (directory / "stripe.env", stripe)):
        if not path.exists():
            _write_once(path, "".join(f"{name}={value}\n" for name, value in lines.items()))
        environ.Env.read_env(path)


def _write_once(path: Path, text: str) -> None:
    """Two processes may start together: the first one's secrets hold."""
    draft = path.with_suffix(f".{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(text)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    draft.unlink()


def secret(name: str) -> str:
    """A secret that must be set: never a default."""
    value = str(env.str(name, default=""))
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. Make one with: {HOW_TO_MAKE[name]}")
    return value


def one_of(name: str, *choices: str, default: str) -> str:
    """A word misspelt must not quietly weaken a rule."""
    value = str(env.str(name, default="")) or default
    if value not in choices:
        raise ImproperlyConfigured(f"{name} is {value}: it must be one of {', '.join(choices)}.")
    return value


def required(name: str, example: str) -> str:
    value = str(env.str(name, default=""))
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. Example: {name}={example}")
    return value


def media_storage() -> dict[str, Any]:
    """Where documents are stored: in MEDIA_ROOT, or with a service that speaks S3, which several machines share."""
    if one_of("MEDIA_STORAGE", "files", "s3", default="files") == "files":
        return {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    return {
        "BACKEND": "lib.s3.PrivateBucket",
        "OPTIONS": {
            "bucket_name": required("MEDIA_S3_BUCKET", "logisav-media"),
            "access_key": required("MEDIA_S3_KEY", "the name of the key"),
            "secret_key": required("MEDIA_S3_SECRET", "the key itself"),
            "endpoint_url": env.str("MEDIA_S3_ENDPOINT", default="") or None,
            "region_name": env.str("MEDIA_S3_REGION", default="") or None,
        },
    }


def refuse_open_key(path: Path) -> None:
    """The key of the seal is its owner's alone: whoever else may read it could seal in the company's name."""
    if path.is_file() and path.stat().st_mode & 0o077:
        raise ImproperlyConfigured(
            f"{path} can be read by others than its owner. Close it with: chmod 600 {path}"
        )


def payment_page_origins(*, key: str, webhook_secrets: list[str], stand_in: str) -> list[str]:
    """Where customers may be sent to pay. A live key never meets a stand-in, nor a webhook that nobody can check."""
    if not key:
        return []
    if stand_in and key.startswith(LIVE_KEYS):
        raise ImproperlyConfigured(
            "STRIPE_API_URL is for tests: unset it, or use a test key, never a live one."
        )
    if not webhook_secrets:
        raise ImproperlyConfigured(
            "STRIPE_WEBHOOK_SECRETS is not set: copy the signing secret (whsec_…) of the webhook that Stripe's "
            "dashboard sends to SITE_URL/stripe/webhook/"
        )
    parts = urlsplit(stand_in or "https://checkout.stripe.com")
    return [f"{parts.scheme}://{parts.netloc}"]


def refuse_demo_in_production(
    *, site_url: str, database: str, broker: str, hosts: list[str], stripe_key: str
) -> None:
    """The demo has known passwords: nothing that looks like production may load it."""
    signs = {
        "SITE_URL": not site_url.startswith(("http://127.0.0.1:", "http://localhost:")),
        "DATABASE_URL": not database.startswith("sqlite:"),
        "CELERY_BROKER_URL": not broker.startswith("sqla+sqlite:"),
        "ALLOWED_HOSTS": bool(set(hosts) - {"127.0.0.1", "localhost"}),
        "STRIPE_SECRET_KEY": stripe_key.startswith(LIVE_KEYS),
    }
    if found := [name for name, found in signs.items() if found]:
        raise ImproperlyConfigured(f"DEMO=1 must not meet production: {', '.join(found)} looks like it.")
