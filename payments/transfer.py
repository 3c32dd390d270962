"""Paying by transfer: the reference to copy, the IBAN as people read it, the QR code that a banking app scans."""

from __future__ import annotations

import io
from dataclasses import dataclass
from decimal import Decimal

import segno
from segno import helpers
from stdnum import iban, iso11649
from stdnum.iso7064 import mod_97_10

NAME_LENGTH = 70


def reference_of(number: str) -> str:
    """`RF..D20260148`: a structured reference (ISO 11649) with the quote's number in it."""
    body = "".join(character for character in number.upper() if character.isalnum())
    return str(iso11649.validate(f"RF{mod_97_10.calc_check_digits(f'{body}RF')}{body}"))


@dataclass(frozen=True)
class Transfer:
    """What the customer types into the bank's form; `amount` in euros."""

    holder: str
    iban: str
    bic: str
    amount: Decimal
    reference: str

    @property
    def iban_grouped(self) -> str:
        return str(iban.format(self.iban))

    @property
    def amount_typed(self) -> str:
        """As a banking form takes it: `2681,81`."""
        return f"{self.amount:.2f}".replace(".", ",")

    @property
    def reference_grouped(self) -> str:
        return str(iso11649.format(self.reference))

    @property
    def qr_svg(self) -> str:
        """As inline SVG."""
        return str(self._qr.svg_inline(title="QR code du virement", omitsize=True, border=4, svgclass=None))

    @property
    def qr_png(self) -> bytes:
        """As a picture to keep, for whoever reads the page on the telephone that would have to scan it."""
        picture = io.BytesIO()
        self._qr.save(picture, kind="png", scale=8, border=4)
        return picture.getvalue()

    @property
    def _qr(self) -> segno.QRCode:
        """The EPC QR code (version 002, SEPA credit transfer)."""
        return helpers.make_epc_qr(
            name=self.holder[:NAME_LENGTH],
            iban=iban.compact(self.iban),
            amount=self.amount,
            reference=self.reference,
            bic=self.bic or None,
            encoding="UTF-8",
        )
