"""Where a request comes from, and where our own pages are."""

from __future__ import annotations

import ipaddress
import re

from django.conf import settings
from django.http import HttpRequest

# `192.0.2.1:443`, `[2001:db8::1]`, `[2001:db8::1]:443` (RFC 7239, 6).
PORT = re.compile(r"\A(?:\[([^\]]*)\]|([0-9.]+))(?::[0-9]{1,5})?\Z")


def absolute(path: str) -> str:
    """Addresses in mails come from SITE_URL alone, never from a Host header."""
    return f"{settings.SITE_URL}{path}"


def client_ip(request: HttpRequest) -> str:
    """The address that the outermost trusted proxy saw; without proxies the peer itself. Empty where it is none.

    It is counted, logged, mailed and kept in journals, so it is written in one way, and nothing else is taken for one.
    """
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    count = settings.TRUSTED_PROXY_COUNT
    if count and len(hops) >= count:
        return parsed(hops[-count])
    return parsed(str(request.META.get("REMOTE_ADDR", "")))


def parsed(address: str) -> str:
    """As `ipaddress` writes it, without the port or the brackets that some proxies add, or an interface's zone."""
    bare = PORT.sub(r"\1\2", address.strip()).partition("%")[0]
    try:
        found = ipaddress.ip_address(bare)
    except ValueError:
        return ""
    # An IPv4 address in the clothes of IPv6, as a socket for both hears it.
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return str(mapped or found)


def network(address: str) -> str:
    """What limits count as one: whoever has one IPv6 address has the 2^64 around it (RFC 6177)."""
    address = parsed(address)
    if ":" in address:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return address
