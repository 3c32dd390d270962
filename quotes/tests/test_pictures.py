"""Photos are drawn anew in a process of their own: upright, bounded, of nothing but pixels, whatever came in."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import pillow_heif
import pytest
from django.core.exceptions import ValidationError
from PIL import Image

from lib import fence
from lib.tests.processes import open_files, warm_parents
from quotes.pictures import engine
from quotes.pictures.engine import NotDrawn, Photo, Refused, redrawn
from quotes.tests.enclosures import drawn, halves, heic, photo, with_position
from quotes.uploads import read_photo

pytestmark = pytest.mark.sqlite
RED, BLUE = (254, 0, 0), (0, 0, 254)


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def is_near(image: Image.Image, place: tuple[int, int], colour: tuple[int, int, int]) -> bool:
    found = image.getpixel(place)
    return isinstance(found, tuple) and all(abs(a - b) < 12 for a, b in zip(found, colour, strict=True))


def refusal(data: bytes) -> Refused:
    with pytest.raises(NotDrawn) as failed:
        redrawn(data)
    return failed.value.why


# What comes out


@pytest.mark.parametrize(
    "data",
    [photo(), drawn(halves(), "PNG"), drawn(halves(), "WEBP", lossless=True), heic()],
    ids=["jpeg", "png", "webp", "heic"],
)
def test_every_kind_of_photo_comes_out_as_two_jpegs(data: bytes) -> None:
    found = redrawn(data)
    large, small = opened(found.large), opened(found.small)
    assert (large.format, small.format, large.mode) == ("JPEG", "JPEG", "RGB")
    assert (large.size, small.size) == ((800, 600), (480, 360))
    assert (found.width, found.height, found.small_width) == (800, 600, 480)
    assert is_near(large, (100, 300), RED)
    assert is_near(small, (400, 100), BLUE)


def test_it_is_bounded_in_pixels_and_bytes() -> None:
    noise = Image.effect_noise((4032, 3024), 90).convert("RGB")
    found = redrawn(drawn(noise, quality=95))
    assert (found.width, found.height) == (960, 720)
    assert len(found.small) < len(found.large) <= engine.MOST_BYTES


@pytest.mark.parametrize("kind", ["jpeg", "heic"])
def test_neither_position_nor_maker_nor_comment_comes_through(kind: str) -> None:
    data = with_position()
    exif = opened(data).getexif()
    assert exif.get_ifd(0x8825)
    if kind == "heic":
        data = heic(exif=exif.tobytes())
        assert b"canari" in pillow_heif.open_heif(data).info["exif"]
    found = redrawn(data)
    for one in (found.large, found.small):
        assert dict(opened(one).getexif()) == {}
        assert {"exif", "xmp", "comment", "icc_profile"}.isdisjoint(opened(one).info)
        assert b"canari" not in one
        assert b"Exif" not in one


def test_it_stands_upright() -> None:
    """Orientation 6 is a quarter to the right: what was left is above."""
    found = redrawn(with_position())
    assert (found.width, found.height) == (600, 800)
    assert is_near(opened(found.large), (300, 100), RED)
    assert is_near(opened(found.large), (300, 700), BLUE)


def test_sixteen_bits_keep_their_shade() -> None:
    grey = Image.new("I;16", (200, 100), 128 * 256)
    assert is_near(opened(redrawn(drawn(grey, "PNG")).large), (50, 50), (128, 128, 128))


def test_the_colours_of_print_become_those_of_screens() -> None:
    cyan = Image.new("CMYK", (200, 100), (255, 0, 0, 0))
    assert is_near(opened(redrawn(drawn(cyan)).large), (50, 50), (0, 255, 255))


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_is_white(mode: str) -> None:
    clear = Image.new("RGBA", (200, 100), (255, 0, 0, 0)).convert(mode)
    options = {"transparency": 0} if mode == "P" else {}
    if mode == "P":
        clear = Image.new("P", (200, 100))
    assert is_near(opened(redrawn(drawn(clear, "PNG", **options)).large), (50, 50), (255, 255, 255))


@pytest.mark.parametrize("size", [(1, 1), (5000, 3), (3, 5000)])
def test_the_smallest_and_the_thinnest_come_through(size: tuple[int, int]) -> None:
    assert isinstance(redrawn(drawn(Image.new("RGB", size), "PNG")), Photo)


def test_the_same_photo_gives_the_same_bytes() -> None:
    assert redrawn(photo()) == redrawn(photo())


# What does not


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few kB that says it is that large."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(bytes(1 << 20))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(7000, 6000), (30_000, 30_000), (2**31 - 1, 2**31 - 1)])
def test_a_bomb_is_refused_by_its_size(size: tuple[int, int]) -> None:
    assert refusal(bomb(*size)) is Refused.TOO_LARGE


def test_forty_million_pixels_are_read() -> None:
    assert redrawn(drawn(Image.new("RGB", (8000, 5000)), "PNG")).width == 960


@pytest.mark.parametrize(
    "data",
    [
        photo()[:2000],
        drawn(halves(), "PNG")[:900],
        heic()[:600],
        b"",
        b"\xff\xd8\xff",
        b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
        drawn(halves(), "GIF"),
        drawn(halves(), "TIFF"),
        drawn(halves(), "BMP"),
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        b"<html><script>1</script>",
    ],
    ids=[
        "short jpeg",
        "short png",
        "short heic",
        "nothing",
        "head",
        "svg",
        "gif",
        "tiff",
        "bmp",
        "eps",
        "html",
    ],
)
def test_what_is_no_whole_photo_of_these_kinds_is_refused(data: bytes) -> None:
    assert refusal(data) is Refused.NO_PICTURE


def test_nothing_of_what_hides_behind_a_photo_comes_through() -> None:
    hidden = io.BytesIO()
    with zipfile.ZipFile(hidden, "w") as archive:
        archive.writestr("canari.html", "<script>canari</script>")
    found = redrawn(photo() + hidden.getvalue())
    for one in (found.large, found.small):
        assert b"canari" not in one
        assert not zipfile.is_zipfile(io.BytesIO(one))


def test_each_refusal_is_a_sentence() -> None:
    with pytest.raises(ValidationError, match="40 millions de pixels"):
        read_photo(bomb(9000, 9000))
    with pytest.raises(ValidationError, match="ni une photo lisible"):
        read_photo(b"GIF89a")


# The fence


def test_a_photo_that_takes_too_long_is_refused_and_the_next_one_is_drawn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    redrawn(photo())
    with monkeypatch.context() as hurried:
        hurried.setattr(engine, "SECONDS", 0.0005)
        assert refusal(photo()) is Refused.NO_PICTURE
    assert redrawn(photo()).width == 800


def test_the_parent_has_opened_no_photo_and_knows_no_secret() -> None:
    redrawn(photo())
    (pid,) = warm_parents("quotes.pictures.redraw")
    assert open_files(pid) == ["/memfd", "/memfd", "socket"]
    environment = Path(f"/proc/{pid}/environ").read_bytes().decode()
    for name in ("SECRET_KEY", "OTP_KEY", "OUTBOX_KEY", "SEAL_PASSPHRASE", "DATABASE_URL"):
        assert os.environ[name] not in environment


@pytest.mark.parametrize(
    "attempt",
    [
        "open('/etc/hostname')",
        "open(os.environ['HOME'] + '/x', 'w')",
        "socket.create_connection(('127.0.0.1', 1))",
        "subprocess.run(['true'])",
        "os.fork()",
    ],
)
def test_who_draws_reaches_nothing(attempt: str, tmp_path: Path) -> None:
    loaded = "import os, socket, subprocess\nfrom lib import fence\nfrom quotes.pictures import redraw\n"
    done = subprocess.run(
        [sys.executable, "-c", f"{loaded}fence.shut_doors()\n{attempt}\n"],
        env=fence.environment(str(tmp_path)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "PermissionError" in done.stderr
