"""How often one address may use the public check. Counted in the database, so that all processes count together."""

from __future__ import annotations

import datetime as dt
import ipaddress

from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac

from quotes.access import client_ip
from signing.models import CheckTry

WINDOW = dt.timedelta(hours=1)
KEPT = dt.timedelta(days=1)
LIMITS = {CheckTry.Kind.FILE: 20, CheckTry.Kind.REFERENCE: 60}


def take(request: HttpRequest, kind: CheckTry.Kind) -> dt.timedelta | None:
    """Count a check; how long to wait when there have been too many, and then it is not counted.

    The row is committed before the others are counted: of many at the same moment no more than the limit pass.
    """
    now = timezone.now()
    CheckTry.objects.filter(at__lt=now - KEPT).delete()
    mine = CheckTry.objects.create(kind=kind, address=_digest(client_ip(request)), at=now)
    recent = CheckTry.objects.filter(kind=kind, address=mine.address, at__gt=now - WINDOW).exclude(pk=mine.pk)
    latest = list(recent.order_by("-at").values_list("at", flat=True)[: LIMITS[kind]])
    if len(latest) < LIMITS[kind]:
        return None
    mine.delete()
    return latest[-1] + WINDOW - now


def _digest(address: str) -> str:
    return salted_hmac("signing.throttle", _network(address), algorithm="sha256").hexdigest()


def _network(address: str) -> str:
    """Whoever has one IPv6 address has the 2^64 around it (RFC 6177)."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((found, 64), strict=False)) if found.version == 6 else address
