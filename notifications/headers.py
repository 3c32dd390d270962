"""Free text on its way to a mail's header: one line, whatever it was made of."""

from __future__ import annotations

import unicodedata
from email.utils import formataddr, parseaddr

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

# Controls (CR, LF, NEL, VT, FS…), line and paragraph separators, lone surrogates.
BREAKING = {"Cc", "Zl", "Zp", "Cs"}
# They make a reader see an address or a file name backwards.
TURNING = set("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def one_line(text: str, *, limit: int = 250) -> str:
    """The text without anything that could end a header line; U+00A0 and U+202F stay as they are."""
    kept = (" " if unicodedata.category(c) in BREAKING else c for c in text if c not in TURNING)
    return " ".join(word for word in "".join(kept).split(" ") if word)[:limit].rstrip()


def file_name(text: str) -> str:
    """In ASCII, without spaces: programs that do not know RFC 2231 would show « noname » or « ATT0001.dat »."""
    plain = unicodedata.normalize("NFKD", one_line(text)).encode("ascii", "ignore").decode()
    return "-".join(plain.split())


def bare_address(text: str) -> str:
    """`a@exemple.fr`, never `Name <a@exemple.fr>` and never two of them. Raises ValidationError."""
    address = one_line(text, limit=255)
    validate_email(address)
    return address


def is_address(text: str) -> bool:
    try:
        bare_address(text)
    except ValidationError:
        return False
    return True


def named(name: str, address: str) -> str:
    """The address with another name in front of it; its own one when there is none to give."""
    own_name, bare = parseaddr(address)
    return formataddr((one_line(name, limit=120) or own_name, bare))
