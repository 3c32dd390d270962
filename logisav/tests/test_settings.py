"""What must not start does not start, and says which setting is wrong and how to make it right."""

from __future__ import annotations

import base64
import os
import re
import runpy
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from logisav import refusals

pytestmark = pytest.mark.sqlite

REQUIRED = (
    "SITE_URL",
    "DATABASE_URL",
    "CELERY_BROKER_URL",
    "EMAIL_URL",
    "DEFAULT_FROM_EMAIL",
    "MEDIA_ROOT",
    "SEAL_PKCS12",
)
SECRETS = ("SECRET_KEY", "OTP_KEY", "OUTBOX_KEY", "SEAL_PASSPHRASE")
LOAD = "import django; django.setup(); from django.conf import settings; print(settings.SESSION_COOKIE_NAME)"


def load(tmp_path: Path, *, without: str = "", **changes: str) -> subprocess.CompletedProcess[str]:
    """Load the settings in a process of its own, as gunicorn, a worker and manage.py do."""
    env = os.environ | {"LOGISAV_DEMO_DIR": str(tmp_path)} | changes
    env.pop(without, None)
    return subprocess.run(
        [sys.executable, "-c", LOAD],
        check=False,
        env=env,
        capture_output=True,
        text=True,
        cwd=settings.BASE_DIR,
    )


def demo(tmp_path: Path, **changes: str) -> subprocess.CompletedProcess[str]:
    """The demo's own environment: nothing set but DEMO."""
    env = {name: os.environ[name] for name in ("PATH", "DJANGO_SETTINGS_MODULE") if name in os.environ}
    env |= {
        "DEMO": "1",
        "LOGISAV_DEMO_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "logisav.settings",
    } | changes
    return subprocess.run(
        [sys.executable, "-c", LOAD],
        check=False,
        env=env,
        capture_output=True,
        text=True,
        cwd=settings.BASE_DIR,
    )


def test_a_complete_environment_loads(tmp_path: Path) -> None:
    assert load(tmp_path).returncode == 0


@pytest.mark.parametrize("name", REQUIRED)
def test_a_missing_setting_stops_the_start_and_shows_an_example(tmp_path: Path, name: str) -> None:
    done = load(tmp_path, without=name)
    assert done.returncode != 0
    assert f"{name} is not set. Example:" in done.stderr


@pytest.mark.parametrize("name", SECRETS)
def test_a_missing_secret_stops_the_start_and_says_how_to_make_one(tmp_path: Path, name: str) -> None:
    done = load(tmp_path, without=name)
    assert done.returncode != 0
    assert f"{name} is not set. Make one with:" in done.stderr


def test_a_missing_seal_key_stops_the_start(tmp_path: Path) -> None:
    done = load(tmp_path, SEAL_PKCS12=str(tmp_path / "none.p12"))
    assert done.returncode != 0
    assert "make_seal_key" in done.stderr


def test_a_misspelt_policy_of_the_second_factor_does_not_weaken_it(tmp_path: Path) -> None:
    refused = load(tmp_path, SECOND_FACTOR_REQUIRED="managerz")
    assert refused.returncode != 0
    assert "SECOND_FACTOR_REQUIRED is managerz" in refused.stderr


def test_everybody_has_a_second_factor_unless_the_installation_says_otherwise(tmp_path: Path) -> None:
    said = LOAD.replace("SESSION_COOKIE_NAME", "SECOND_FACTOR_REQUIRED")
    env = os.environ | {"LOGISAV_DEMO_DIR": str(tmp_path)}
    for choice, found in ((None, "everybody"), ("managers", "managers")):
        env.pop("SECOND_FACTOR_REQUIRED", None)
        chosen = env if choice is None else env | {"SECOND_FACTOR_REQUIRED": choice}
        done = subprocess.run(
            [sys.executable, "-c", said],
            check=True,
            env=chosen,
            capture_output=True,
            text=True,
            cwd=settings.BASE_DIR,
        )
        assert done.stdout.strip() == found


def test_https_brings_host_bound_secure_cookies(tmp_path: Path) -> None:
    assert load(tmp_path, SITE_URL="https://devis.exemple.fr").stdout.strip() == "__Host-logisav"


def test_the_demo_makes_its_own_secrets_once(tmp_path: Path) -> None:
    assert demo(tmp_path).returncode == 0
    secrets = (tmp_path / "demo.env").read_text()
    assert (tmp_path / "demo.env").stat().st_mode & 0o077 == 0
    assert demo(tmp_path).returncode == 0
    assert (tmp_path / "demo.env").read_text() == secrets


@pytest.mark.parametrize(
    "sign",
    [
        {"SITE_URL": "https://devis.exemple.fr"},
        {"SITE_URL": "http://devis.exemple.fr"},
        {"DATABASE_URL": "postgres://logisav@localhost/logisav"},
        {"CELERY_BROKER_URL": "redis://localhost:6379/0"},
        {"ALLOWED_HOSTS": "127.0.0.1,devis.exemple.fr"},
        {"STRIPE_SECRET_KEY": "sk_live_x", "STRIPE_WEBHOOK_SECRETS": "whsec_x"},
    ],
    ids=["https", "another host", "PostgreSQL", "Redis", "a public name", "a live key"],
)
def test_the_demo_refuses_whatever_looks_like_production(tmp_path: Path, sign: dict[str, str]) -> None:
    done = demo(tmp_path, **sign)
    assert done.returncode != 0
    assert "DEMO=1 must not meet production" in done.stderr
    assert next(iter(sign)) in done.stderr


# Strength and form: the settings file itself is read, in this process, with one thing changed


def start(monkeypatch: pytest.MonkeyPatch, **changes: str) -> dict[str, Any]:
    for name, value in changes.items():
        monkeypatch.setenv(name, value)
    return runpy.run_path(str(settings.BASE_DIR / "logisav" / "settings.py"))


HTTPS = {"SITE_URL": "https://devis.exemple.fr"}
LIVE = {"STRIPE_API_URL": "", "STRIPE_SECRET_KEY": "sk_live_0123456789abcdef0123"}
FERNET = base64.urlsafe_b64encode(b"0123456789abcdef" * 2).decode()
STATIC = str(settings.BASE_DIR / "static")
REFUSED: list[tuple[dict[str, str], str]] = [
    (HTTPS | {"DEBUG": "1"}, "Write DEBUG=0"),
    ({"DEBUG": "flase"}, "DEBUG is flase: write 1 or 0"),
    ({"DEMO": "peut-être"}, "DEMO is peut-être: write 1 or 0"),
    (HTTPS | {"SSL_REDIRECT": "ture"}, "SSL_REDIRECT is ture: write 1 or 0"),
    # Secrets
    ({"SECRET_KEY": "f8K2_pq9Zx"}, r"SECRET_KEY has 10 characters.*Make one with: python"),
    ({"SECRET_KEY": "django-insecure-" + "aB3$kf9#" * 6}, "SECRET_KEY is an example's"),
    ({"SECRET_KEY": "change-me-f8K2pq9ZxQw7Lm3Vt6Yb1Nc4Rd5Sg0Hj2Ku8Pi7Oa"}, "SECRET_KEY is an example's"),
    ({"SECRET_KEY": "a" * 60}, "SECRET_KEY repeats itself"),
    ({"SECRET_KEY": "0123456789" * 6}, "SECRET_KEY repeats itself"),
    ({"OTP_KEY": "f8K2pq9ZxQw7Lm3"}, r"OTP_KEY has 15 characters.*token_urlsafe\(32\)"),
    ({"OTP_KEY": "azertyui" * 5}, "OTP_KEY repeats itself"),
    ({"OTP_KEY": "mon-mot-de-passe-exemple-de-logisav-2026"}, "OTP_KEY is an example's"),
    ({"OUTBOX_KEY": "f8K2pq9ZxQw7Lm3Vt6Yb1Nc4Rd5Sg0Hj"}, r"key 1 of 1 is no Fernet key.*Make one with"),
    ({"OUTBOX_KEY": f"{FERNET},"}, "key 2 of 2 is no Fernet key"),
    # Addresses
    ({"SITE_URL": "http://devis.exemple.fr"}, "SITE_URL is http"),
    ({"SITE_URL": "http://localhost.exemple.fr"}, "SITE_URL is http"),
    ({"SITE_URL": "http://127.exemple.fr"}, "SITE_URL is http"),
    ({"SITE_URL": "HTTPS://devis.exemple.fr"}, "SITE_URL must be https"),
    ({"SITE_URL": "ftp://devis.exemple.fr"}, "SITE_URL must be https"),
    ({"SITE_URL": "devis.exemple.fr"}, "SITE_URL must be https"),
    ({"SITE_URL": "https://moi@devis.exemple.fr"}, "SITE_URL must be https"),
    ({"SITE_URL": "https://devis.exemple.fr/logisav"}, "without path or query"),
    ({"SITE_URL": "https://devis.exemple.fr?a=b"}, "without path or query"),
    ({"SITE_URL": "https://devis.exemple.fr:port"}, "SITE_URL is no address"),
    ({"ALLOWED_HOSTS": "*"}, r"never \*. Example: ALLOWED_HOSTS=localhost"),
    ({"ALLOWED_HOSTS": "devis.exemple.fr,*"}, "never"),
    ({"ALLOWED_HOSTS": "https://devis.exemple.fr"}, "ALLOWED_HOSTS must name the hosts"),
    ({"TRUSTED_PROXY_COUNT": "-1"}, "TRUSTED_PROXY_COUNT is -1: write a number from 0 to 5"),
    ({"TRUSTED_PROXY_COUNT": "100"}, "write a number from 0 to 5"),
    ({"TRUSTED_PROXY_COUNT": "un"}, "write a number from 0 to 5"),
    # Services
    ({"DATABASE_URL": "mysql://u:tres-cache@h/logisav"}, "postgres://user:password@host/name"),
    ({"DATABASE_URL": "oracle://u:tres-cache@h/logisav"}, "DATABASE_URL names a database"),
    ({"CELERY_BROKER_URL": "amqp://u:tres-cache@h//"}, "CELERY_BROKER_URL names a broker"),
    ({"EMAIL_URL": "smtp://u:tres-cache@smtp.exemple.fr:25"}, r"in the clear. Example: EMAIL_URL=smtp\+tls"),
    ({"EMAIL_URL": "smtp://127.exemple.fr:25"}, "in the clear"),
    ({"EMAIL_URL": "consolemail://"}, r"EMAIL_URL must be smtp\+tls"),
    ({"EMAIL_URL": "smtp.exemple.fr"}, r"EMAIL_URL must be smtp\+tls"),
    ({"EMAIL_TIMEOUT": "0"}, "EMAIL_TIMEOUT is 0: write a number from 1 to 60"),
    ({"DEFAULT_FROM_EMAIL": "Logisav"}, "DEFAULT_FROM_EMAIL is no address"),
    # Stripe
    ({"STRIPE_SECRET_KEY": "pk_test_0123456789abcdef0123"}, r"a publishable pk_…"),
    ({"STRIPE_SECRET_KEY": "sk_test_court"}, "no secret key of Stripe's"),
    ({"STRIPE_SECRET_KEY": "sk_test_0123456789abcdef 0123"}, "whole and without spaces"),
    ({"STRIPE_WEBHOOK_SECRETS": " "}, "STRIPE_WEBHOOK_SECRETS is not set"),
    ({"STRIPE_WEBHOOK_SECRETS": ","}, "STRIPE_WEBHOOK_SECRETS is not set"),
    ({"STRIPE_WEBHOOK_SECRETS": "we_0123456789abcdef0123"}, "each must be whsec_"),
    ({"STRIPE_WEBHOOK_SECRETS": "whsec_0123456789abcdef,whsec_"}, "each must be whsec_"),
    (LIVE, "STRIPE_SECRET_KEY is live, and this site is for trying"),
    # Files
    ({"MEDIA_ROOT": STATIC}, "MEDIA_ROOT lies in"),
    ({"MEDIA_ROOT": f"{STATIC}/desk/../files"}, "MEDIA_ROOT lies in"),
    ({"STATIC_ROOT": "/srv/static", "MEDIA_ROOT": "/srv/static/media"}, "served to everybody"),
    ({"MEDIA_ROOT": "media"}, "MEDIA_ROOT must be absolute"),
    # Browsers
    (HTTPS | {"SECURE_HSTS_PRELOAD": "1"}, "SECURE_HSTS_INCLUDE_SUBDOMAINS=1"),
    (HTTPS | {"SECURE_HSTS_INCLUDE_SUBDOMAINS": "oui"}, "write 1 or 0"),
]


@pytest.mark.parametrize(
    ("changes", "sentence"), REFUSED, ids=[" ".join(map(str, changes.items())) for changes, _ in REFUSED]
)
def test_a_setting_that_is_weak_or_malformed_stops_the_start_and_says_what_to_write(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, str], sentence: str
) -> None:
    with pytest.raises(ImproperlyConfigured, match=sentence) as refused:
        start(monkeypatch, **changes)
    assert "tres-cache" not in str(refused.value)
    assert not any(value in str(refused.value) for name, value in changes.items() if "KEY" in name)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        HTTPS,
        HTTPS | LIVE,
        HTTPS | {"SITE_URL": "https://devis.exemple.fr:8443/"},
        {"SITE_URL": "http://localhost:8000"},
        {"SITE_URL": "http://127.0.0.1:8000", "DEBUG": "1"},
        {"SITE_URL": "http://[::1]:8000"},
        {"STRIPE_SECRET_KEY": "", "STRIPE_WEBHOOK_SECRETS": ""},
        {"STRIPE_SECRET_KEY": "rk_test_0123456789abcdef0123"},
        {"STRIPE_WEBHOOK_SECRETS": "whsec_0123456789abcdef,whsec_abcdef0123456789"},
        {"EMAIL_URL": "smtp+tls://u:p@smtp.exemple.fr:587"},
        {"EMAIL_URL": "smtp+ssl://u:p@smtp.exemple.fr:465"},
        {"EMAIL_URL": "smtp://localhost:25"},
        {"DATABASE_URL": "postgres://logisav:p@db/logisav", "CELERY_BROKER_URL": "rediss://r:6379/0"},
        {"OUTBOX_KEY": f"{FERNET}, {FERNET}"},
        {"TRUSTED_PROXY_COUNT": "2"},
        {"MEDIA_ROOT": "/var/lib/logisav/media", "STATIC_ROOT": "/var/lib/logisav/static"},
    ],
    ids=str,
)
def test_what_is_strong_and_well_formed_starts(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, str]
) -> None:
    start(monkeypatch, **changes)


def test_each_way_to_make_a_secret_makes_one_that_starts() -> None:
    """A hundred of each: chance must not stop an installation that did as it was told."""
    for _ in range(100):
        for made in (secrets.token_urlsafe(50), secrets.token_hex(32)):
            assert refusals.weakness(made, least=50) is None
        assert refusals.weakness(secrets.token_urlsafe(32), least=32) is None


def test_other_sites_of_the_domain_are_bound_to_https_only_on_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plain = start(monkeypatch, **HTTPS)
    assert (plain["SECURE_HSTS_SECONDS"], plain["SECURE_HSTS_INCLUDE_SUBDOMAINS"]) == (31_536_000, False)
    assert plain["SECURE_HSTS_PRELOAD"] is False
    asked = start(monkeypatch, SECURE_HSTS_INCLUDE_SUBDOMAINS="1", SECURE_HSTS_PRELOAD="1")
    assert (asked["SECURE_HSTS_INCLUDE_SUBDOMAINS"], asked["SECURE_HSTS_PRELOAD"]) == (True, True)


def test_the_example_names_every_setting_that_is_read_and_no_other() -> None:
    code = "".join(
        (settings.BASE_DIR / "logisav" / name).read_text()
        for name in ("settings.py", "environment.py", "refusals.py")
    )
    called = r"(?:env\.\w+|secret|required|one_of|switch|number)\(\s*\"([A-Z0-9_]+)\""
    read = set(re.findall(called, code))
    example = (settings.BASE_DIR / ".env.example").read_text()
    assert set(re.findall(r"^([A-Z0-9_]+)=", example, re.MULTILINE)) == read
