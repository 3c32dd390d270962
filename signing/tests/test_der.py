"""One meaning, one spelling: what DER would not write is told (ITU-T X.690, 8.1, 8.3, 8.6, 8.19, 11)."""

from __future__ import annotations

import pytest
from asn1crypto import core

from signing.seal.der import is_der

OCTETS = core.OctetString(b"x" * 200).dump()


@pytest.mark.parametrize(
    "data",
    [
        core.Integer(0).dump(),
        core.Integer(128).dump(),
        core.Integer(-129).dump(),
        core.Boolean(True).dump(),
        core.Null().dump(),
        core.ObjectIdentifier("1.2.840.113549.1.7.2").dump(),
        core.ObjectIdentifier("2.999.3").dump(),
        core.BitString((1, 0, 1)).dump(),
        core.BitString(()).dump(),
        OCTETS,
        bytes.fromhex("30060201010201ff"),
        bytes.fromhex("3106020101020102"),
        bytes.fromhex("a003020101"),
    ],
    ids=bytes.hex,
)
def test_what_der_writes_is_der(data: bytes) -> None:
    assert is_der(data)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ("", "nothing"),
        ("0201", "cut short"),
        ("02010100", "something after it"),
        ("02810101", "a length in two octets where one is enough"),
        ("3080020101" + "0000", "no length"),
        ("02020001", "a zero in front"),
        ("0202ffff", "a sign in front"),
        ("0200", "an integer without a digit"),
        ("010101", "a truth that is neither 00 nor FF"),
        ("050100", "a NULL that says something"),
        ("0300", "bits without their count"),
        ("030109", "nine spare bits"),
        ("030103", "spare bits of nothing"),
        ("030203a7", "spare bits that are set"),
        ("0600", "no object"),
        ("06022a80", "an object that does not end"),
        ("06032a8001", "an object with an empty group"),
        ("2406" + "040161" + "040162", "a string in pieces"),
        ("3106020102020101", "a set out of order"),
        ("3004" + "02020001", "a bad one inside"),
        ("a004" + "02020001", "a bad one in a tag of the context"),
        ("1000", "a sequence that holds nothing but bytes"),
    ],
)
def test_what_der_would_not_write_is_told(data: str, why: str) -> None:
    assert not is_der(bytes.fromhex(data)), why
