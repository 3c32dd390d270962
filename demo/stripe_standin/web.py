"""A request and its answer, apart from the server that carries them."""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: str
    headers: dict[str, str]
    """By lower-case name."""
    body: bytes


@dataclass(frozen=True)
class Response:
    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


def see_other(address: str) -> Response:
    return Response(HTTPStatus.SEE_OTHER, b"", {"Location": address})
