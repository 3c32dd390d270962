"""Form fields for what people type: cleaned of what no one sees, kept as it was meant.

Invisible characters could turn a name around on the certificate (bidirectional marks) or end a mail's header.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

MIN_DIGITS, MAX_DIGITS = 6, 20
LINE_BREAKS = "\t\n\v\f\r"
JOINERS = "\u200c\u200d"
PHONE_SIGNS = frozenset(" +().-/\u00a0\u202f")


def visible(text: str, *, keep: str = "") -> str:
    """The text without control, format, surrogate and private characters, save those in `keep`."""
    kept = (c for c in text if c in keep or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn"))
    return unicodedata.normalize("NFC", "".join(kept))


class OneLineField(forms.CharField):
    """A name or the like: one line, single spaces, nothing invisible."""

    def to_python(self, value: Any) -> str:
        return " ".join(visible(str(value or ""), keep=LINE_BREAKS).split())


class ParagraphsField(forms.CharField):
    """A message: lines are kept and counted as the browser counts them, one character an end of line."""

    widget = forms.Textarea

    def to_python(self, value: Any) -> str:
        lines = str(value or "").replace("\r\n", "\n").replace("\r", "\n")
        return visible(lines, keep=f"\n\t{JOINERS}").strip()


class PhoneField(OneLineField):
    """A number of any country, kept as typed: 6 to 20 digits and the usual signs between them."""

    widget = forms.TextInput(
        attrs={"type": "tel", "autocomplete": "tel", "inputmode": "tel", "class": "input"}
    )

    def to_python(self, value: Any) -> str:
        return "".join(str(unicodedata.decimal(c, c)) for c in super().to_python(value))

    def validate(self, value: str) -> None:
        super().validate(value)
        if not value:
            return
        digits = sum(c in "0123456789" for c in value)
        if set(value) - PHONE_SIGNS - set("0123456789"):
            raise ValidationError("Écrivez ce numéro en chiffres, avec l'indicatif du pays s'il le faut.")
        if digits < MIN_DIGITS:
            raise ValidationError("Ce numéro est trop court\u00a0: il faut de 6 à 20 chiffres.")
        if digits > MAX_DIGITS:
            raise ValidationError("Ce numéro est trop long\u00a0: il faut de 6 à 20 chiffres.")


class TypedDecimalField(forms.DecimalField):
    """A number as people type it, `1 234,50` or `1234.5`; static/desk/money.js reads it alike."""

    TYPED = re.compile(r"[+-]?([0-9]+[.,]?[0-9]*|[.,][0-9]+)")
    SIGNS = ""  # what may stand behind it, and is left out

    def to_python(self, value: Any) -> Any:
        if value in self.empty_values or isinstance(value, Decimal):
            return super().to_python(value)
        typed = "".join(str(value).split()).rstrip(self.SIGNS)
        if typed and not self.TYPED.fullmatch(typed):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(typed.replace(",", "."))
