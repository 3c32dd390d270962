"""Photos and documents for tests: small ones of every kind, and the ways in which a quote gets them."""

from __future__ import annotations

import io
from typing import Any

import pillow_heif
from PIL import Image, ImageDraw

from lib import files
from quotes import workflow
from quotes.models import Quote, QuoteEnclosure
from quotes.uploads import read_photo
from quotes.workflow import StoredFile

ORIENTATION, GPS, MAKE = 0x0112, 0x8825, 0x010F


def drawn(image: Image.Image, format_: str = "JPEG", **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, format_, **options)
    return out.getvalue()


def halves(size: tuple[int, int] = (800, 600), *, mode: str = "RGB") -> Image.Image:
    """Left red, right blue: whoever turns it shows it."""
    image = Image.new("RGB", size, "red")
    ImageDraw.Draw(image).rectangle((size[0] // 2, 0, *size), fill="blue")
    return image.convert(mode)


def photo(**options: Any) -> bytes:
    return drawn(halves(), **options)


def heic(**options: Any) -> bytes:
    out = io.BytesIO()
    pillow_heif.from_pillow(halves()).save(out, quality=80, **options)
    return out.getvalue()


def with_position() -> bytes:
    """As a telephone writes it: turned by a quarter, with where it was taken and by what."""
    exif = Image.Exif()
    exif[ORIENTATION], exif[MAKE] = 6, "Marque-canari"
    exif[GPS] = {1: "N", 2: (45.0, 45.0, 0.0), 3: "E", 4: (4.0, 50.0, 0.0)}
    return drawn(halves(), exif=exif, comment=b"commentaire-canari")


def stored_photo(data: bytes = b"", *, caption: str = "") -> StoredFile:
    return StoredFile.of_photo(read_photo(data or photo()), label=caption)


def stored_document(data: bytes, *, title: str = "Fiche produit") -> StoredFile:
    name = files.store(data, folder="documents")
    return StoredFile(kind="document", file=name, label=title, size=len(data), pages=1)


def add_photo(quote: Quote, *, caption: str = "", line: str = "", data: bytes = b"") -> QuoteEnclosure:
    return workflow.enclose(quote.pk, stored_photo(data, caption=caption), line=line)


def add_document(
    quote: Quote, data: bytes, *, title: str = "Fiche produit", line: str = "", in_contract: bool = True
) -> QuoteEnclosure:
    stored = stored_document(data, title=title)
    return workflow.enclose(quote.pk, stored, line=line, in_contract=in_contract)
