"""Photos and documents belong to the version: frozen, shown, printed, mailed, signed, proved, kept as long as it is."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from django.core.files.storage import default_storage
from django.db import transaction
from django.test import Client

from lib import files
from logisav.backup import databases
from logisav.desk.tests.desk import text
from quotes import workflow
from quotes.models import IllegalMove, PurgedFile, Quote, QuoteEnclosure
from quotes.pdf import rendering
from quotes.tests.enclosures import add_document, add_photo, drawn, halves
from quotes.tests.factories import SYSTEM, mails, make_quote, send, version_of, visitor
from quotes.versions import freezing
from quotes.versions.comparison import changes
from quotes.versions.freezing import NotSendable
from quotes.workflow import purging
from signing import seal, sealing
from signing.models import SealedDocument
from signing.proof import proof_file
from signing.proof.auditing import damaged_files
from signing.tests.factories import make_signature
from signing.tests.sealed import small_pdf
from signing.tests.test_pages import path, send_form

pytestmark = pytest.mark.django_db


def make_rich() -> Quote:
    """Two photos, one of them of a line, and two documents, one of them of the contract."""
    quote = make_quote()
    line = quote.lines.all()[0]
    add_photo(quote, caption="La chaufferie avant travaux")
    add_photo(quote, line=line.identity, data=drawn(halves((600, 900))))
    add_document(quote, small_pdf("% fiche"), title="Fiche produit")
    add_document(quote, small_pdf("% assurance"), title="Attestation d'assurance", in_contract=False)
    return quote


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


# On the page


def test_the_page_shows_photos_in_two_sizes_lazily_with_words_for_who_cannot_see() -> None:
    quote = send(make_rich())
    browser, content = visitor(quote), version_of(quote).reading
    page = text(browser.get(quote.get_absolute_url()))
    images = re.findall(r"<img[^>]*loading=\"lazy\"[^>]*>", page)
    assert len(images) == 2
    first, second = content.shown_photos
    assert (first.alt, second.alt) == ("La chaufferie avant travaux", content.lines[0].label)
    for shown, tag in zip((first, second), images, strict=True):
        photo = shown.photo
        large, small = (
            f"{quote.get_absolute_url()}photos/{one}.jpg" for one in (photo.sha256, photo.small_sha256)
        )
        assert f'srcset="{small} {photo.small_width}w, {large} {photo.width}w"' in tag
        assert f'width="{photo.width}" height="{photo.height}"' in tag
        assert f'alt="{shown.alt}"' in tag
        for one in (large, small):
            response = browser.get(one)
            assert response["Content-Type"] == "image/jpeg"
            assert response["Cache-Control"] == "private, max-age=3600"
            assert response["X-Content-Type-Options"] == "nosniff"
            assert files.sha256_of(response.content) in one


def test_a_photo_and_a_document_open_behind_the_grant_of_their_quote_alone() -> None:
    quote, other = send(make_rich()), send(make_quote())
    content = version_of(quote).reading
    names = (f"photos/{content.photos[0].sha256}.jpg", f"documents/{content.documents[0].sha256}.pdf")
    for name in names:
        assert visitor(quote).get(quote.get_absolute_url() + name).status_code == 200
        assert visitor(other).get(quote.get_absolute_url() + name).status_code == 403
        assert visitor(other).get(other.get_absolute_url() + name).status_code == 404
        assert Client().get(quote.get_absolute_url() + name).status_code == 403


def test_a_document_is_handed_over_as_it_came_and_named_by_its_title() -> None:
    quote = send(make_rich())
    document = version_of(quote).reading.documents[0]
    response: Any = visitor(quote).get(f"{quote.get_absolute_url()}documents/{document.sha256}.pdf")
    assert body(response) == small_pdf("% fiche")
    assert response["Content-Disposition"] == 'attachment; filename="Fiche-produit.pdf"'


def test_the_page_asks_no_more_for_them(django_assert_max_num_queries: Any) -> None:
    quote = send(make_rich())
    browser = visitor(quote)
    browser.get(quote.get_absolute_url())
    with django_assert_max_num_queries(4):
        page = text(browser.get(quote.get_absolute_url()))
    assert "La chaufferie avant travaux" in page
    assert len(page.encode()) < 60_000


# In the PDF


def test_the_pdf_shows_the_photos_and_names_the_documents_with_their_hashes() -> None:
    content = freezing.preview(make_rich())
    document = rendering.quote_pdf(content)
    pages = pypdfium2.PdfDocument(document)
    words = " ".join(page.get_textpage().get_text_range() for page in pages)
    said = re.sub(r"\s+", "", words)
    assert "Lachaufferieavanttravaux" in said
    for one in content.documents:
        assert one.sha256 in said
    pictures = [thing for page in pages for thing in page.get_objects() if thing.type == 3]
    assert len(pictures) == 2


def test_a_caption_that_no_font_of_ours_can_print_stops_the_sending() -> None:
    quote = make_quote()
    add_photo(quote, caption="La cave \U00013000")
    with pytest.raises(NotSendable, match="ne savent pas imprimer"):
        workflow.send(quote.pk, actor=SYSTEM)


def test_a_version_whose_photo_is_away_is_not_printed_without_it() -> None:
    quote = make_rich()
    content = freezing.preview(quote)
    Path(default_storage.path(content.photos[0].path)).unlink()
    with pytest.raises(files.Damaged):
        rendering.quote_pdf(content)


# In the mail


def test_the_mail_with_the_link_carries_the_documents() -> None:
    quote = send(make_rich())
    mail = mails("quotes/link", quote).get()
    assert [one["name"] for one in mail.attachments] == ["Fiche produit.pdf", "Attestation d'assurance.pdf"]
    assert "Joint à ce mail :\n- Fiche produit\n- Attestation d'assurance\n" in mail.text


def test_above_five_megabytes_the_mail_names_them_and_the_page_has_them() -> None:
    quote = make_quote()
    heavy, light = (small_pdf("%" + "x" * size) for size in (6 * 1024 * 1024, 10))
    add_document(quote, heavy, title="Notice")
    add_document(quote, light, title="Fiche")
    send(quote)
    mail = mails("quotes/link", quote).get()
    assert [one["name"] for one in mail.attachments] == ["Fiche.pdf"]
    assert f"- Notice (empreinte SHA-256 {files.sha256_of(heavy)})" in mail.text
    response: Any = visitor(quote).get(f"{quote.get_absolute_url()}documents/{files.sha256_of(heavy)}.pdf")
    assert body(response) == heavy


# At the signature


def test_who_signs_reads_which_documents_are_part_of_the_contract() -> None:
    quote = send(make_rich())
    browser, content = visitor(quote), version_of(quote).reading
    form = text(browser.get(path(quote)))
    assert "Font partie du contrat" in form
    assert f"documents/{content.documents[0].sha256}.pdf" in form
    assert "assurance</a> (PDF" not in form
    assert (
        "ses conditions générales, les documents qui font partie du contrat et" in content.consents[0].words
    )
    send_form(browser, quote)
    assert "Documents du contrat</dt><dd>Fiche produit</dd>" in text(browser.get(path(quote, "code/")))


def test_nobody_signs_what_can_no_longer_be_read() -> None:
    quote = send(make_rich())
    browser = visitor(quote)
    default_storage.delete(version_of(quote).reading.contract_documents[0].path)
    assert send_form(browser, quote).status_code != 302
    assert not quote.signing_requests.exists()


def test_signed_they_are_proved_sealed_in_and_audited() -> None:
    quote = make_rich()
    assert rendering.render_version(workflow.send(quote.pk, actor=SYSTEM).pk)
    signature = make_signature(Quote.objects.get(pk=quote.pk))
    content = signature.version.reading
    sheet, insurance = content.documents
    assert signature.quote.events.get(kind="accepted").facts["documents"] == [
        {"title": "Fiche produit", "sha256": sheet.sha256}
    ]
    assert sealing.seal_signature(signature.pk)
    sealed = SealedDocument.objects.get().file.read()
    assert seal.attached(sealed, f"document-1-{sheet.sha256[:8]}.pdf") == small_pdf("% fiche")
    with proof_file.temporary_file() as file:
        proof_file.write(signature, file)
        names = {Path(name).name for name in zipfile.ZipFile(file).namelist()}
    assert {f"01-{sheet.sha256}.pdf", f"02-{insurance.sha256}.pdf"} <= names
    assert f"02-{content.photos[1].sha256}.jpg" in names
    assert list(damaged_files(quote)) == []
    Path(default_storage.path(content.photos[1].small_path)).write_bytes(b"autre")
    assert any("photos/" in line for line in damaged_files(quote))


# From one version to the next


def test_what_came_and_went_is_told() -> None:
    quote = send(make_rich())
    before = version_of(quote).reading
    workflow.revise(quote.pk, actor=SYSTEM)
    photo, *_, insurance = quote.enclosures.all()
    workflow.remove_enclosure(quote.pk, insurance.pk)
    add_photo(quote, caption="Le local", data=drawn(halves((300, 200))))
    workflow.change_enclosure(quote.pk, photo.pk, label="La cave", line="", in_contract=True)
    told = changes(before, freezing.preview(Quote.objects.get(pk=quote.pk)))
    assert "Photo ajoutée\u00a0: Le local." in told
    assert "Document retiré\u00a0: Attestation d'assurance." in told
    assert "La légende d'une photo est maintenant «\u00a0La cave\u00a0»." in told
    send(Quote.objects.get(pk=quote.pk))
    assert "Photo ajoutée" in mails("quotes/new_version", quote).get().text


def test_a_sent_quote_takes_none_and_gives_none_away() -> None:
    quote = send(make_rich())
    one = quote.enclosures.first()
    assert one is not None
    for verb in (
        lambda: add_document(quote, small_pdf("% autre")),
        lambda: workflow.remove_enclosure(quote.pk, one.pk),
        lambda: workflow.change_enclosure(quote.pk, one.pk, label="x", line="", in_contract=True),
    ):
        with pytest.raises(IllegalMove):
            verb()


def test_a_duplicate_has_them_too_at_its_own_lines() -> None:
    quote = make_rich()
    copy = workflow.duplicate(quote.pk, actor=SYSTEM)
    mine, theirs = freezing.preview(quote), freezing.preview(copy)
    assert [one.sha256 for one in theirs.photos] == [one.sha256 for one in mine.photos]
    assert theirs.documents == mine.documents
    assert theirs.photos[1].line == copy.lines.all()[0].identity != mine.photos[1].line


def test_a_photo_of_a_line_that_is_gone_is_the_whole_quotes() -> None:
    quote = make_rich()
    quote.lines.all()[0].delete()
    assert {one.line for one in freezing.preview(Quote.objects.get(pk=quote.pk)).photos} == {""}


# Kept once, and as long as something names them


def test_the_same_file_is_kept_once() -> None:
    quote, other = make_quote(), make_quote()
    first, again = add_photo(quote), add_photo(quote)
    assert first.pk == again.pk
    assert add_photo(other).file == first.file


def test_a_quote_that_is_erased_takes_them_along_and_a_contract_keeps_them() -> None:
    quote, contract = make_quote(), make_quote()
    gone, kept = add_photo(quote, data=drawn(halves((77, 55)))), add_photo(contract)
    send(quote)
    send(contract)
    with transaction.atomic():
        purging.erase([quote])
    purging.remove_files()
    assert not QuoteEnclosure.objects.filter(quote=quote).exists()
    assert not any(map(default_storage.exists, gone.files))
    assert all(map(default_storage.exists, kept.files))


def test_a_backup_takes_along_what_a_version_names() -> None:
    quote = send(make_rich())
    names = {name for name, _ in version_of(quote).reading.enclosed_files}
    QuoteEnclosure.objects.all().delete()
    assert len(names) == 6
    assert names <= set(databases.named_files())


def test_a_removed_photo_goes_unless_a_version_shows_it() -> None:
    quote = send(make_rich())
    workflow.revise(quote.pk, actor=SYSTEM)
    shown = quote.enclosures.all()[0]
    fresh = add_photo(quote, data=drawn(halves((333, 222))))
    for one in (shown, fresh):
        workflow.remove_enclosure(quote.pk, one.pk)
    assert PurgedFile.objects.count() == 3, "of a small photo both sizes are one file"
    assert purging.remove_files() == 1
    assert default_storage.exists(str(shown.file))
    assert not default_storage.exists(str(fresh.file))
