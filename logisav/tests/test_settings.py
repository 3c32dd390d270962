"""What must not start does not start, and says which setting is wrong and how to make it right."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

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
