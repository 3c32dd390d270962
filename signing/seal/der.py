"""Whether bytes are spelled as DER spells them (ITU-T X.690, 10 and 11): one meaning has one spelling.

Of a signature's envelope a part is covered by no signature: a length written longer than need be, or an integer with
zeros before it, would say the same in other bytes. To encode everything anew and compare takes the library at hand
thirty times as long.
"""

from __future__ import annotations

from asn1crypto import parser

UNIVERSAL = 0
BOOLEAN, INTEGER, BIT_STRING, NULL, OBJECT, ENUMERATED, SEQUENCE, SET = 1, 2, 3, 5, 6, 10, 16, 17


def is_der(data: bytes) -> bool:
    """One value and nothing after it. What a schema alone can tell (a default that is written out) is not seen."""
    try:
        tag_class, constructed, tag, header, content, trailer = parser.parse(data, strict=True)
    except ValueError:
        return False
    if trailer or header + content != parser.emit(tag_class, constructed, tag, content):
        return False
    if not constructed:
        return tag_class != UNIVERSAL or _is_plain_leaf(tag, content)
    if tag_class == UNIVERSAL and tag not in (SEQUENCE, SET):
        return False  # a string in pieces
    parts = _parts(content)
    in_order = tag_class != UNIVERSAL or tag != SET or parts == sorted(parts)
    return in_order and all(map(is_der, parts))


def _parts(content: bytes) -> list[bytes]:
    """Raises ValueError."""
    parts = []
    while content:
        _, _, _, header, inner, trailer = parser.parse(content)
        length = len(header) + len(inner) + len(trailer)
        parts.append(content[:length])
        content = content[length:]
    return parts


def _is_plain_leaf(tag: int, content: bytes) -> bool:
    if tag == BOOLEAN:
        return content in (b"\0", b"\xff")
    if tag in (INTEGER, ENUMERATED):
        # Nine equal bits in front say nothing.
        return bool(content) and (
            len(content) == 1 or (content[0], content[1] >> 7) not in ((0, 0), (255, 1))
        )
    if tag == BIT_STRING:
        spare = content[0] if content else 8
        return spare < 8 and (spare == 0 or len(content) > 1) and content[-1] & ((1 << spare) - 1) == 0
    if tag == NULL:
        return not content
    if tag == OBJECT:
        # A number begins after one that ended, and never with an empty group of seven bits.
        begins = b"\x7f" + content[:-1]
        starts = (byte for before, byte in zip(begins, content, strict=True) if before < 128)
        return bool(content) and content[-1] < 128 and all(byte != 128 for byte in starts)
    return tag not in (SEQUENCE, SET)
