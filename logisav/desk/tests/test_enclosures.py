"""« Photos et documents » on the desk: what is handed in, refused with a sentence, bounded, kept from colleagues."""

from __future__ import annotations

import html
import re
from decimal import Decimal
from pathlib import PurePath
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from lib import files
from logisav.desk import examined
from logisav.desk.tests.desk import (
    accountant,
    action_of,
    at_desk,
    filled,
    line,
    manager,
    owner,
    page_of,
    said,
    text,
)
from quotes import workflow
from quotes.models import CatalogueItem, Quote
from quotes.tests.enclosures import add_document, add_photo, drawn, halves, photo
from quotes.tests.factories import make_quote, send
from quotes.tests.frozen import fixture
from quotes.tests.test_pictures import bomb
from quotes.workflow import purging
from signing.tests.sealed import small_pdf
from signing.tests.test_active_content import with_object

pytestmark = pytest.mark.django_db
MEGABYTE = 1024 * 1024
TYPES = {".jpg": "image/jpeg", ".pdf": "application/pdf"}


@pytest.fixture
def person() -> Any:
    return owner()


@pytest.fixture
def desk(person: Any) -> Client:
    return at_desk(person)


@pytest.fixture
def quote(person: Any) -> Quote:
    return make_quote(owner=person)


def address(quote: Quote) -> str:
    return f"/admin/quotes/quote/{quote.pk}/photos/"


def upload(desk: Client, quote: Quote, *handed_in: tuple[str, bytes], **typed: Any) -> Any:
    named = [
        SimpleUploadedFile(name, data, content_type=TYPES.get(PurePath(name).suffix, "image/png"))
        for name, data in handed_in
    ]
    return desk.post(address(quote), {"chosen": named, "in_contract": "on"} | typed)


def test_several_files_at_once_are_photos_and_documents_by_what_they_hold(desk: Client, quote: Quote) -> None:
    pdf, line = fixture("1", "pdf").read_bytes(), quote.lines.all()[0]
    response = upload(
        desk,
        quote,
        ("a.jpg", photo()),
        ("b.png", drawn(halves(), "PNG")),
        ("fiche_produit.jpg", pdf),
        line=line.identity,
    )
    assert response.status_code == 302
    first, second, document = quote.enclosures.all()
    assert (first.kind, second.kind, document.kind) == ("photo", "photo", "document")
    assert (first.width, first.height, first.small_width) == (800, 600, 480)
    assert (document.label, document.pages, document.in_contract) == ("fiche produit", 4, True)
    assert {one.line for one in (first, second, document)} == {line.identity}
    assert files.read_named(str(document.file)) == pdf
    page = text(desk.get(page_of(quote)))
    assert "Photos et documents" in page
    assert f"/admin/quotes/quote/{quote.pk}/photos/{first.small_sha256}.jpg" in page


def test_a_telephones_camera_is_one_tap_away(desk: Client, quote: Quote) -> None:
    page = text(desk.get(page_of(quote)))
    assert 'accept="image/*" capture="environment"' in page
    shot = SimpleUploadedFile("image.jpg", photo(), content_type="image/jpeg")
    assert desk.post(address(quote), {"shots": shot}).status_code == 302
    assert quote.enclosures.get().is_photo


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        (
            "dessin.svg",
            b'<svg xmlns="http://www.w3.org/2000/svg"/>',
            "dessin\u00a0: Ce fichier n'est ni une photo lisible",
        ),
        ("photo.jpg", photo()[:3000], "photo\u00a0: Ce fichier n'est ni une photo lisible"),
        ("page.pdf", b"<html></html>", "page\u00a0: Ce fichier n'est ni une photo lisible"),
        ("devis.pdf", b"%PDF-1.7 et rien", "devis\u00a0: Ce PDF n'a pas pu être lu jusqu'au bout"),
        (
            "actif.pdf",
            with_object(b"<</S/JavaScript/JS(app.alert\\(1\\))>>"),
            "actif\u00a0: Ce PDF contient autre chose",
        ),
        ("joint.pdf", with_object(b"<</Type/EmbeddedFile>>"), "joint\u00a0: Ce PDF contient autre chose"),
        ("bombe.png", bomb(20_000, 20_000), "bombe\u00a0: Cette photo est trop grande"),
        ("deux.jpg", b"%PDF-1.7\n" + photo(), "deux\u00a0: Ce PDF n'a pas pu être lu jusqu'au bout"),
    ],
)
def test_what_is_refused_is_told_at_the_field_by_its_name(
    desk: Client, quote: Quote, name: str, data: bytes, words: str
) -> None:
    response = upload(desk, quote, (name, data))
    assert response.status_code == 422
    assert words in html.unescape(text(response))
    assert not quote.enclosures.exists()


def test_one_that_is_refused_keeps_none_of_the_others_back(desk: Client, quote: Quote) -> None:
    response = upload(desk, quote, ("a.jpg", photo()), ("b.svg", b"<svg/>"), ("c.pdf", small_pdf()))
    assert response.status_code == 422
    assert [one.kind for one in quote.enclosures.all()] == ["photo", "document"]


def test_without_a_file_the_page_asks_for_one(desk: Client, quote: Quote) -> None:
    response = upload(desk, quote)
    assert response.status_code == 422
    assert "Choisissez au moins une photo ou un PDF." in text(response)


def test_a_name_of_a_file_is_cleaned_before_it_is_a_title(desk: Client, quote: Quote) -> None:
    upload(desk, quote, ("../../etc/\u202efiche_<b>\x07.pdf", small_pdf()))
    assert quote.enclosures.get().label == "fiche <b>"
    assert "fiche &lt;b&gt;" in desk.get(page_of(quote)).content.decode()


# Bounds


def test_a_quote_has_twelve_photos_at_most(desk: Client, quote: Quote) -> None:
    for number in range(12):
        add_photo(quote, data=drawn(halves((20 + number, 20))))
    assert "12\u00a0photos au plus" in text(upload(desk, quote, ("a.jpg", photo())))
    assert quote.enclosures.count() == 12
    assert purging.remove_files() > 0, "what found no place is not left behind"


def test_a_quote_has_ten_documents_at_most_and_ten_megabytes_of_them(desk: Client, quote: Quote) -> None:
    heavy = add_document(quote, small_pdf("%" + "x" * 6 * MEGABYTE))
    answer = text(upload(desk, quote, ("b.pdf", small_pdf("%" + "y" * 5 * MEGABYTE))))
    assert "Les documents dépassent 10\u00a0Mo ensemble" in answer
    workflow.remove_enclosure(quote.pk, heavy.pk)
    for number in range(10):
        add_document(quote, small_pdf(f"% {number}"))
    assert "10\u00a0documents au plus" in text(upload(desk, quote, ("c.pdf", small_pdf("% c"))))


def test_one_file_is_bounded_too(desk: Client, quote: Quote, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = text(upload(desk, quote, ("gros.pdf", small_pdf("%" + "x" * 11 * MEGABYTE))))
    assert "Ce document dépasse 10\u00a0Mo" in answer
    monkeypatch.setattr(examined, "MAX_PAGES", 3)
    answer = text(upload(desk, quote, ("long.pdf", fixture("1", "pdf").read_bytes())))
    assert "Ce PDF a 4\u00a0pages, 3 au plus sont prises." in answer


# Changed, taken away


def test_a_caption_a_title_and_a_line_are_changed_later(desk: Client, quote: Quote) -> None:
    one, line = add_document(quote, small_pdf()), quote.lines.all()[1]
    typed = {"_change": "", "enclosure": one.pk, "label": "Assurance décennale", "line": line.identity}
    assert desk.post(address(quote), typed).status_code == 302
    one.refresh_from_db()
    assert (one.label, one.line, one.in_contract) == ("Assurance décennale", line.identity, False)
    desk.post(address(quote), {"_remove": "", "enclosure": one.pk})
    assert not quote.enclosures.exists()


def test_a_line_of_another_quote_is_none(desk: Client, quote: Quote) -> None:
    one, elsewhere = add_photo(quote), make_quote().lines.all()[0]
    desk.post(address(quote), {"_change": "", "enclosure": one.pk, "label": "", "line": elsewhere.identity})
    one.refresh_from_db()
    assert one.line == ""


def test_a_script_gets_the_section_alone(desk: Client, quote: Quote) -> None:
    response = desk.post(
        address(quote), {"chosen": [SimpleUploadedFile("a.jpg", photo())]}, headers={"X-Part": "1"}
    )
    page = text(response)
    assert response.status_code == 200
    assert page.lstrip().startswith("<section")
    assert "<html" not in page


# Who may


def test_a_colleague_finds_nothing_and_an_accountant_adds_nothing(desk: Client, quote: Quote) -> None:
    one = add_photo(quote)
    picture = f"/admin/quotes/quote/{quote.pk}/photos/{one.sha256}.jpg"
    response = desk.get(picture)
    assert (response.status_code, response["Cache-Control"]) == (200, "private, max-age=3600")
    colleague = at_desk(owner())
    for path in (address(quote), picture):
        assert colleague.get(path).status_code == 404
    assert colleague.post(address(quote), {"_remove": "", "enclosure": one.pk}).status_code == 404
    books = at_desk(accountant())
    assert books.get(picture).status_code == 200
    assert books.post(address(quote), {"_remove": "", "enclosure": one.pk}).status_code == 403
    assert quote.enclosures.count() == 1


def test_a_photo_of_another_quote_is_not_shown_under_this_ones_address(desk: Client, quote: Quote) -> None:
    other = add_photo(make_quote())
    assert desk.get(f"/admin/quotes/quote/{quote.pk}/photos/{other.sha256}.jpg").status_code == 404


def test_once_sent_they_are_shown_and_not_changed(desk: Client, quote: Quote) -> None:
    add_photo(quote, caption="La cave")
    one = add_document(quote, small_pdf())
    send(quote)
    page = text(desk.get(page_of(quote)))
    assert 'alt="La cave"' in page
    assert "Fiche produit</a>" in page
    assert "data-upload" not in page
    response = desk.post(address(quote), {"_remove": "", "enclosure": one.pk})
    assert response.status_code == 302
    assert any("ne se modifie plus" in words for words in said(desk.get(page_of(quote))))
    assert quote.enclosures.count() == 2


def test_the_preview_shows_them(desk: Client, quote: Quote) -> None:
    one = add_photo(quote, caption="La cave")
    page = text(desk.get(f"/admin/quotes/quote/{quote.pk}/apercu/"))
    assert f'src="/admin/quotes/quote/{quote.pk}/photos/{one.sha256}.jpg"' in page


# The catalogue's own


def test_a_line_made_of_an_article_brings_what_the_article_has() -> None:
    boss = manager()
    desk, quote = at_desk(boss), make_quote(owner=boss)
    item = CatalogueItem.objects.create(reference="PAC", label="Pompe 8 kW", unit_price=Decimal(6890))
    files_of = f"/admin/quotes/catalogueitem/{item.pk}/photos/"
    handed_in = [SimpleUploadedFile("a.jpg", photo()), SimpleUploadedFile("Fiche.pdf", small_pdf())]
    assert desk.post(files_of, {"chosen": handed_in, "in_contract": "on"}).status_code == 302
    assert "Photos et documents" in text(desk.get(f"/admin/quotes/catalogueitem/{item.pk}/change/"))
    form = filled(desk.get(page_of(quote)))
    new = int(form["lines-INITIAL_FORMS"])
    form |= line(new, label="Pompe 8 kW", unit_price="6890") | {"lines-TOTAL_FORMS": new + 1}
    assert desk.post(page_of(quote), form).status_code == 302
    brought, identity = quote.enclosures.all(), quote.lines.get(label="Pompe 8 kW").identity
    assert [(one.kind, one.label, one.line) for one in brought] == [
        ("photo", "", identity),
        ("document", "Fiche", identity),
    ]
    first = item.enclosures.all()[0]
    desk.post(files_of, {"_remove": "", "enclosure": first.pk})
    assert purging.remove_files() == 0, "the quote has it still"
    assert quote.enclosures.count() == 2


def test_each_line_of_an_article_has_what_it_brings_one_that_was_half_typed_too() -> None:
    boss = manager()
    desk, quote = at_desk(boss), make_quote(owner=boss, lines=({"label": "Pompe"},))
    item = CatalogueItem.objects.create(reference="PAC", label="Pompe 8 kW", unit_price=Decimal(6890))
    desk.post(
        f"/admin/quotes/catalogueitem/{item.pk}/photos/", {"chosen": [SimpleUploadedFile("a.jpg", photo())]}
    )
    form = filled(desk.get(page_of(quote))) | {"lines-0-label": "Pompe 8 kW"}
    new = int(form["lines-INITIAL_FORMS"])
    form |= line(new, label="Pompe 8 kW", unit_price="6890") | {"lines-TOTAL_FORMS": new + 1}
    assert desk.post(page_of(quote), form).status_code == 302
    assert {one.line for one in quote.enclosures.all()} == {one.identity for one in quote.lines.all()}


def test_whoever_may_not_change_the_catalogue_adds_nothing_to_it(desk: Client) -> None:
    item = CatalogueItem.objects.create(reference="PAC", label="Pompe", unit_price=Decimal(1))
    files_of = f"/admin/quotes/catalogueitem/{item.pk}/photos/"
    assert desk.post(files_of, {"chosen": [SimpleUploadedFile("a.jpg", photo())]}).status_code == 403
    assert not item.enclosures.exists()


def test_nobody_sends_a_photo_that_they_did_not_see(desk: Client, quote: Quote) -> None:
    page = action_of(quote, "envoyer")
    shown = re.search(r'name="_enclosed" value="(\w+)"', text(desk.get(page)))
    assert shown is not None
    add_photo(quote, caption="La cave")
    response = desk.post(page, {"_enclosed": shown[1]})
    assert response.status_code == 409
    assert "La cave" in text(response)
    now = re.search(r'name="_enclosed" value="(\w+)"', text(response))
    assert now is not None
    assert desk.post(page, {"_enclosed": now[1]}).status_code == 302
    assert Quote.objects.get(pk=quote.pk).state == Quote.State.SENDING
