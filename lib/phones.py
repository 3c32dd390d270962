"""Telephone numbers, however people write them: how they are shown, dialled and found.

What was typed is what is stored. The plan of numbers is a library's; it takes no extension and no second number, so
the extension is taken off first, and what it does not hold valid is shown as it was typed and has no link.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat

from lib.fields import visible

NBSP = "\u00a0"
# 0262, 0590 … are dialled in all of France alike, each under a country code of its own.
FRENCH_CODES = (33, 262, 590, 594, 596)
OVERSEAS = ("GP", "MQ", "GF", "RE", "YT")
OVERSEAS_START = re.compile("0?(262|263|269|59[046]|639|69[0-7]|709)")
LABEL = re.compile(r"t[ée]l(?:[ée]phone)?\b[\s.:]*", re.IGNORECASE)
EXTENSION = re.compile(
    r"[\s,;(]*(?:poste|p\.|ext(?:ension)?\.?|interne|int\.?|x|#)[\s.:]*(?:n°\s*)?([0-9]{1,7})[\s)]*$",
    re.IGNORECASE,
)
# +33, 0033, and 33 before nine digits; then what stands before any number from another country.
FROM_ABROAD = re.compile(r"(?:\+(?:00)?|00)33|33(?=[1-9][0-9]{8}$)")
PREFIX = re.compile(r"(?:\+(?:00)?|00)(?:33|262|59[046])?|33(?=[1-9][0-9]{8}$)")
TRUNK_ZERO = re.compile(r"\(\s*0\s*\)")


@dataclass(frozen=True)
class _Phone:
    number: PhoneNumber
    extension: str

    @property
    def is_french(self) -> bool:
        return self.number.country_code in FRENCH_CODES


def shown(text: str) -> str:
    """`04 65 71 08 42`, `+32 2 555 12 12`, on one line; what is no valid number as it was typed."""
    phone = _read(text)
    if phone is None:
        return text
    # A Belgian number written the way of Belgium looks like a French one.
    form = PhoneNumberFormat.NATIONAL if phone.is_french else PhoneNumberFormat.INTERNATIONAL
    written = phonenumbers.format_number(phone.number, form)
    extension = f" poste {phone.extension}" if phone.extension else ""
    return f"{written}{extension}".replace(" ", NBSP)


def dialled(text: str) -> str:
    """What stands behind `tel:` (RFC 3966), `+33465710842;ext=12`; empty when dialling it might reach another."""
    phone = _read(text)
    if phone is None:
        return ""
    address = phonenumbers.format_number(phone.number, PhoneNumberFormat.E164)
    return f"{address};ext={phone.extension}" if phone.extension else address


def digits_for_search(text: str) -> str:
    """What stored and searched numbers are compared by: digits without the ways of dialling them from near or far.

    By signs alone, so that the beginning of a number finds it, and what is stored outlives changes of the plan.
    """
    typed, _extension = _without_extension(_plain(text))
    signs = _signs(typed)
    prefix = PREFIX.match(signs)
    return signs[prefix.end() if prefix else 0 :].replace("+", "").lstrip("0")


def _read(text: str) -> _Phone | None:
    typed, extension = _without_extension(_plain(text))
    typed = LABEL.sub("", typed, count=1) if LABEL.match(typed) else typed
    if any(c.isalpha() or c in ",;" for c in typed):
        return None
    for way, region in _ways(typed):
        try:
            number = phonenumbers.parse(way, region)
        except NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return _Phone(number, extension)
    return None


def _ways(typed: str) -> list[tuple[str, str]]:
    """What it may be, in which region's plan: the first that is valid is it."""
    digits = _signs(typed)
    abroad = FROM_ABROAD.match(digits)
    if abroad:
        digits = "0" + digits[abroad.end() :].lstrip("0")
    elif "+" in digits or digits.startswith("00"):
        return [(typed, "FR")]
    if digits.startswith("0508"):
        return [(f"+508{digits[4:]}", "PM")]
    if OVERSEAS_START.match(digits):
        return [*((digits, region) for region in OVERSEAS), (digits, "FR")]
    return [(digits, "FR")]


def _signs(typed: str) -> str:
    """Digits and +. The zero in « +33 (0)4 » is not dialled after +33."""
    return re.sub(r"[^+0-9]", "", TRUNK_ZERO.sub("", typed))


def _plain(text: str) -> str:
    """Single spaces, ASCII digits, nothing invisible: numbers are often copied from elsewhere."""
    words = visible(text, keep="\t\n").split()
    return "".join(str(unicodedata.decimal(c, c)) for c in " ".join(words))


def _without_extension(text: str) -> tuple[str, str]:
    found = EXTENSION.search(text)
    return (text[: found.start()], found[1]) if found else (text, "")
