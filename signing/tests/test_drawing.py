"""A drawn signature is read with care: small, ours, black on nothing, or refused."""

from __future__ import annotations

import base64
import io
import secrets
import struct
import zlib

import pytest
from PIL import Image, ImageDraw

from signing.drawing import MAX_KEPT, MAX_SENT, NotADrawing, read_drawing

pytestmark = pytest.mark.sqlite


def address(picture: Image.Image) -> str:
    file = io.BytesIO()
    picture.save(file, "PNG")
    return as_address(file.getvalue())


def as_address(png: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(png).decode()


def sheet(
    *, size: tuple[int, int] = (600, 200), ground: str = "#0000", ink: str | None = "#000"
) -> Image.Image:
    picture = Image.new("RGBA", size, ground)
    if ink:
        ImageDraw.Draw(picture).line([(40, 120), (200, 40), (360, 160)], fill=ink, width=4)
    return picture


def kept(png: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(png))
    assert picture.format == "PNG"
    assert picture.mode == "LA"
    return picture


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def huge(width: int, height: int) -> bytes:
    """A bomb: small in the mail, large once unpacked."""
    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    rows = zlib.compress(b"\0" * 10_000, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize(("ground", "ink"), [("#0000", "#000"), ("#fff", "#000"), ("#ffff", "#123")])
def test_a_drawing_becomes_black_ink_on_nothing(ground: str, ink: str) -> None:
    picture = kept(read_drawing(address(sheet(ground=ground, ink=ink))))
    assert picture.getchannel("L").getextrema() == (0, 0)
    opacity = picture.getchannel("A").tobytes()
    assert min(opacity) == 0
    assert max(opacity) > 200


def test_a_drawing_is_cut_to_its_ink() -> None:
    picture = kept(read_drawing(address(sheet())))
    assert picture.width < 400
    assert picture.height < 150


@pytest.mark.parametrize("ground", ["#0000", "#fff", "#ffffffff"])
def test_a_blank_sheet_is_no_drawing(ground: str) -> None:
    assert read_drawing(address(sheet(ground=ground, ink=None))) == b""


def test_nothing_sent_is_no_drawing() -> None:
    assert read_drawing("") == b""


def test_even_noise_is_kept_small() -> None:
    noise = Image.frombytes("L", (800, 320), secrets.token_bytes(800 * 320)).quantize(2).convert("RGBA")
    png = read_drawing(address(noise))
    assert 0 < len(png) <= MAX_KEPT


@pytest.mark.parametrize(
    "text",
    [
        "bonjour",
        "data:image/png;base64,",
        "data:image/png;base64,%%%",
        "data:image/png;base64,é",
        "data:image/svg+xml;base64,PHN2Zy8+",
        as_address(b"GIF89a" + b"\0" * 50),
        as_address(huge(30_000, 30_000)),
        as_address(huge(2001, 10)),
        as_address(huge(1000, 900)),
        "data:image/png;base64," + "A" * MAX_SENT,
    ],
)
def test_what_is_no_small_png_is_refused(text: str) -> None:
    with pytest.raises(NotADrawing):
        read_drawing(text)


def test_a_broken_png_is_refused_wherever_it_breaks() -> None:
    file = io.BytesIO()
    sheet().save(file, "PNG")
    png = file.getvalue()
    for cut in range(0, len(png) - 12, 7):
        broken = png[:cut] + bytes([png[cut] ^ 0xFF]) + png[cut + 1 :]
        for text in (as_address(png[:cut]), as_address(broken)):
            try:
                assert isinstance(read_drawing(text), bytes)
            except NotADrawing:
                continue
