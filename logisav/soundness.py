"""What no browser, mail scanner or service of ours sends, told from the head of a request: its body is never read here.

A NUL is refused by PostgreSQL, another charset makes of bytes what was never typed (lone surrogates among it), and a
multipart body without a boundary fails wherever it is looked at first. None of it is anybody's input, so none of it
reaches a view: `logisav/middleware.py` answers with a page of our own.
"""

from __future__ import annotations

import re
from typing import Any

from django.http import HttpRequest

MARK = "logisav.unreadable_content_type"
LONGEST_PATH, LONGEST_SEGMENT, LONGEST_CONTENT_TYPE = 1024, 200, 400
CHARSET = re.compile(r"""(?i)\bcharset\s*=\s*"?([^";]*)""")
UTF_8 = frozenset({"utf-8", "utf8"})
BOUNDARY = re.compile(r"[ -~]{0,199}[!-~]")  # what Django's own parser takes
NUL = "\0"


def readable_head(environ: dict[str, Any]) -> dict[str, Any]:
    """For the WSGI door: Django reads Content-Type, and the query by its charset, before any middleware runs.

    A header that could make it fail there is put aside and marked; `is_sound` refuses what is marked.
    """
    return (
        environ
        if _is_content_type(environ.get("CONTENT_TYPE", ""))
        else environ | {"CONTENT_TYPE": "", MARK: True}
    )


def _is_content_type(kind: str) -> bool:
    """In ASCII, without RFC 2231 (`charset*=…`), which nobody sends here, and in UTF-8 if it names a charset."""
    if len(kind) > LONGEST_CONTENT_TYPE or not kind.isascii() or "*" in kind or NUL in kind:
        return False
    return all(one.strip().lower() in UTF_8 for one in CHARSET.findall(kind))


def is_sound(request: HttpRequest) -> bool:
    """Path, query, headers and the kind of the body, as far as their bytes go."""
    return (
        MARK not in request.META
        and _is_address(request.path_info)
        and not _holds_nul(request.META.get("QUERY_STRING", ""))
        and not any(NUL in value for name, value in request.META.items() if name.startswith("HTTP_"))
        # Between quotes a cookie may spell a NUL in octal, which only its reader sees.
        and not any(NUL in value for value in request.COOKIES.values())
        and _has_boundary(request)
    )


def has_sound_fields(request: HttpRequest) -> bool:
    """Names and values of a form that was read; a name of any other bytes is for the form to judge."""
    return not any(NUL in text for name, values in request.POST.lists() for text in (name, *values))


def _is_address(path: str) -> bool:
    return (
        NUL not in path
        and len(path) <= LONGEST_PATH
        and all(len(segment) <= LONGEST_SEGMENT for segment in path.split("/"))
    )


def _holds_nul(query: str) -> bool:
    return NUL in query or "%00" in query


def _has_boundary(request: HttpRequest) -> bool:
    if request.content_type != "multipart/form-data":
        return True
    return BOUNDARY.fullmatch((request.content_params or {}).get("boundary", "")) is not None
