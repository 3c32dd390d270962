"""A version's file goes bad: mended to the byte, or out of force and told; never replaced or signed, never a 500."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path

import pytest
import time_machine
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.template import engines
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from lib import files
from lib.tests.test_files import spoil
from logisav import sweeping
from logisav.desk.tests.desk import at_desk, owner
from logisav.tests.test_queues import a_logo_that_goes
from notifications import delivery
from notifications.models import Notification
from notifications.queue import QueueEntry
from quotes import workflow
from quotes.models import Quote, QuoteVersion
from quotes.pdf import engine, mending, rendering
from quotes.tests.factories import SYSTEM, mails, make_company, make_quote, stored_pdf, version_of, visitor
from signing import sealing
from signing import workflow as signing
from signing.models import SealedDocument
from signing.tests.factories import make_signature, make_signing_request, right_code, sign
from signing.workflow import Outcome

pytestmark = pytest.mark.django_db
HARMS = ["truncated", "one byte", "gone"]


one_page: list[bytes] = []


@pytest.fixture(autouse=True)
def _quickly_rendered(monkeypatch: pytest.MonkeyPatch) -> None:
    """One page serves as every PDF, with a mark of its text behind it: the same for the same, another for another."""
    one_page[:] = one_page or [engine.render("<html lang='fr'><title>Devis</title><p>Une page.</p></html>")]

    def render(html: str, **_: object) -> bytes:
        return one_page[0] + f"% {files.sha256_of(html.encode())}\n".encode()

    monkeypatch.setattr(engine, "render", render)


@pytest.fixture
def quote() -> Quote:
    """Rendered and sent as in life, but for the renderer."""
    quote = make_quote(owner=owner())
    rendering.render_version(workflow.send(quote.pk, actor=SYSTEM).pk)
    return Quote.objects.get(pk=quote.pk)


@pytest.fixture
def file(quote: Quote) -> Path:
    return Path(version_of(quote).pdf.path)


def change_the_template(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next release lays quotes out otherwise, so that the same text no longer gives the same file."""
    changed = engines["django"].from_string("<html lang='fr'><title>Devis</title><p>Autre page.</p></html>")
    monkeypatch.setattr(rendering, "render_to_string", lambda name, context: changed.render(context))


def sign_page(quote: Quote) -> str:
    return reverse("signing:sign", args=[quote.public_id])


# What is stored


def test_a_stump_under_the_final_name_is_stored_anew_and_then_mailed(quote: Quote) -> None:
    """A kill between open and write, then the retry: what the customer reads and signs is whole."""
    again = workflow.send(make_quote(customer=quote.customer).pk, actor=SYSTEM)
    document = rendering.quote_pdf(again.reading)
    path = Path(default_storage.path(f"versions/{files.sha256_of(document)}.pdf"))
    path.write_bytes(document[:100])
    assert rendering.render_version(again.pk)
    again.refresh_from_db()
    assert again.is_current
    assert files.read(str(again.pdf), again.pdf_sha256) == document


def test_no_link_leaves_for_a_file_that_cannot_be_stored(
    quote: Quote, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = workflow.send(make_quote().pk, actor=SYSTEM)
    with monkeypatch.context() as patch:
        patch.setattr(
            "os.fsync", lambda handle: (_ for _ in ()).throw(OSError(28, "No space left on device"))
        )
        rendering.render_version(again.pk)
    again.refresh_from_db()
    assert "No space left" in again.error
    assert not again.is_current
    assert not mails("quotes/link", again.quote).exists()
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=1)):
        assert rendering.render_version(again.pk)
    assert mails("quotes/link", again.quote).exists()


# Before a signature


@pytest.mark.parametrize("harm", HARMS)
def test_a_damaged_file_is_signed_by_nobody_and_mended_to_the_byte(
    quote: Quote, file: Path, harm: str
) -> None:
    as_read, browser, waiting = file.read_bytes(), visitor(quote), make_signing_request(quote)
    code = right_code(waiting)
    spoil(file, harm)
    page = browser.get(sign_page(quote))
    assert page.status_code == 409
    assert "se met à jour" in page.content.decode()
    assert sign(waiting, code) is Outcome.DAMAGED
    assert "se met à jour" in browser.get(quote.get_absolute_url()).content.decode()
    assert sweeping.sweep()
    assert file.read_bytes() == as_read
    assert browser.get(sign_page(quote)).status_code == 200
    kinds = list(quote.events.order_by("seq").values_list("kind", flat=True))
    assert kinds.count("file_damaged") == kinds.count("file_mended") == 1
    assert sign(waiting, code) is Outcome.SIGNED


def test_a_damaged_file_is_found_when_a_code_is_asked_for(quote: Quote, file: Path) -> None:
    version, waiting = version_of(quote), make_signing_request(quote)
    spoil(file, "one byte")
    outcome, _ = signing.resend_code(waiting.pk, link=waiting.link, browser="b" * 64, actor=SYSTEM)
    assert outcome is Outcome.DAMAGED
    version.refresh_from_db()
    assert version.damaged_at is not None


def test_t2_reads_rows_alone(quote: Quote, file: Path) -> None:
    """Nothing of the file is read under the quote's lock: what was found before is a column."""
    waiting = make_signing_request(quote)
    code = right_code(waiting)
    file.unlink()
    assert sign(waiting, code) is Outcome.SIGNED


@pytest.mark.parametrize("harm", HARMS)
def test_what_cannot_be_mended_goes_out_of_force(
    quote: Quote, file: Path, harm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The template has changed since: the rendering of today is another file, and is not put in its place."""
    browser, waiting = visitor(quote), make_signing_request(quote)
    code = right_code(waiting)
    spoil(file, harm)
    change_the_template(monkeypatch)
    left = file.read_bytes() if file.exists() else None
    stored = set(file.parent.iterdir())
    browser.get(sign_page(quote))
    sweeping.sweep()
    quote.refresh_from_db()
    assert quote.state == Quote.State.DRAFT
    assert (file.read_bytes() if file.exists() else None) == left
    assert set(file.parent.iterdir()) == stored
    assert mails("quotes/version_lost_owner", quote).count() == 1
    assert Notification.objects.filter(user=quote.owner, text__contains="n'est plus signable").count() == 1
    assert sign(waiting, code) is Outcome.NOT_OPEN
    for address in (
        quote.get_absolute_url(),
        sign_page(quote),
        reverse("quotes:pdf", args=[quote.public_id]),
    ):
        page = browser.get(address, follow=True)
        assert page.status_code == 200
        assert "se met à jour" in page.content.decode()
    sweeping.sweep()
    assert not QueueEntry.objects.filter(queue=mending.UNSIGNED.name).exists()
    assert mails("quotes/version_lost_owner", quote).count() == 1
    assert rendering.render_version(workflow.send(quote.pk, actor=SYSTEM).pk)
    assert "Accepter et signer" in visitor(quote).get(quote.get_absolute_url()).content.decode()


def test_a_backup_that_has_the_same_file_gives_it_back(
    quote: Quote, file: Path, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_read = file.read_bytes()
    (tmp_path / file.name).write_bytes(as_read)
    settings.BACKUP_DIRS = [str(tmp_path)]
    change_the_template(monkeypatch)
    file.unlink()
    assert workflow.stored_pdf(version_of(quote)) is None
    sweeping.sweep()
    assert file.read_bytes() == as_read
    assert workflow.stored_pdf(version_of(quote)) == as_read


def test_a_disk_that_is_full_while_mending_retires_nothing(
    quote: Quote, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.unlink()
    workflow.stored_pdf(version_of(quote))
    with monkeypatch.context() as patch:
        patch.setattr("os.write", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        mending.mend_version(version_of(quote).pk)
    quote.refresh_from_db()
    assert quote.state == Quote.State.SENT
    mending.mend_version(version_of(quote).pk)
    assert file.exists()


# What a version is made of


def test_a_logo_that_is_gone_leaves_a_quote_that_can_be_sent_and_keeps_nobody_waiting() -> None:
    with a_logo_that_goes():
        bad = workflow.send(make_quote().pk, actor=SYSTEM)
    good, now = workflow.send(make_quote().pk, actor=SYSTEM), timezone.now()
    for _ in range(rendering.MAX_ATTEMPTS):
        with time_machine.travel(now):
            sweeping.sweep()
        now += dt.timedelta(minutes=5)
    assert QuoteVersion.objects.get(pk=good.pk).is_current
    assert Quote.objects.get(pk=bad.quote_id).state == Quote.State.DRAFT
    told = mails("quotes/sending_failed_owner", bad.quote).get()
    assert "company/" in told.text
    assert "le fichier manque" in told.text
    again = workflow.send(bad.quote_id, actor=SYSTEM)
    assert rendering.render_version(again.pk)
    assert QuoteVersion.objects.get(pk=again.pk).is_current


def test_a_logo_that_is_gone_comes_out_of_a_backup(settings: Settings, tmp_path: Path) -> None:
    make_company()
    settings.BACKUP_DIRS = [str(tmp_path)]
    with a_logo_that_goes():
        version = workflow.send(make_quote().pk, actor=SYSTEM)
        logo = version.reading.company.logo
        assert logo is not None
        data = files.read(f"company/{logo.sha256}.png", logo.sha256)
    (tmp_path / f"{logo.sha256}.png").write_bytes(data)
    assert rendering.render_version(version.pk)
    assert QuoteVersion.objects.get(pk=version.pk).is_current


# After it


def test_a_signed_version_that_is_lost_waits_and_says_what_to_do(
    quote: Quote, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signature, as_signed, start = make_signature(quote), file.read_bytes(), timezone.now()
    spoil(file, "truncated")
    with monkeypatch.context() as patch:
        change_the_template(patch)
        for minutes in range(0, 60, 5):
            with time_machine.travel(start + dt.timedelta(minutes=minutes)):
                sweeping.sweep()
    signature.refresh_from_db()
    assert signature.done_at is None
    assert Quote.objects.get(pk=quote.pk).state == Quote.State.ACCEPTED
    entry = QueueEntry.objects.get(queue="damaged contracts")
    assert "aucune sauvegarde" in entry.error
    assert mails("quotes/stuck_owner", quote).count() == 1
    assert file.name in mails("quotes/stuck_owner", quote).get().text
    page = visitor(quote).get(reverse("quotes:pdf", args=[quote.public_id]))
    assert page.status_code == 503
    assert "indisponible pour le moment" in page.content.decode()
    desk = at_desk(quote.owner).get(reverse("admin:quotes_quote_pdf", args=[quote.pk]), follow=True)
    assert "en réparation" in desk.content.decode()
    file.write_bytes(as_signed)
    with time_machine.travel(start + dt.timedelta(hours=2)):
        sweeping.sweep()
        sweeping.sweep()
    assert SealedDocument.objects.filter(signature=signature).exists()
    assert not QueueEntry.objects.filter(queue="damaged contracts").exists()


def test_a_sealed_document_that_is_gone_is_a_page_and_no_500(quote: Quote) -> None:
    signature = make_signature(quote)
    sealing.seal_signature(signature.pk)
    document = signature.latest_document()
    assert document is not None
    Path(document.file.path).unlink()
    page = visitor(quote).get(reverse("signing:signed_pdf", args=[quote.public_id]))
    assert page.status_code == 503
    desk = at_desk(quote.owner).get(reverse("admin:signing_signed_pdf", args=[quote.pk]), follow=True)
    assert "sauvegarde" in desk.content.decode()


def test_no_mail_leaves_with_a_sealed_document_that_has_changed(quote: Quote) -> None:
    signature = make_signature(quote)
    sealing.seal_signature(signature.pk)
    document, mail = signature.latest_document(), mails("signing/accepted", quote).get()
    assert document is not None
    spoil(Path(document.file.path), "one byte")
    delivery.deliver(mail.pk)
    mail.refresh_from_db()
    assert mail.error == "Message impossible à préparer (Damaged)"


# What the operator is told


def audit() -> str:
    out = io.StringIO()
    call_command("verify_evidence", stdout=out)
    return out.getvalue()


@pytest.mark.parametrize("harm", HARMS)
def test_verify_evidence_names_a_version_that_is_missing_or_differs(
    quote: Quote, file: Path, harm: str
) -> None:
    audit()
    spoil(file, harm)
    with pytest.raises(CommandError) as wrong:
        audit()
    words = "manque" if harm == "gone" else "a changé"
    assert f"{quote.number}, version 1 : versions/{file.name} : le fichier {words}" in str(wrong.value)
    assert wrong.value.returncode == 1


def test_verify_evidence_names_a_sealed_document_and_lists_orphans(quote: Quote) -> None:
    signature = make_signature(quote)
    sealing.seal_signature(signature.pk)
    document = signature.latest_document()
    assert document is not None
    orphan = Path(default_storage.path(files.store(b"%PDF-1.7 orphan", folder="signed")))
    assert f"signed/{orphan.name}" in audit()
    assert str(document.file) not in audit()
    spoil(Path(document.file.path), "one byte")
    with pytest.raises(CommandError, match=str(document.file)):
        audit()
    assert orphan.exists()
    orphan.unlink()


# Written once


@pytest.mark.both
@pytest.mark.parametrize("column", ["version_hash", "pdf_sha256"])
def test_the_hashes_of_a_version_are_written_once(column: str) -> None:
    version = workflow.send(make_quote().pk, actor=SYSTEM)
    name, digest = stored_pdf(version.content_sha256)
    workflow.complete_sending(version.pk, pdf=name, pdf_sha256=digest)
    for other in ("0" * 64, ""):
        with pytest.raises(IntegrityError, match="written once"), transaction.atomic():
            QuoteVersion.objects.filter(pk=version.pk).update(**{column: other})
    assert QuoteVersion.objects.filter(pk=version.pk, pdf_sha256=digest).update(mail_words="Bonjour") == 1
