"""A drawn signature: what a browser sends is read with care and made anew as a small picture of our own."""

from __future__ import annotations

import base64
import io
import struct
import zlib

from PIL import Image, ImageChops

PREFIX = "data:image/png;base64,"
MAX_SENT = 200_000
MAX_SIZE = (2000, 1000)
KEPT_SIZE = (800, 320)
MAX_KEPT = 60_000
FAINT = 24
BROKEN = (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error, Image.DecompressionBombError)


class NotADrawing(Exception):
    """The text is not a small PNG in a data address."""


def read_drawing(text: str) -> bytes:
    """The drawing of a data address as black ink on a transparent ground (PNG); empty when nothing is drawn."""
    if not text:
        return b""
    ink = _ink(_png(text))
    bounds = ink.point([0 if value < FAINT else 255 for value in range(256)]).getbbox()
    return _encoded(ink.crop(bounds)) if bounds else b""


def _png(text: str) -> bytes:
    if not text.startswith(PREFIX) or len(text) > MAX_SENT:
        raise NotADrawing("not a PNG in a data address")
    try:
        return base64.b64decode(text[len(PREFIX) :], validate=True)
    except ValueError as error:
        raise NotADrawing("not base64") from error


def _ink(png: bytes) -> Image.Image:
    """How much ink there is at each point. The size is read from the head, before any pixel is unpacked."""
    try:
        with Image.open(io.BytesIO(png), formats=["PNG"]) as picture:
            if picture.width > MAX_SIZE[0] or picture.height > MAX_SIZE[1]:
                raise NotADrawing("too many pixels")
            picture.load()
            colours = picture.convert("RGBA")
    except BROKEN as error:
        raise NotADrawing("not a PNG") from error
    return ImageChops.multiply(colours.getchannel("A"), ImageChops.invert(colours.convert("L")))


def _encoded(ink: Image.Image) -> bytes:
    """Black with 16 steps of opacity, made smaller until it is small enough to be kept and printed."""
    ink.thumbnail(KEPT_SIZE, Image.Resampling.LANCZOS)
    while len(png := _saved(ink)) > MAX_KEPT:
        ink = ink.resize((max(1, ink.width // 2), max(1, ink.height // 2)), Image.Resampling.LANCZOS)
    return png


def _saved(ink: Image.Image) -> bytes:
    opacity = ink.point([value // 17 * 17 for value in range(256)])
    file = io.BytesIO()
    Image.merge("LA", (Image.new("L", ink.size, 0), opacity)).save(file, "PNG", optimize=True)
    return file.getvalue()
