"""Time from an authority (RFC 3161): several addresses, asked in order, each with a clock of its own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests
from asn1crypto import cms, x509
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.timestamps.requests_client import RequestsHTTPTimeStamper
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.fetchers.requests_fetchers import RequestsFetcherBackend

TIMEOUT = 8  # seconds for one authority
ROOM = 2 * 16 * 1024  # hexadecimal digits kept for the seal and its time stamp, whichever authority gives it


class AuthorityUnavailable(Exception):
    """No authority gave a time stamp, or what it gave is not good; the message says what each one said."""


@dataclass(frozen=True)
class Authorities:
    """Who vouches for time and certificates: addresses of time stamps, and certificates (DER) that are believed."""

    urls: tuple[str, ...]
    roots: tuple[bytes, ...] = ()

    def timestamper(self) -> TimeStamper:
        return InOrder(self.urls)

    def context(
        self, *, chain: Sequence[bytes] = (), fetching: bool = False, moment: dt.datetime | None = None
    ) -> ValidationContext:
        return ValidationContext(
            moment=moment,
            trust_roots=[x509.Certificate.load(root) for root in self.roots],
            other_certs=[x509.Certificate.load(each) for each in chain],
            allow_fetching=fetching,
            fetcher_backend=RequestsFetcherBackend(per_request_timeout=TIMEOUT) if fetching else None,
            revocation_mode="hard-fail" if fetching else "soft-fail",
        )


class InOrder(TimeStamper):
    """The first authority that answers well."""

    def __init__(self, urls: Sequence[str]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.urls = urls

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> cms.ContentInfo:
        said: list[str] = []
        for url in self.urls:
            try:
                return await RequestsHTTPTimeStamper(url, timeout=TIMEOUT).async_timestamp(
                    message_digest, md_algorithm
                )
            except (
                OSError,
                ValueError,
            ) as failure:  # its own errors are OSErrors; a garbled answer a ValueError
                said.append(f"{urlsplit(url).hostname}\u00a0: {_in_words(failure)}")
        raise AuthorityUnavailable("\u00a0; ".join(said)[:500])


def _in_words(failure: Exception) -> str:
    match failure.__cause__:
        case requests.Timeout():
            return f"pas de réponse en {TIMEOUT}\u00a0s"
        case requests.ConnectionError():
            return "injoignable"
        case _:
            return str(failure)
