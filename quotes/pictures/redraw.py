"""The reader of photos, a process of its own: `python -m quotes.pictures.redraw`, a file in, two JPEGs out.

What is imported here is warm (see lib/warm.py): each photo meets it in a fork of its own, behind lib/fence.py. What
comes out was drawn here, pixel by pixel: upright, in the colours of screens, bounded, with neither position nor maker
nor anything that was hidden behind the image. The answer is a line of JSON, then the two files.
"""

from __future__ import annotations

import io
import json
from typing import BinaryIO

import pillow_heif
from PIL import Image, ImageCms, ImageOps

from lib import fence, warm
from quotes.pictures.bits import eight_bits
from quotes.pictures.engine import LARGE, MAX_PIXELS, MOST_BYTES, SMALL, Refused

CPU_SECONDS = 15
# Nothing else is even tried: no SVG, no format that runs code.
FORMATS = ("JPEG", "PNG", "WEBP", "HEIF")
QUALITIES = (82, 70, 55, 40)
UNREADABLE = (OSError, SyntaxError, ValueError, EOFError, ImageCms.PyCMSError, Image.DecompressionBombError)


def redraw(data: bytes) -> tuple[Image.Image, Image.Image] | Refused:
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                return Refused.TOO_LARGE
            image.draft(None, (LARGE, LARGE))  # a JPEG is read no finer than it is shown
            upright = ImageOps.exif_transpose(_on_screen(image))
    except Image.DecompressionBombError:
        return Refused.TOO_LARGE
    except UNREADABLE:
        return Refused.NO_PICTURE
    large = _within(upright, LARGE)
    return large, _within(large, SMALL)


def _on_screen(image: Image.Image) -> Image.Image:
    """In sRGB, on white where it is transparent; what it knows of its orientation stays with it."""
    exif, profile = image.getexif(), image.info.get("icc_profile")
    flat = eight_bits(image)
    if flat.has_transparency_data:
        seen = flat.convert("RGBA")
        flat = Image.new("RGB", seen.size, "white")
        flat.paste(seen, mask=seen.getchannel("A"))
    elif profile and flat.mode in ("RGB", "CMYK"):
        flat = _in_srgb(flat, profile)
    drawn = flat.convert("RGB")
    drawn.info = {"exif": exif.tobytes()} if exif else {}
    return drawn


def _in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """A profile that is none changes nothing."""
    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        shown = ImageCms.profileToProfile(image, own, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        return image
    return shown or image


def _within(image: Image.Image, side: int) -> Image.Image:
    """A new image, of nothing but pixels."""
    scale = min(1.0, side / max(image.size))
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    clean = Image.new("RGB", size)
    clean.paste(image.resize(size, Image.Resampling.LANCZOS) if size != image.size else image)
    return clean


def jpeg(image: Image.Image) -> bytes:
    """As fine as it may weigh."""
    data = b""
    for quality in QUALITIES:
        out = io.BytesIO()
        image.save(out, "JPEG", quality=quality, optimize=True, progressive=True)
        data = out.getvalue()
        if len(data) <= MOST_BYTES:
            break
    return data


def work(job: BinaryIO, answer: BinaryIO) -> int:
    fence.bound_resources(cpu_seconds=CPU_SECONDS)
    data = job.read()
    fence.shut_doors()
    drawn = redraw(data)
    if isinstance(drawn, Refused):
        answer.write(json.dumps({"refused": drawn}).encode())
        return 0
    large, small = drawn
    files = [jpeg(large), jpeg(small)]
    head = {"width": large.width, "height": large.height, "small_width": small.width, "cut": len(files[0])}
    answer.write(json.dumps(head).encode() + b"\n" + b"".join(files))
    return 0


pillow_heif.register_heif_opener()
Image.init()  # every format's plug-in now: afterwards no file is opened
if __name__ == "__main__":
    warm.serve(work)
