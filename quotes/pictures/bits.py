"""What Pillow's own conversion to eight bits would get wrong."""

from __future__ import annotations

from PIL import Image


def eight_bits(image: Image.Image) -> Image.Image:
    """16 bits of grey, which a conversion would cut off at 255 instead of scaling; all else as it is."""
    if not image.mode.startswith("I"):
        return image
    return image.convert("I").point(lambda value: value / 256).convert("L")
