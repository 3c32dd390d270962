"""The signed PDF: begins with what was read, is sealed, reaches the customer, and shows every change."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import subprocess
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from logisav.desk.tests.desk import at_desk, manager, page_of, text
from notifications.models import OutgoingEmail
from quotes import readiness, workflow
from quotes.models import Quote
from quotes.pdf import rendering
from quotes.tests.factories import SYSTEM, mails, make_quote, make_sent_quote, version_of, visitor
from signing import seal, sealing
from signing.check import verifying
from signing.models import SealedDocument, Signature
from signing.proof import certificates, evidence
from signing.tests.factories import make_signature

pytestmark = pytest.mark.django_db


@pytest.fixture
def signature() -> Signature:
    """A quote rendered for real, then signed."""
    quote = make_quote()
    rendering.render_version(workflow.send(quote.pk, actor=SYSTEM).pk)
    return make_signature(Quote.objects.get(pk=quote.pk))


@pytest.fixture
def document(signature: Signature) -> bytes:
    assert sealing.seal_signature(signature.pk)
    with SealedDocument.objects.get().file.open("rb") as file:
        return bytes(file.read())


def test_it_begins_with_the_bytes_that_the_customer_read(signature: Signature, document: bytes) -> None:
    with version_of(signature.quote).pdf.open("rb") as file:
        read = file.read()
    assert document.startswith(read)
    assert hashlib.sha256(read).hexdigest() == signature.version.pdf_sha256


def test_the_customer_gets_it_attached_with_the_way_back(signature: Signature, document: bytes) -> None:
    mail = mails("signing/accepted", signature.quote).get()
    assert mail.to == signature.email
    assert [attachment["name"] for attachment in mail.attachments] == [
        f"Devis signé {signature.quote.number}.pdf"
    ]
    assert signature.quote.get_absolute_url() in mail.text
    assert mail.reply_to == signature.quote.owner.email


def test_the_page_offers_the_same_bytes(signature: Signature, document: bytes) -> None:
    browser = visitor(signature.quote)
    path = f"{signature.quote.get_absolute_url()}devis-signe.pdf"
    assert path in browser.get(signature.quote.get_absolute_url()).content.decode()
    response: Any = browser.get(path)
    assert b"".join(response.streaming_content) == document
    assert response["Content-Disposition"].startswith("attachment")
    assert Client().get(path).status_code == 403


def test_a_version_frozen_before_texts_were_cleaned_gets_its_sealed_document(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The rules of before let it go; its text and its hash stay as they were signed."""
    title = "Rénovation de la salle de bains\vet des toilettes"
    with monkeypatch.context() as before:
        before.setattr(readiness, "CHECKS", ())
        quote = make_quote(title=title)
        rendering.render_version(workflow.send(quote.pk, actor=SYSTEM).pk)
    version = version_of(quote)
    signature = make_signature(Quote.objects.get(pk=quote.pk))
    assert sealing.seal_signature(signature.pk)
    with SealedDocument.objects.get().file.open("rb") as file, version.pdf.open("rb") as read:
        document = bytes(file.read())
        assert document.startswith(read.read())
    assert seal.check(document, trusted=certificates.ours()).seal == "intact"
    version.refresh_from_db()
    assert version.reading.title == title
    assert version.computed_hash() == version.version_hash == signature.version_hash
    assert mails("signing/accepted", quote).count() == 1


def test_sealing_again_changes_nothing(signature: Signature, document: bytes) -> None:
    assert not sealing.seal_signature(signature.pk)
    Signature.objects.update(done_at=timezone.now())
    assert SealedDocument.objects.count() == 1
    assert mails("signing/accepted", signature.quote).count() == 1


def test_the_untouched_file_is_genuine(document: bytes, tmp_path: Path) -> None:
    file = tmp_path / "signe.pdf"
    file.write_bytes(document)
    out = StringIO()
    call_command("verify_pdf", str(file), stdout=out)
    report = json.loads(out.getvalue())
    assert report["seal"] == "intact"
    assert report["known_revision"] == 1
    assert report["docmdp"] == "respected"


def test_an_independent_tool_agrees(document: bytes, tmp_path: Path) -> None:
    file = tmp_path / "signe.pdf"
    file.write_bytes(document)
    said = subprocess.run(["pdfsig", "-nocert", file], capture_output=True, text=True, check=True).stdout
    assert "Signature is Valid" in said
    assert "Total document signed" in said


@pytest.mark.parametrize("change", ["one byte", "appended"])
def test_a_changed_file_is_refused_by_the_command(document: bytes, tmp_path: Path, change: str) -> None:
    file = tmp_path / "signe.pdf"
    middle = len(document) // 3
    altered = document[:middle] + bytes([document[middle] ^ 1]) + document[middle + 1 :]
    file.write_bytes(altered if change == "one byte" else document + b"\n")
    with pytest.raises(CommandError):
        call_command("verify_pdf", str(file), stdout=StringIO())


def test_without_any_stored_hash_the_seal_alone_shows_a_change(document: bytes) -> None:
    signer_report = verifying.verify(document)
    assert signer_report["seal"] == "intact"
    middle = len(document) // 3
    altered = document[:middle] + bytes([document[middle] ^ 1]) + document[middle + 1 :]
    for changed in (altered, document + b"\n"):
        report = verifying.verify(changed)
        assert report["known_revision"] is None
        assert report["seal"] == "broken"


def test_the_proof_travels_inside_and_ends_at_the_acceptance(signature: Signature) -> None:
    proof = json.loads(evidence.proof(signature))
    previous = bytes(32)
    for row in proof["journal"]:
        previous = hashlib.sha256(previous + row["record"].encode()).digest()
        assert previous.hex() == row["hash"]
    assert json.loads(proof["journal"][-1]["record"])["event"] == "accepted"
    assert previous.hex() == signature.journal_hash


def test_a_stored_pdf_that_is_not_the_one_signed_is_never_sealed(signature: Signature) -> None:
    path = Path(signature.version.pdf.path)
    as_signed = path.read_bytes()
    path.write_bytes(as_signed + b"%")
    sealing.seal_signature(signature.pk)
    path.write_bytes(as_signed)
    signature.refresh_from_db()
    assert signature.done_at is None
    assert "not the one that was signed" in signature.error
    assert not SealedDocument.objects.exists()


def test_a_sealing_that_takes_more_than_five_minutes_is_told_once(
    signature: Signature, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django.conf.settings.SEAL_PKCS12", "/nowhere/seal.p12")
    for minutes in (4, 5, 6):
        with time_machine.travel(signature.signed_at + dt.timedelta(minutes=minutes, seconds=1)):
            sealing.sweep()
            expected = 0 if minutes == 4 else 1
            assert mails("signing/sealing_late", signature.quote).count() == expected
    monkeypatch.undo()
    with time_machine.travel(signature.signed_at + dt.timedelta(hours=1)):
        sealing.sweep()
    assert SealedDocument.objects.count() == 1
    assert mails("signing/accepted", signature.quote).get().state == OutgoingEmail.State.QUEUED


def test_the_seal_is_ours(document: bytes, tmp_path: Path) -> None:
    stranger = tmp_path / "autre.p12"
    seal.make_key(stranger, passphrase="x", common_name="Autre", organisation="Autre")
    other = seal.load_signer(stranger, "x")
    report = seal.check(document, trusted=[other.certificate])
    assert not report.known_signer
    assert not report.intact


def test_a_document_that_cannot_be_sealed_is_kept_told_and_keeps_nobody_waiting() -> None:
    """What is stored is what was signed, and it is no PDF to which a page can be added."""
    broken = make_sent_quote()
    other = workflow.send(make_quote().pk, actor=SYSTEM)
    rendering.sweep()
    signature, behind = make_signature(broken), make_signature(Quote.objects.get(pk=other.quote_id))
    now = signature.signed_at
    for _ in range(sealing.TELLS_AFTER + 2):
        with time_machine.travel(now, tick=False):
            sealing.sweep()
        signature.refresh_from_db()
        now = signature.next_try_at
    assert SealedDocument.objects.get().signature == behind
    assert signature.done_at is None
    assert "Pdf" in signature.error
    quote = signature.quote
    assert quote.events.filter(kind="sealing_failed").count() == 1
    mail = mails("quotes/stuck_owner", quote).get()
    assert mail.to == quote.owner.email
    assert "Ne faites pas signer une seconde fois" in mail.text
    assert signature.error in mail.text
    assert mails("signing/sealing_late", quote).count() == 1
    assert "n'a pas encore pu être scellé" in text(at_desk(manager()).get(page_of(quote)))
