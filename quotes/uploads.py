"""Files that the company hands in: looked into, bounded, and images drawn anew."""

from __future__ import annotations

import io
from typing import IO

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from PIL import Image, ImageOps, UnidentifiedImageError

MEGABYTE = 1024 * 1024
MAX_LOGO_BYTES = 2 * MEGABYTE
MAX_LOGO_SIDE = 4000
KEPT_LOGO_SIDE = 1200  # enough for print, and a version's PDF stays light
MAX_TERMS_BYTES = 5 * MEGABYTE
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
    upright = ImageOps.exif_transpose(image)
    drawn = upright.convert("RGBA" if _is_transparent(upright) else "RGB")
    drawn.thumbnail((KEPT_LOGO_SIDE, KEPT_LOGO_SIDE))
    clean = Image.new(drawn.mode, drawn.size)
    clean.paste(drawn)
    out = io.BytesIO()
    clean.save(out, "PNG", optimize=True)
    return ContentFile(out.getvalue(), name="logo.png")


def _is_transparent(image: Image.Image) -> bool:
    return "A" in image.getbands() or "transparency" in image.info


def checked_terms(file: IO[bytes], *, size: int) -> None:
    """A PDF by its first bytes, whatever its name says."""
    if size > MAX_TERMS_BYTES:
        raise ValidationError("Ce document dépasse 5 Mo.")
    file.seek(0)
    head = file.read(5)
    file.seek(0)
    if head != b"%PDF-":
        raise ValidationError("Ce fichier n'est pas un PDF.")
