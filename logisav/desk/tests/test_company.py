"""The company on the desk: one row, and uploads that are looked into."""

from __future__ import annotations

import io
import zlib
from functools import partial
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image, PngImagePlugin

from lib.places import place
from logisav.desk.company import terms
from logisav.desk.tests.desk import at_desk, filled, manager, owner, text
from quotes.models import Company
from quotes.tests.factories import make_company
from signing.check import examination
from signing.tests.sealed import small_pdf

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Client:
    make_company()
    return at_desk(manager())


def address() -> str:
    return f"/admin/quotes/company/{Company.current().pk}/change/"


def save(desk: Client, **changes: Any) -> Any:
    data = filled(desk.get(address()))
    data.pop("logo", None)
    data.pop("terms_pdf", None)
    return desk.post(address(), data | changes)


def image(kind: str, *, size: tuple[int, int] = (60, 40), mode: str = "RGB", **options: Any) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, "#0c5a6e").save(out, kind, **options)
    return out.getvalue()


def upload(content: bytes, name: str = "logo.png", kind: str = "image/png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type=kind)


def test_there_is_one_company_and_it_stays(desk: Client) -> None:
    company = Company.current()
    assert desk.get("/admin/quotes/company/").headers["Location"] == address()
    assert desk.get("/admin/quotes/company/add/").status_code == 403
    assert desk.post(f"/admin/quotes/company/{company.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Company.objects.count() == 1


def test_the_first_company_is_made_on_the_desk() -> None:
    desk = at_desk(manager())
    assert desk.get("/admin/quotes/company/").headers["Location"] == "/admin/quotes/company/add/"
    data = filled(desk.get("/admin/quotes/company/add/")) | {
        "legal_name": "Thermo Rhône SARL",
        "siret": "912 345 675 00017",
        "address": "18 quai des Tanneurs\n69009 Lyon",
        "phone": "04 65 71 08 42",
        "email": "devis@thermo-rhone.example",
    }
    assert desk.post("/admin/quotes/company/add/", data).status_code == 302
    assert Company.current().siret == "91234567500017"


def test_an_untouched_form_changes_nothing(desk: Client) -> None:
    before = Company.objects.values().get()
    assert save(desk).status_code == 302
    assert Company.objects.values().get() == before


def test_owners_see_no_company() -> None:
    make_company()
    assert at_desk(owner()).get(address()).status_code == 403


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"siret": "91234567500018"}, "SIRET"),
        ({"vat_number": "FR00123456789"}, "numéro de TVA"),
        ({"iban": "FR76 3000 6000 0112 3456 7890 188"}, "IBAN"),
        ({"bic": "ABC"}, "BIC"),
        ({"colour": "rouge"}, "valide"),
        ({"default_deposit_percent": "101"}, "100"),
        ({"payment_methods": ["transfer"]}, "Sans IBAN"),
        ({"payment_methods": ["bitcoin"]}, "bitcoin"),
    ],
)
def test_wrong_numbers_are_told(desk: Client, changes: dict[str, Any], sentence: str) -> None:
    response = save(desk, **changes)
    assert response.status_code == 200
    assert sentence in text(response)


def test_numbers_may_be_typed_in_groups(desk: Client) -> None:
    save(desk, iban="fr76 3000 6000 0112 3456 7890 189", payment_methods=["card", "transfer"])
    company = Company.current()
    assert company.iban == "FR7630006000011234567890189"
    assert company.payment_methods == ["card", "transfer"]


def test_a_logo_of_sixteen_bits_of_grey_keeps_its_shades(desk: Client) -> None:
    grey = Image.new("I;16", (3, 1))
    for x, value in enumerate((0, 32_768, 65_535)):
        grey.putpixel((x, 0), value)
    out = io.BytesIO()
    grey.save(out, "PNG")
    assert save(desk, logo=upload(out.getvalue())).status_code == 302
    with Image.open(Company.current().logo) as stored:
        assert [stored.getpixel((x, 0)) for x in range(3)] == [(0, 0, 0), (128, 128, 128), (255, 255, 255)]


@pytest.mark.parametrize(
    ("kind", "mode", "kept"),
    [
        ("PNG", "RGB", "RGB"),
        ("PNG", "RGBA", "RGBA"),
        ("PNG", "P", "RGB"),
        ("PNG", "LA", "RGBA"),
        ("JPEG", "CMYK", "RGB"),
    ],
)
def test_a_logo_is_drawn_anew_as_png_under_a_name_of_our_own(
    desk: Client, kind: str, mode: str, kept: str
) -> None:
    content = image(kind, mode="RGB" if mode == "P" else mode) if mode != "P" else _palette()
    assert save(desk, logo=upload(content, name="../../evil.html")).status_code == 302
    logo = Company.current().logo
    assert str(logo.name).startswith("company/")
    assert str(logo.name).endswith(".png")
    with Image.open(logo) as stored:
        assert (stored.format, stored.mode, stored.size) == ("PNG", kept, (60, 40))


def _palette() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (60, 40), "#0c5a6e").convert("P").save(out, "PNG")
    return out.getvalue()


def test_nothing_but_the_picture_survives(desk: Client) -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "<script>alert(1)</script>")
    save(desk, logo=upload(image("PNG", pnginfo=info) + b"<?php system($_GET['c']); ?>"))
    stored = Company.current().logo.read()
    assert b"script" not in stored
    assert b"php" not in stored


def test_a_large_logo_is_made_smaller(desk: Client) -> None:
    save(desk, logo=upload(image("JPEG", size=(4000, 1000)), name="logo.jpg"))
    with Image.open(Company.current().logo) as stored:
        assert stored.size == (1200, 300)


def bomb() -> bytes:
    """A PNG of a few bytes that claims 30 000 × 30 000 pixels."""
    head = image("PNG")[:8]
    ihdr = b"IHDR" + (30000).to_bytes(4, "big") * 2 + bytes([8, 2, 0, 0, 0])
    return head + (13).to_bytes(4, "big") + ihdr + zlib.crc32(ihdr).to_bytes(4, "big") + image("PNG")[33:]


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
NOT_LOGOS = {
    "svg": SVG,
    "svg named png": b"\n" + SVG,
    "html": b"<!doctype html><script>alert(1)</script>",
    "gif": image("GIF"),
    "bmp": image("BMP"),
    "tiff": image("TIFF"),
    "webp": image("WEBP"),
    "ico": image("ICO", size=(32, 32)),
    "pdf": b"%PDF-1.7\n%%EOF",
    "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 1 1\n",
    "zip": b"PK\x03\x04",
    "text": b"bonjour",
    "one byte": b"\x89",
    "only the signature": b"\x89PNG\r\n\x1a\n",
    "cut short": image("PNG", size=(400, 400))[:60],
    "cut jpeg": image("JPEG", size=(400, 400))[:-300],
    "too wide": image("PNG", size=(4001, 1)),
    "bomb": bomb(),
    "too heavy": image("PNG") + bytes(2 * 1024 * 1024),
}


@pytest.mark.parametrize("name", NOT_LOGOS)
def test_what_is_no_logo_is_refused_with_a_sentence(desk: Client, name: str) -> None:
    response = save(desk, logo=upload(NOT_LOGOS[name]))
    assert response.status_code == 200
    assert any(
        words in text(response) for words in ("PNG ou JPEG lisible", "dépasse 2 Mo", "dépasse 4000 pixels")
    )
    assert not Company.current().logo


def test_terms_are_a_pdf_by_their_first_bytes(desk: Client) -> None:
    pdf = small_pdf()
    assert save(desk, terms_pdf=upload(pdf, "cgv.html", "text/html")).status_code == 302
    company = Company.current()
    assert str(company.terms_pdf.name).endswith(".pdf")
    assert company.terms_pdf.read() == pdf
    assert company.terms is not None
    assert company.terms.kind == "pdf"


@pytest.mark.parametrize(
    "content", [b"<html>", b" %PDF-1.7", b"%pdf-1.7", SVG, b"%PDF-1.7" + bytes(5 * 1024 * 1024)], ids=len
)
def test_what_is_no_pdf_is_refused(desk: Client, content: bytes) -> None:
    response = save(desk, terms_pdf=upload(content, "cgv.pdf", "application/pdf"))
    assert response.status_code == 200
    assert any(words in text(response) for words in ("pas un PDF", "dépasse 5 Mo"))
    assert not Company.current().terms_pdf


def test_terms_that_do_something_by_themselves_are_refused_with_what_was_found(desk: Client) -> None:
    catalog = b"<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>>>"
    response = save(desk, terms_pdf=upload(small_pdf(catalog=catalog), "cgv.pdf", "application/pdf"))
    assert response.status_code == 200
    assert "autre chose que des pages (JS, JavaScript, OpenAction)" in text(response)
    assert not Company.current().terms_pdf


def test_terms_that_nobody_can_read_to_the_end_are_refused(desk: Client) -> None:
    response = save(desk, terms_pdf=upload(b"%PDF-1.7\n%%EOF\n", "cgv.pdf", "application/pdf"))
    assert "pas pu être lu" in text(response)
    assert not Company.current().terms_pdf


def test_terms_wait_while_too_many_files_are_read(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examination, "PATIENCE", 0.01)
    # Another process of the same tests may read a file right now.
    taken = partial(place, "check", most=2, patience=20)
    with taken(), taken():
        response = save(desk, terms_pdf=upload(small_pdf(), "cgv.pdf", "application/pdf"))
    assert "réessayez dans une minute" in text(response)
    assert not Company.current().terms_pdf


def test_terms_that_were_not_examined_are_refused_by_themselves() -> None:
    with pytest.raises(ValidationError, match="pas été examiné"):
        terms.refuse(upload(small_pdf(), "cgv.pdf", "application/pdf"))


def test_a_logo_is_taken_away(desk: Client) -> None:
    save(desk, logo=upload(image("PNG")))
    assert save(desk, **{"logo-clear": "on"}).status_code == 302
    assert not Company.current().logo


@pytest.mark.parametrize(
    ("typed", "kept"), [("7, 3 3", [3, 7]), ("", []), ("0", None), ("3;7", None), ("1 2 3 4 5 6", None)]
)
def test_reminders_of_the_deposit_are_days(desk: Client, typed: str, kept: list[int] | None) -> None:
    save(desk, deposit_reminder_days=typed)
    assert Company.current().deposit_reminder_days == (kept if kept is not None else [3, 7])


@pytest.mark.parametrize(
    ("typed", "kept"), [("7, 3 14", [3, 7, 14]), ("", []), ("3 3", [3]), ("1 2 3 4", None), ("61", None)]
)
def test_automatic_reminders_are_three_days_at_most(desk: Client, typed: str, kept: list[int] | None) -> None:
    Company.objects.update(quote_reminder_days=[5])
    save(desk, quote_reminder_days=typed)
    assert Company.current().quote_reminder_days == (kept if kept is not None else [5])


def test_the_notice_before_expiry_is_a_number_of_days(desk: Client) -> None:
    save(desk, expiry_notice_days="0")
    assert Company.current().expiry_notice_days == 0
    save(desk, expiry_notice_days="61")
    assert Company.current().expiry_notice_days == 0
