"""Reads a QR code from its drawing, as a banking application's camera would: an independent check of what is drawn.

No error correction: the drawing is clean. Byte mode, versions 1 to 13 (ISO/IEC 18004).
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

from PIL import Image

Matrix = list[list[bool]]
# Blocks at level M for versions 1 to 13: (number of blocks, data bytes) pairs.
BLOCKS: dict[int, tuple[tuple[int, int], ...]] = {
    1: ((1, 16),), 2: ((1, 28),), 3: ((1, 44),), 4: ((2, 32),), 5: ((2, 43),), 6: ((4, 27),), 7: ((4, 31),),
    8: ((2, 38), (2, 39)), 9: ((3, 36), (2, 37)), 10: ((4, 43), (1, 44)), 11: ((1, 50), (4, 51)),
    12: ((6, 36), (2, 37)), 13: ((8, 37), (1, 38)),
}  # fmt: skip
ALIGNMENT: dict[int, tuple[int, ...]] = {
    1: (), 2: (6, 18), 3: (6, 22), 4: (6, 26), 5: (6, 30), 6: (6, 34), 7: (6, 22, 38), 8: (6, 24, 42),
    9: (6, 26, 46), 10: (6, 28, 50), 11: (6, 30, 54), 12: (6, 32, 58), 13: (6, 34, 62),
}  # fmt: skip
MASKS = (
    lambda r, c: (r + c) % 2 == 0,
    lambda r, c: r % 2 == 0,
    lambda r, c: c % 3 == 0,
    lambda r, c: (r + c) % 3 == 0,
    lambda r, c: (r // 2 + c // 3) % 2 == 0,
    lambda r, c: r * c % 2 + r * c % 3 == 0,
    lambda r, c: (r * c % 2 + r * c % 3) % 2 == 0,
    lambda r, c: ((r + c) % 2 + r * c % 3) % 2 == 0,
)


def pictured(png: bytes, *, scale: int = 8) -> Matrix:
    """The dark modules of a picture, quiet zone cut off."""
    with Image.open(io.BytesIO(png)) as picture:
        small = picture.convert("L").reduce(scale)
    dark = [[small.getpixel((x, y)) < 128 for x in range(small.width)] for y in range(small.height)]  # type: ignore[operator]
    border = next(row for row in range(small.height) if any(dark[row]))
    return [row[border : small.width - border] for row in dark[border : small.height - border]]


def drawn(svg: str) -> Matrix:
    """The dark modules of segno's strokes: `M4 4.5h7m1 0h3…`, quiet zone cut off."""
    size = int(re.search(r'viewBox="0 0 (\d+) ', svg)[1])  # type: ignore[index]
    path = max(re.findall(r' d="([^"]+)"', svg), key=len)
    dark = [[False] * size for _ in range(size)]
    x = y = 0.0
    for verb, numbers in re.findall(r"([Mmh])([-\d. ]+)", path):
        values = [float(number) for number in numbers.split()]
        if verb == "M":
            x, y = values
        elif verb == "m":
            x, y = x + values[0], y + values[1]
        else:
            for column in range(int(x), int(x + values[0])):
                dark[int(y)][column] = True
            x += values[0]
    border = next(row for row in range(size) if any(dark[row]))
    return [line[border : size - border] for line in dark[border : size - border]]


def read(svg: str) -> str:
    matrix = drawn(svg)
    version = (len(matrix) - 17) // 4
    level, mask = _format(matrix)
    assert level == "M", level
    codewords = _codewords(matrix, version, mask)
    return _text(_deinterleaved(codewords, version), version)


def _format(matrix: Matrix) -> tuple[str, int]:
    """The five bits beside the upper left finder, unmasked."""
    bits = 0
    for column in range(5):
        bits = bits << 1 | matrix[8][column]
    bits ^= 0b10101
    return {0: "M", 1: "L", 2: "H", 3: "Q"}[bits >> 3], bits & 0b111


def _codewords(matrix: Matrix, version: int, mask: int) -> list[int]:
    bits = [matrix[row][column] ^ MASKS[mask](row, column) for row, column in _way(len(matrix), version)]
    whole = len(bits) // 8 * 8
    return [int("".join("1" if bit else "0" for bit in bits[at : at + 8]), 2) for at in range(0, whole, 8)]


def _way(size: int, version: int) -> Iterator[tuple[int, int]]:
    """Two columns at a time from the right, up and down, around what is no data."""
    column, upwards = size - 1, True
    while column > 0:
        if column == 6:
            column -= 1
        rows = range(size - 1, -1, -1) if upwards else range(size)
        for row in rows:
            for offset in (0, 1):
                if not _is_function(row, column - offset, size, version):
                    yield row, column - offset
        column, upwards = column - 2, not upwards


def _is_function(row: int, column: int, size: int, version: int) -> bool:
    finder = (row < 9 and (column < 9 or column >= size - 8)) or (row >= size - 8 and column < 9)
    timing = 6 in (row, column)
    numbered = version >= 7 and (
        (row < 6 and size - 11 <= column < size - 8) or (column < 6 and size - 11 <= row < size - 8)
    )
    return finder or timing or numbered or _is_alignment(row, column, size, version)


def _is_alignment(row: int, column: int, size: int, version: int) -> bool:
    places = ALIGNMENT[version]
    last = places[-1] if places else 0
    return any(
        abs(row - centre_row) <= 2 and abs(column - centre_column) <= 2
        for centre_row in places
        for centre_column in places
        if (centre_row, centre_column) not in {(6, 6), (6, last), (last, 6)}
    )


def _deinterleaved(codewords: list[int], version: int) -> list[int]:
    lengths = [length for count, length in BLOCKS[version] for _ in range(count)]
    blocks: list[list[int]] = [[] for _ in lengths]
    incoming = iter(codewords)
    for place in range(max(lengths)):
        for block, length in zip(blocks, lengths, strict=True):
            if place < length:
                block.append(next(incoming))
    return [codeword for block in blocks for codeword in block]


def _text(codewords: list[int], version: int) -> str:
    bits = "".join(f"{codeword:08b}" for codeword in codewords)
    assert bits[:4] == "0100", "byte mode"
    width = 8 if version < 10 else 16
    length = int(bits[4 : 4 + width], 2)
    start = 4 + width
    data = bytes(int(bits[at : at + 8], 2) for at in range(start, start + 8 * length, 8))
    return data.decode("utf-8")
