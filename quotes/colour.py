"""A company's colour made safe: hue and chroma are the company's, lightness is clamped so that white text is legible.

The same clamps as static/logisav.css, for mails and PDFs, where the browser cannot derive them.
OKLCH and its matrices: CSS Color Module Level 4, § 9.2 and § 10.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

Triple = tuple[float, float, float]
WHITE = "#ffffff"
CONTRAST_AA = 4.5


@dataclass(frozen=True)
class Palette:
    """Hex colours: `band` and `accent` bear `on_accent`, `accent_dark` bears `on_accent_dark`, at 4.5:1 or better.

    WCAG 2.2, level AA.
    """

    band: str
    accent: str
    accent_dark: str
    on_accent_dark: str
    on_accent: str = WHITE

    @classmethod
    def of(cls, colour: str) -> Palette:
        """The roles derived from `#rrggbb`."""
        lightness, chroma, hue = _oklch(colour)
        return cls(
            band=_hex((_clamp(0.26, lightness, 0.38), min(chroma, 0.11), hue)),
            accent=_hex((_clamp(0.32, lightness, 0.46), chroma, hue)),
            accent_dark=_hex((_clamp(0.8, lightness, 0.88), min(chroma, 0.1), hue)),
            on_accent_dark=_hex((0.2, min(chroma, 0.03), hue)),
        )


def contrast(one: str, other: str) -> float:
    """WCAG 2.2 contrast ratio of two hex colours, 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = _linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _clamp(low: float, value: float, high: float) -> float:
    return max(low, min(value, high))


def _linear(colour: str) -> Triple:
    """sRGB `#rrggbb` to linear light, 0 to 1."""
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return _expand(red), _expand(green), _expand(blue)


def _expand(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def _compress(channel: float) -> float:
    return channel * 12.92 if channel <= 0.0031308 else 1.055 * channel ** (1 / 2.4) - 0.055


def _oklch(colour: str) -> Triple:
    red, green, blue = _linear(colour)
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    medium = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    lightness = 0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short
    a = 1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short
    return lightness, math.hypot(a, b), math.atan2(b, a)


def _to_linear(oklch: Triple) -> Triple:
    lightness, chroma, hue = oklch
    a, b = chroma * math.cos(hue), chroma * math.sin(hue)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def _hex(oklch: Triple) -> str:
    """The nearest colour that a screen shows: chroma gives way, hue and lightness stay."""
    lightness, chroma, hue = oklch
    while any(not -1e-4 <= channel <= 1 + 1e-4 for channel in _to_linear((lightness, chroma, hue))):
        chroma *= 0.97
    channels = _to_linear((lightness, chroma, hue))
    return "#" + "".join(f"{round(_compress(_clamp(0, channel, 1)) * 255):02x}" for channel in channels)
