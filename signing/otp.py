"""The code of a signature: bound to one version, one form, one link and one browser. Pure."""

from __future__ import annotations

from lib import otp


def code(key: str, *, nonce: str, version_hash: str, request: int, link: int, browser: str) -> str:
    """The code of one request; the row keeps the nonce only, the browser's session keeps its own."""
    return otp.code(key, nonce, version_hash, str(request), str(link), browser)
