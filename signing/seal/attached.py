"""Files that travel inside a PDF, read out of it: what they say is a claim until the seal is checked."""

from __future__ import annotations

from pyhanko.pdf_utils.generic import ArrayObject

from signing.seal.reading import opened


def attached(pdf: bytes, name: str) -> bytes | None:
    """The embedded file of this name; None without one. Never raises."""
    try:
        files = opened(pdf).root["/Names"]["/EmbeddedFiles"]["/Names"]
        return _found(files, name)
    except Exception:  # noqa: BLE001 (whatever a hostile file makes a parser raise: nothing to read)
        return None


def _found(files: ArrayObject, name: str) -> bytes | None:
    for position in range(0, len(files), 2):
        if str(files[position]) == name:
            return bytes(files[position + 1]["/EF"]["/F"].data)
    return None
