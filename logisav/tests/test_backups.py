"""What a backup holds and does not, what is found before a restore touches anything, how a restored house is opened."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project
from django.core.management import CommandError
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from demo.stripe_standin.standin import StandIn
from logisav import sweeping
from logisav.backup import databases, manifest, numbers, reconciling
from logisav.backup.storing import ToolFailed
from logisav.staff.models import StaffAction
from logisav.staff.models.session import SessionStore, digest_of
from logisav.tests.many import make_many
from logisav.tests.test_backup_and_restore import manage, refused, rows
from notifications.models import OutgoingEmail, Restoration
from notifications.tests import smtp
from payments.tests.conftest import stripe
from quotes.models import NumberCounter, Quote, QuoteVersion
from quotes.tests.factories import make_owner, make_sent_quote
from signing.proof import anchoring

__all__ = ["stripe"]
one_database = pytest.mark.sqlite  # files and manifests are the same on both
committed = pytest.mark.django_db(transaction=True)
needs_age = pytest.mark.skipif(not shutil.which("age") and not os.environ.get("CI"), reason="needs age")


@pytest.fixture
def place(tmp_path: Path, settings: Settings) -> Path:
    """Where backups go; the media folder is this test's own."""
    settings.MEDIA_ROOT = str(tmp_path / "media")
    settings.STRIPE_SECRET_KEY = ""
    return tmp_path / "backups"


def back_up(place: Path, *options: str) -> Path:
    return Path(manage("backup", str(place), *options).splitlines()[0])


def file_of(quote: Quote) -> Path:
    return Path(project.MEDIA_ROOT, str(QuoteVersion.objects.get(quote=quote).pdf.name))


def there(place: Path) -> list[str]:
    return sorted(one.name for one in place.iterdir() if not one.name.startswith("."))


# What is in it


@committed
@one_database
def test_no_key_no_secret_and_no_session_is_in_it(place: Path) -> None:
    make_sent_quote()
    session = SessionStore()
    session["grants"] = {"a": 1}
    session.save()
    folder = back_up(place)
    contents = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert b"Thermo Rh" in contents
    apart = [
        project.SECRET_KEY,
        project.OTP_KEY,
        *project.OUTBOX_KEY,
        project.SEAL_PASSPHRASE,
        session.session_key,
        digest_of(session.session_key or ""),
    ]
    assert [secret for secret in apart if secret and secret.encode() in contents] == []
    assert Path(project.SEAL_PKCS12).read_bytes() not in contents


@committed
@one_database
def test_a_file_that_a_row_names_and_that_is_gone_is_named_loudly(place: Path) -> None:
    whole = (make_sent_quote(), back_up(place))[1]
    lost = file_of(make_sent_quote())
    lost.unlink()
    words = refused("backup", str(place))
    assert words.splitlines()[1:] == [f"versions/{lost.name}"]
    incomplete = manifest.read(place / there(place)[-1])
    assert (incomplete.manifest.is_complete, incomplete.manifest.missing) == (
        False,
        (f"versions/{lost.name}",),
    )
    assert manifest.find(place).folder == whole


@committed
@one_database
def test_what_was_backed_up_before_costs_a_link(place: Path) -> None:
    old = file_of(make_sent_quote()).stem
    first = back_up(place)
    new = file_of(make_sent_quote()).stem
    second = back_up(place)
    assert (first / "media" / old).samefile(second / "media" / old)
    assert (second / "media" / new).exists()
    (second / "media" / old).write_bytes(b"rotten")
    third = back_up(place)
    assert not (second / "media" / old).samefile(third / "media" / old)
    assert manage("restore", str(third), "--check").endswith("Intacte : 2 fichiers et la base.\n")


@committed
@one_database
def test_keep_removes_old_ones_and_what_was_left_half_done(place: Path) -> None:
    make_sent_quote()
    made = [back_up(place).name for _ in range(3)]
    (place / ".2026-01-01T000000.000Z.partial").mkdir()
    made.append(back_up(place, "--keep", "2").name)
    assert there(place) == made[-2:]
    assert not list(place.glob(".*.partial"))


# What is found


def edit_manifest(folder: Path) -> None:
    path = folder / "manifest.json"
    document = json.loads(path.read_text())
    document["rows"]["quotes_quote"] = 0
    path.write_text(json.dumps(document))


def edit_file(folder: Path) -> None:
    next((folder / "media").iterdir()).write_bytes(b"another")


def swap_file_and_hash(folder: Path) -> None:
    path = folder / "manifest.json"
    stored = next((folder / "media").iterdir())
    stored.write_bytes(b"another")
    digest = "ae448ac86c4e8e4dec645729708ef41873ae79c6dff84eff73360989487f08e5"
    path.write_text(path.read_text().replace(stored.name, digest))


FAULTS: dict[str, tuple[Callable[[Path], Any], str]] = {
    "manifest": (edit_manifest, "manifest.json : la signature ne correspond pas"),
    "file": (edit_file, "son contenu a changé"),
    "file and hash": (swap_file_and_hash, "manifest.json : la signature ne correspond pas"),
    "database": (lambda folder: (folder / "database").write_bytes(b"x"), "database : son contenu a changé"),
    "file gone": (lambda folder: next((folder / "media").iterdir()).unlink(), " : manque"),
    "database gone": (lambda folder: (folder / "database").unlink(), "database : manque"),
    "file added": (lambda folder: (folder / "media" / "x").touch(), "media/x : inconnu du manifeste"),
    "signature gone": (lambda folder: (folder / "manifest.p7s").unlink(), "la signature ne correspond pas"),
    "no manifest": (lambda folder: (folder / "manifest.json").write_text("{"), "Le manifeste est illisible"),
}


@committed
@one_database
def test_whatever_was_tampered_with_is_found_and_nothing_is_touched(place: Path) -> None:
    pdf = file_of(make_sent_quote())
    made = back_up(place)
    make_sent_quote()
    before = rows()
    for name, (tamper, words) in FAULTS.items():
        copy = place.parent / name
        shutil.copytree(made, copy)
        tamper(copy)
        assert words in refused("restore", str(copy), "--replace"), name
        assert words in refused("restore", str(copy), "--check"), name
    assert rows() == before
    assert pdf.exists()
    assert not Restoration.objects.exists()


@committed
@one_database
def test_a_backup_of_another_engine_or_a_newer_version_is_refused(place: Path) -> None:
    make_sent_quote()
    made = manifest.read(back_up(place))
    for name, value, words in (
        ("engine", "postgresql", "Sauvegarde de postgresql"),
        ("migrations", ("quotes.9999_future",), "plus récent que celui-ci"),
    ):
        folder = place.parent / name
        shutil.copytree(made.folder, folder)
        document = json.loads((folder / "manifest.json").read_text()) | {name: value}
        (folder / "manifest.json").write_text(json.dumps(document))
        assert words in refused("restore", str(folder), "--replace", "--seal-lost")


def test_a_manifest_names_no_file_outside_of_its_folders() -> None:
    for path in ("../../etc/passwd", "/etc/passwd", "signed/../../x", ""):
        with pytest.raises(manifest.Unusable):
            manifest.Entry(path, 1, "", "media/x", 1, "")
        with pytest.raises(manifest.Unusable):
            manifest.Entry("signed/x", 1, "", path, 1, "")


# There and back


@committed
@pytest.mark.both
@needs_age
def test_an_encrypted_backup_is_read_by_its_key_alone(place: Path, settings: Settings) -> None:
    right, wrong = identity(place.parent / "right"), identity(place.parent / "wrong")
    settings.BACKUP_RECIPIENTS = [recipient_of(right)]
    pdf = file_of(make_sent_quote())
    folder, before = back_up(place), rows()
    contents = b"".join(path.read_bytes() for path in folder.rglob("*.age"))
    assert b"Thermo Rh" not in contents
    assert pdf.read_bytes() not in contents
    assert back_up(place).joinpath("media", f"{pdf.stem}.age").samefile(folder / "media" / f"{pdf.stem}.age")
    assert "--identity" in refused("restore", str(folder), "--replace")
    assert "ne se déchiffre pas" in refused("restore", str(folder), "--replace", "--identity", str(wrong))
    pdf.write_bytes(b"another")
    Quote.objects.update(title="Autre chose")
    said = manage("restore", str(folder), "--replace", "--identity", str(right))
    assert "Journaux, scellés et ancrages vérifiés : intacts." in said
    assert f"versions/{pdf.name} différait de la sauvegarde : mis de côté, remplacé." in said
    assert rows() == before
    assert pdf.read_bytes().startswith(b"%PDF")
    (kept,) = Path(project.MEDIA_ROOT).glob(f".set-aside-*/versions/{pdf.name}")
    assert kept.read_bytes() == b"another"
    assert not Quote.objects.filter(title="Autre chose").exists()


def identity(path: Path) -> Path:
    subprocess.run(["age-keygen", "--output", str(path)], check=True, capture_output=True)
    return path


def recipient_of(path: Path) -> str:
    return next(line.split()[-1] for line in path.read_text().splitlines() if "public key" in line)


@committed
@pytest.mark.both
def test_a_dump_that_cannot_be_loaded_leaves_what_was_there(place: Path) -> None:
    make_sent_quote()
    before = rows()
    with pytest.raises((ToolFailed, sqlite3.DatabaseError)):
        databases.load([b"PGDMP no dump"], at=timezone.now(), epoch=2)
    assert rows() == before
    assert not Restoration.objects.exists()


@committed
@pytest.mark.postgres
def test_the_password_of_the_database_stands_on_no_command_line(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Programs of the same names in front of PostgreSQL's note how they were called, and call them."""
    make_sent_quote()
    shims, notes = place.parent / "shims", place.parent / "notes"
    shims.mkdir()
    for name in ("pg_dump", "pg_restore", "psql"):
        shim = shims / name
        shim.write_text(
            f'#!/bin/sh\necho "{name} $* [$PGPASSWORD] [$SECRET_KEY]" >>{notes}\nexec {shutil.which(name)} "$@"\n'
        )
        shim.chmod(0o755)
    monkeypatch.setenv("PATH", f"{shims}:{os.environ['PATH']}")
    monkeypatch.setitem(connection.settings_dict, "PASSWORD", "tres-secret")
    manage("restore", str(back_up(place)), "--replace")
    calls = notes.read_text().splitlines()
    assert {call.split()[0] for call in calls} == {"pg_dump", "pg_restore", "psql"}
    assert [call for call in calls if "tres-secret" in call.partition(" [")[0]] == []
    assert [call for call in calls if call.endswith("[tres-secret] []")] == [
        call for call in calls if not call.startswith("pg_restore")
    ]


# Numbers


@pytest.mark.django_db
def test_the_margin_follows_the_pace_and_is_never_less_than_a_hundred() -> None:
    now = timezone.now()
    dumped = now - dt.timedelta(hours=6)
    assert numbers.margin_for(dumped, now) == 100
    make_many(40, owners=[make_owner()])
    Quote.objects.update(created_at=dumped - dt.timedelta(hours=5))
    assert numbers.margin_for(dumped, now) == 120
    assert numbers.margin_for(now - dt.timedelta(hours=1), now) == 100


@pytest.mark.django_db
def test_the_database_that_is_replaced_is_asked_for_its_numbers_first() -> None:
    NumberCounter.objects.create(year=2025, last=57)
    seen = numbers.seen_here()
    seen.note(["D-2025-0060", "D-2026-0003", "", "n'importe quoi"])
    assert seen.last == {2025: 60, 2026: 3}
    now = timezone.now()
    numbers.jump(seen, dumped_at=now, restored_at=now)
    assert NumberCounter.objects.get(year=2025).last == 160
    facts = StaffAction.objects.get(target="Numéros de devis 2025, après une restauration").facts
    assert facts == {"before": 57, "after": 160, "vu": 60, "marge": 100}


@pytest.mark.django_db
def test_without_the_old_media_folder_versions_may_have_been_mailed(place: Path) -> None:
    make_sent_quote()
    assert reconciling.newer_files(media_was_kept=False).lost_versions
    assert not reconciling.newer_files(media_was_kept=True).lost_versions


@pytest.mark.django_db
def test_an_exported_anchor_is_believed_only_with_our_signature(tmp_path: Path) -> None:
    make_sent_quote()
    anchoring.make(timezone.localdate())
    with contextlib.suppress(
        CommandError
    ):  # small PDFs of tests are no evidence; the anchors are written first
        manage("verify_evidence", "--export-anchors", str(tmp_path))
    (file,) = tmp_path.glob("*.json")
    assert json.loads(numbers.exported(tmp_path)[file.stem])["heads"]
    file.write_text(file.read_text().replace("D-20", "D-21"))
    with pytest.raises(numbers.NotOurs):
        numbers.exported(tmp_path)


# Opening


def closed(**fields: Any) -> Restoration:
    now = timezone.now()
    defaults = {"restored_at": now, "dumped_at": now, "epoch": 2, "ready_at": now}
    return Restoration.objects.create(**defaults | fields)


@pytest.mark.django_db
def test_without_drop_waiting_what_waited_leaves_once(stripe: StandIn, settings: Settings) -> None:
    make_sent_quote()
    OutgoingEmail.objects.update(carries_secret=False)
    closed(dumped_at=timezone.now() + dt.timedelta(seconds=1))
    said = manage("restore", "--open", "--yes")
    assert "dont 1 d'avant la sauvegarde, peut-être déjà parti(s)" in said
    assert "Avec --drop-waiting" in said
    with smtp.running() as post:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", post.port
        sweeping.sweep()
        sweeping.sweep()
    assert len(post.accepted) == 1


@pytest.mark.django_db
def test_a_house_that_is_not_closed_or_not_ready_is_not_opened() -> None:
    assert refused("restore", "--open", "--yes") == "Rien n'est fermé."
    closed(ready_at=None)
    assert refused("restore", "--open", "--yes").startswith("La restauration n'est pas allée à son terme")


@pytest.mark.django_db
def test_while_stripe_does_not_answer_the_house_stays_closed() -> None:
    closed()
    assert refused("restore", "--open", "--yes").startswith("Stripe ne répond pas, rien n'est rouvert")
    assert Restoration.objects.filter(opened_at=None).exists()
