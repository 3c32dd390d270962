"""The key of the seal: its owner's alone, and what a former one sealed can still be checked."""

from __future__ import annotations

import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command

from logisav.environment import refuse_open_key
from signing import seal
from signing.check import verifying
from signing.proof import certificates
from signing.tests import tampering


@pytest.fixture
def key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "seal.p12"
    monkeypatch.setattr("django.conf.settings.SEAL_PKCS12", str(path))
    call_command("make_seal_key", "Thermo Rhône", stdout=StringIO())
    return path


def sealed() -> bytes:
    return seal.seal(
        tampering.smallest_pdf(), seal.load_signer(settings.SEAL_PKCS12, settings.SEAL_PASSPHRASE)
    )


def test_a_key_is_never_overwritten(key: Path) -> None:
    before = key.read_bytes()
    with pytest.raises(CommandError, match="--replace"):
        call_command("make_seal_key", "Thermo Rhône", stdout=StringIO())
    assert key.read_bytes() == before


@pytest.mark.django_db
def test_what_a_former_key_sealed_is_still_known(key: Path) -> None:
    old = sealed()
    call_command("make_seal_key", "Thermo Rhône", "--replace", stdout=StringIO())
    new = sealed()
    assert len(certificates.ours()) == 2
    assert [verifying.verify(pdf)["seal"] for pdf in (old, new)] == ["intact", "intact"]
    for kept in key.parent.glob("*.cer"):
        kept.unlink()
    report = verifying.verify(old)
    assert (report["seal"], report["known_signer"]) == ("broken", False)


def test_the_former_key_is_put_aside_and_not_lost(key: Path) -> None:
    before = key.read_bytes()
    call_command("make_seal_key", "Thermo Rhône", "--replace", stdout=StringIO())
    (retired,) = key.parent.glob("*.retired.p12")
    assert retired.read_bytes() == before
    assert key.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_key_that_others_can_open_stops_the_start(key: Path, mode: int) -> None:
    refuse_open_key(key)
    key.chmod(mode)
    with pytest.raises(ImproperlyConfigured, match="chmod 600"):
        refuse_open_key(key)


def test_the_settings_themselves_refuse_it(key: Path) -> None:
    key.chmod(0o644)
    command = [sys.executable, "manage.py", "check"]
    environment = os.environ | {"SEAL_PKCS12": str(key)}
    done = subprocess.run(
        command, env=environment, cwd=settings.BASE_DIR, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "can be read by others" in done.stderr
