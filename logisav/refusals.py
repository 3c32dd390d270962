"""What must not start: settings judged by strength and form, each refused with the sentence that says what to write.

Only what can be known without trying; the rest is tried by `manage.py doctor`. No sentence quotes a secret.
"""

from __future__ import annotations

import ipaddress
import math
import re
import zlib
from collections import Counter
from collections.abc import Sequence
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

from logisav.environment import HOW_TO_MAKE, LIVE_KEYS, env

SECRET_LENGTHS = {"SECRET_KEY": 50, "OTP_KEY": 32}  # characters; Django's own check asks for 50
ENTROPY = 128  # bits that a secret must seem to hold
PLACEHOLDERS = ("change", "example", "exemple", "insecure", "password", "secret", "your-", "…")
ENGINES = ("django.db.backends.postgresql", "django.db.backends.sqlite3")
BROKERS = ("redis", "rediss", "sqla+sqlite")
MOST_PROXIES = 5
STRIPE_KEY = re.compile(r"(sk|rk)_(test|live)_\w{16,}", re.ASCII)
WEBHOOK_SECRET = re.compile(r"whsec_[\w+/=-]{16,}", re.ASCII)
YES = ("1", "true", "yes", "on")
NO = ("0", "false", "no", "off")


def switch(name: str, *, default: bool) -> bool:
    """A word misspelt must not quietly weaken a rule."""
    word = str(env.str(name, default="")).strip().lower()
    if word and word not in YES + NO:
        raise ImproperlyConfigured(f"{name} is {word}: write 1 or 0.")
    return word in YES if word else default


def number(name: str, *, least: int, most: int, default: int) -> int:
    word = str(env.str(name, default="")).strip()
    if word and not (word.isascii() and word.isdigit() and least <= int(word) <= most):
        raise ImproperlyConfigured(f"{name} is {word}: write a number from {least} to {most}.")
    return int(word) if word else default


def refuse_weak_secrets(**secrets: str) -> None:
    for name, value in secrets.items():
        if (why := weakness(value, least=SECRET_LENGTHS[name])) is not None:
            raise ImproperlyConfigured(f"{name} {why}. Make one with: {HOW_TO_MAKE[name]}")


def weakness(value: str, *, least: int) -> str | None:
    """Why somebody might guess it; None for what looks random."""
    if len(value) < least:
        return f"has {len(value)} characters, and needs at least {least}"
    if any(word in value.lower() for word in PLACEHOLDERS):
        return "is an example's, not a secret of yours"
    if _bits(value) < ENTROPY:
        return "repeats itself, and can be guessed"
    return None


def _bits(value: str) -> float:
    """An upper bound of what it holds: by how often each character stands in it, and by what repeats."""
    shares = [count / len(value) for count in Counter(value).values()]
    by_character = -len(value) * sum(share * math.log2(share) for share in shares)
    return min(by_character, 8 * len(zlib.compress(value.encode(), level=9, wbits=-15)))


def refuse_malformed_outbox_key(keys: Sequence[str]) -> None:
    for position, key in enumerate(keys, start=1):
        try:
            Fernet(key.strip())
        except ValueError as error:
            raise ImproperlyConfigured(
                f"OUTBOX_KEY: key {position} of {len(keys)} is no Fernet key (32 bytes in URL-safe base64)."
                f" Make one with: {HOW_TO_MAKE['OUTBOX_KEY']}"
            ) from error


def is_here(host: str | None) -> bool:
    """This machine: what is said to it travels over no network."""
    name = (host or "").lower()
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")


def refuse_site(url: str, *, debug: bool, hosts: Sequence[str]) -> None:
    """Links in mails are built from SITE_URL: what they carry opens a quote."""
    example = "Example: SITE_URL=https://devis.exemple.fr"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise ImproperlyConfigured(f"SITE_URL is no address. {example}") from error
    # As written: cookies are Secure where it begins with https, in small letters.
    if not url.startswith(("https://", "http://")) or not host or parts.username is not None:
        raise ImproperlyConfigured(f"SITE_URL must be https:// and a host name. {example}")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ImproperlyConfigured(f"SITE_URL must end with the host name, without path or query. {example}")
    if parts.scheme == "http" and not is_here(host):
        raise ImproperlyConfigured(f"SITE_URL is http: customers' links would travel in the clear. {example}")
    if debug and parts.scheme == "https":
        raise ImproperlyConfigured("DEBUG=1 shows everybody the inside of an https site. Write DEBUG=0.")
    if any(name.strip() in ("*", "") or "/" in name for name in hosts) or not hosts:
        raise ImproperlyConfigured(
            f"ALLOWED_HOSTS must name the hosts that are answered, never *. Example: ALLOWED_HOSTS={host}"
        )


def refuse_database(config: dict[str, Any]) -> None:
    if config["ENGINE"] not in ENGINES:
        raise ImproperlyConfigured(
            "DATABASE_URL names a database that Logisav does not speak to. Write"
            " postgres://user:password@host/name, or sqlite:////path/to/file."
        )


def refuse_broker(url: str) -> None:
    if urlsplit(url).scheme not in BROKERS:
        raise ImproperlyConfigured(
            "CELERY_BROKER_URL names a broker that Logisav does not speak to. Write redis://host:6379/0, or"
            " sqla+sqlite:////path/to/broker.sqlite3."
        )


def refuse_mail(url: str, *, sender: str) -> None:
    """Links and codes go this way."""
    parts = urlsplit(url)
    example = "Example: EMAIL_URL=smtp+tls://user:password@smtp.exemple.fr:587"
    if parts.scheme not in ("smtp", "smtp+tls", "smtp+ssl", "smtps") or not parts.hostname:
        raise ImproperlyConfigured(f"EMAIL_URL must be smtp+tls:// or smtp+ssl:// and a server. {example}")
    if parts.scheme == "smtp" and not is_here(parts.hostname):
        raise ImproperlyConfigured(
            f"EMAIL_URL is smtp:// to another machine: links and codes would travel in the clear. {example}"
        )
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", parseaddr(sender)[1]):
        raise ImproperlyConfigured(
            "DEFAULT_FROM_EMAIL is no address. Example: DEFAULT_FROM_EMAIL=devis@exemple.fr"
        )


def refuse_stripe(*, key: str, webhook_secrets: Sequence[str], site_url: str, debug: bool) -> None:
    if not key:
        return
    if not STRIPE_KEY.fullmatch(key):
        raise ImproperlyConfigured(
            "STRIPE_SECRET_KEY is no secret key of Stripe's (a publishable pk_… never is). Copy sk_live_…, sk_test_… or"
            " rk_… from Stripe's dashboard, whole and without spaces."
        )
    if any(not WEBHOOK_SECRET.fullmatch(secret) for secret in webhook_secrets):
        raise ImproperlyConfigured(
            "STRIPE_WEBHOOK_SECRETS: each must be whsec_… as Stripe's dashboard shows it, several separated by a comma"
            " without spaces."
        )
    if key.startswith(LIVE_KEYS) and (debug or not site_url.startswith("https://")):
        raise ImproperlyConfigured(
            "STRIPE_SECRET_KEY is live, and this site is for trying (DEBUG=1, or SITE_URL without https). Write a test"
            " key (sk_test_…)."
        )


def refuse_served_media(media: Path, *, static: Sequence[Path]) -> None:
    """Whatever lies in a static folder is handed to everybody."""
    if not media.is_absolute():
        raise ImproperlyConfigured("MEDIA_ROOT must be absolute. Example: MEDIA_ROOT=/var/lib/logisav/media")
    for folder in static:
        if media.resolve().is_relative_to(folder.resolve()):
            raise ImproperlyConfigured(
                f"MEDIA_ROOT lies in {folder}, which is served to everybody: quotes would be public. Example:"
                " MEDIA_ROOT=/var/lib/logisav/media"
            )


def refuse_half_hsts(*, seconds: int, subdomains: bool, preload: bool) -> None:
    """https://hstspreload.org: a year at least, subdomains too; it takes months to leave the browsers' lists."""
    if preload and not (subdomains and seconds >= 365 * 24 * 3600):
        raise ImproperlyConfigured(
            "SECURE_HSTS_PRELOAD=1 wants SECURE_HSTS_INCLUDE_SUBDOMAINS=1 and SECURE_HSTS_SECONDS of a year"
            " (31536000) or more. Write all three, or SECURE_HSTS_PRELOAD=0."
        )
