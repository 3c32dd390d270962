"""Files that the company hands in: looked into, bounded, and images drawn anew."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import IO

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from PIL import Image, ImageOps, UnidentifiedImageError

from lib.places import Busy
from quotes.pictures import engine
from quotes.pictures.bits import eight_bits
from quotes.pictures.engine import NotDrawn, Photo, Refused

MEGABYTE = 1024 * 1024
MAX_LOGO_BYTES = 2 * MEGABYTE
MAX_LOGO_SIDE = 4000
KEPT_LOGO_SIDE = 1200  # enough for print, and a version's PDF stays light
MAX_TERMS_BYTES = 5 * MEGABYTE
MAX_SCAN_BYTES = 10 * MEGABYTE
MAX_SCAN_PIXELS = 40_000_000
KEPT_SCAN_SIDE = 3508  # A4 at 300 points an inch
MAX_PHOTO_BYTES = 20 * MEGABYTE  # what a telephone's best camera makes of one picture
MAX_DOCUMENT_BYTES = 10 * MEGABYTE
LOGO_FORMATS = ("PNG", "JPEG")  # nothing else is even tried: no SVG, no format that runs code


def redrawn_logo(file: IO[bytes], *, size: int) -> ContentFile[bytes]:
    """The logo as a PNG of our own making: neither metadata nor anything hidden after the image survives."""
    if size > MAX_LOGO_BYTES:
        raise ValidationError("Ce logo dépasse 2 Mo. Réduisez l'image, puis réessayez.")
    try:
        with Image.open(file, formats=LOGO_FORMATS) as image:
            if max(image.size) > MAX_LOGO_SIDE:
                raise ValidationError(
                    "Ce logo dépasse 4000 pixels de côté. Réduisez l'image, puis réessayez."
                )
            return _as_png(image)
    except (
        UnidentifiedImageError,
        OSError,
        SyntaxError,
        ValueError,
        EOFError,
        Image.DecompressionBombError,
    ) as error:
        raise ValidationError("Ce fichier n'est pas une image PNG ou JPEG lisible.") from error


def _as_png(image: Image.Image) -> ContentFile[bytes]:
    upright = ImageOps.exif_transpose(eight_bits(image))
    is_transparent = "A" in upright.getbands() or "transparency" in upright.info
    drawn = upright.convert("RGBA" if is_transparent else "RGB")
    drawn.thumbnail((KEPT_LOGO_SIDE, KEPT_LOGO_SIDE))
    clean = Image.new(drawn.mode, drawn.size)
    clean.paste(drawn)
    out = io.BytesIO()
    clean.save(out, "PNG", optimize=True)
    return ContentFile(out.getvalue(), name="logo.png")


def checked_terms(file: IO[bytes], *, size: int) -> None:
    """A PDF by its first bytes, whatever its name says."""
    if size > MAX_TERMS_BYTES:
        raise ValidationError("Ce document dépasse 5 Mo.")
    file.seek(0)
    head = file.read(5)
    file.seek(0)
    if head != b"%PDF-":
        raise ValidationError("Ce fichier n'est pas un PDF.")


@dataclass(frozen=True)
class Scan:
    """A paper as it is kept: the PDF as it came, or a photo drawn anew as JPEG."""

    data: bytes
    suffix: str


def read_scan(file: IO[bytes], *, size: int) -> Scan:
    """A PDF by its first bytes, or a photo turned upright, without position or other metadata."""
    if size > MAX_SCAN_BYTES:
        raise ValidationError("Ce fichier dépasse 10\u00a0Mo. Réduisez-le, puis réessayez.")
    data = file.read()
    if data.startswith(b"%PDF-"):
        return Scan(data, ".pdf")
    try:
        with Image.open(io.BytesIO(data), formats=LOGO_FORMATS) as image:
            if image.width * image.height > MAX_SCAN_PIXELS:
                raise ValidationError("Cette photo est trop grande\u00a0: 40 millions de pixels au plus.")
            photo = ImageOps.exif_transpose(image).convert("RGB")
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as error:
        raise ValidationError("Ce fichier n'est ni un PDF, ni une photo JPEG ou PNG lisible.") from error
    photo.thumbnail((KEPT_SCAN_SIDE, KEPT_SCAN_SIDE))
    out = io.BytesIO()
    photo.save(out, "JPEG", quality=85)
    return Scan(out.getvalue(), ".jpg")


def is_pdf(data: bytes) -> bool:
    """By its first bytes, whatever its name says."""
    return data.startswith(b"%PDF-")


WHY_NO_PHOTO = {
    Refused.TOO_LARGE: "Cette photo est trop grande\u00a0: 40 millions de pixels au plus.",
    Refused.NO_PICTURE: "Ce fichier n'est ni une photo lisible (JPEG, PNG, WebP ou HEIC), ni un PDF.",
}


def read_photo(data: bytes) -> Photo:
    """A photo drawn anew in a process of its own. Raises ValidationError."""
    if len(data) > MAX_PHOTO_BYTES:
        raise ValidationError("Cette photo dépasse 20\u00a0Mo.")
    try:
        return engine.redrawn(data)
    except NotDrawn as refusal:
        raise ValidationError(WHY_NO_PHOTO[refusal.why]) from refusal
    except Busy as busy:
        raise ValidationError(
            "Trop de photos arrivent en ce moment\u00a0: réessayez dans une minute."
        ) from busy
