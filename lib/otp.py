"""The 6-digit code: derived, never stored. Pure.

RFC 4226 (HOTP, 6 digits) over a key and everything that the code is bound to.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

import pyotp

DIGITS = 6


def code(key: str, *bound_to: str) -> str:
    """Begin with a nonce of the row, or with a word of the use: no two uses shall be bound to the same."""
    secret = hmac.new(key.encode(), "|".join(bound_to).encode(), hashlib.sha256).digest()
    return pyotp.HOTP(base64.b32encode(secret).decode(), digits=DIGITS).at(0)


def matches(typed: str, expected: str) -> bool:
    """Compared in constant time."""
    return hmac.compare_digest(typed.encode(), expected.encode())
