"""Where a request comes from: read as an address, or as nothing at all."""

from __future__ import annotations

import pytest
from django.conf import LazySettings
from django.test import RequestFactory

from lib import addresses

SPELLINGS = [
    ("203.0.113.7", "203.0.113.7"),
    (" 203.0.113.7 ", "203.0.113.7"),
    ("203.0.113.7:51234", "203.0.113.7"),
    ("2001:DB8:0:0::7", "2001:db8::7"),
    ("[2001:db8::7]", "2001:db8::7"),
    ("[2001:db8::7]:51234", "2001:db8::7"),
    ("fe80::1%eth0", "fe80::1"),
    ("::ffff:203.0.113.7", "203.0.113.7"),
    ("0203.0.113.7", ""),
    ("203.0.113", ""),
    ("unknown", ""),
    ("_hidden", ""),
    ("", ""),
    ("203.0.113.7\x00", ""),
    ("<script>", ""),
    ("1" * 5000, ""),
]


@pytest.mark.parametrize(("sent", "read"), SPELLINGS)
def test_an_address_is_written_in_one_way_and_what_is_none_is_empty(
    sent: str, read: str, settings: LazySettings
) -> None:
    settings.TRUSTED_PROXY_COUNT = 1
    request = RequestFactory().get("/", headers={"X-Forwarded-For": f"198.51.100.1, {sent}"})
    if sent.strip():
        assert addresses.client_ip(request) == read
    settings.TRUSTED_PROXY_COUNT = 0
    assert addresses.client_ip(RequestFactory().get("/", REMOTE_ADDR=sent)) == read


def test_what_is_no_address_counts_as_one_network_not_as_many(settings: LazySettings) -> None:
    assert {addresses.network(sent) for sent in ("unknown", "_a", "_b", "x" * 50)} == {""}


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::/64", ""),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("203.0.113.7", "203.0.113.7"),
    ],
)
def test_an_ipv6_network_counts_as_one(address: str, network: str) -> None:
    assert addresses.network(address) == network
