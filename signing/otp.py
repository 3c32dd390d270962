"""The 6-digit code: derived, never stored. Pure.

RFC 4226 (HOTP, 6 digits) over a key that binds the code to one version, one form, one link and one browser.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

import pyotp

DIGITS = 6


def code(key: str, *, nonce: str, version_hash: str, request: int, link: int, browser: str) -> str:
    """The code of one request; the row keeps the nonce only, the browser's session keeps its own."""
    bound_to = "|".join((nonce, version_hash, str(request), str(link), browser))
    secret = hmac.new(key.encode(), bound_to.encode(), hashlib.sha256).digest()
    return pyotp.HOTP(base64.b32encode(secret).decode(), digits=DIGITS).at(0)


def matches(typed: str, expected: str) -> bool:
    """Compared in constant time."""
    return hmac.compare_digest(typed.encode(), expected.encode())
