"""Form fields, and whole numbers, of what people type: cleaned of what no one sees, kept as it was meant.

Invisible characters could turn a name around on the certificate (bidirectional marks) or end a mail's header.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from decimal import Decimal
from typing import Any, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.db import models

from lib import printable

Row = TypeVar("Row", bound=models.Model)

MIN_DIGITS, MAX_DIGITS = 6, 20
LINE_BREAKS = "\t\n\v\f\r\x85\u2028\u2029"
JOINERS = "\u200c\u200d"
PHONE_SIGNS = frozenset(" +().-/\u00a0\u202f")
CENTURY = (dt.date(2000, 1, 1), dt.date(2099, 12, 31))
# What a text of XML 1.0 cannot hold (the PDF's XMP is one, production 2 of the standard), and NUL with it.
NOT_STORABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Lone halves of a pair, and what Unicode will never assign (its chapter 23.7): no one types them.
NO_CHARACTER = re.compile(
    f"[\ud800-\udfff\ufdd0-\ufdef{''.join(chr(plane << 16 | end) for plane in range(17) for end in (0xFFFE, 0xFFFF))}]"
)
# Word's and Excel's bullets are signs of Symbol and Wingdings, whose places mean nothing in other fonts.
BULLETS = re.compile("(?m)^([ \t]*)[\ue000-\uf8ff]|[\uf0a7\uf0a8\uf0b7\uf0d8\uf0fc]")
UNKNOWN = (
    "Ce texte contient un signe qui n'existe pas et qu'aucun document ne peut porter\u00a0: "
    "effacez ce que vous avez collé, puis tapez-le."
)


def visible(text: str, *, keep: str = "") -> str:
    """The text without control, format, surrogate and private characters, save those in `keep`."""
    kept = (c for c in text if c in keep or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn"))
    return unicodedata.normalize("NFC", "".join(kept))


def storable(text: str) -> str:
    """What XML and a PDF's description can hold of a text from before texts were cleaned: soft breaks are spaces."""
    return NOT_STORABLE.sub("", re.sub("[\v\f]", " ", text))


def _typed(value: Any) -> str:
    """As it came, if it is a text at all."""
    text = str(value or "")
    if NO_CHARACTER.search(text):
        raise ValidationError(UNKNOWN, code="no_character")
    return BULLETS.sub(r"\1•", text)


class LineField(forms.CharField):
    """One line: soft breaks are spaces, nothing invisible; the no-break spaces of French stay."""

    def to_python(self, value: Any) -> str:
        line = visible(_typed(value), keep=f"{LINE_BREAKS}{JOINERS}")
        return re.sub(f"[ {LINE_BREAKS}]+", " ", line).strip()


class OneLineField(LineField):
    """A name or the like: single spaces of one kind, as it is compared and searched."""

    def to_python(self, value: Any) -> str:
        return " ".join(visible(super().to_python(value)).split())


class NameField(OneLineField):
    """Of who signs: in letters that the certificate can print."""

    def validate(self, value: str) -> None:
        super().validate(value)
        if why := printable.why_not(value):
            raise ValidationError(why, code="not_printed")


class ParagraphsField(forms.CharField):
    """A message: lines are kept and counted as the browser counts them, one character an end of line."""

    widget = forms.Textarea

    def to_python(self, value: Any) -> str:
        lines = re.sub("\r\n|[\r\v\f\x85\u2028\u2029]", "\n", _typed(value))
        return visible(lines, keep=f"\n\t{JOINERS}").strip()


class PrintedLineField(LineField):
    """One line of what the customer gets as a PDF."""

    def validate(self, value: str) -> None:
        super().validate(value)
        _check_printed(value)


class PrintedNameField(LineField):
    """Somebody's name in it: the sentence says how a passport would have it."""

    def validate(self, value: str) -> None:
        super().validate(value)
        if why := printable.why_not(value):
            raise ValidationError(why, code="not_printed")


class PrintedParagraphsField(ParagraphsField):
    """Paragraphs of it."""

    def validate(self, value: str) -> None:
        super().validate(value)
        _check_printed(value)


def _check_printed(text: str) -> None:
    if why := printable.why_no_text(text):
        raise ValidationError(why, code="not_printed")


def cleaned(row: Row) -> Row:
    """A row that comes by no form, of a command or of the demo: its words as a form would leave them."""
    for field in row._meta.concrete_fields:
        if not isinstance(field, models.TextField | models.CharField):
            continue
        if isinstance(value := getattr(row, field.attname), str):
            door = ParagraphsField if isinstance(field, models.TextField) else LineField
            setattr(row, field.attname, door(required=False).clean(value))
    return row


class MailField(forms.EmailField):
    """Domains of any language are written for the wire by whoever sends; the part before the @ cannot be (SMTPUTF8)."""

    def run_validators(self, value: Any) -> None:
        if not str(value).rpartition("@")[0].isascii():
            raise ValidationError(
                "Les accents avant le @ ne sont pas pris en charge\u00a0: demandez une adresse sans accent.",
                code="local_part",
            )
        super().run_validators(value)


class CalendarField(forms.DateField):
    """A day that a calendar of ours, of a spreadsheet and of a bank can show."""

    def validate(self, value: Any) -> None:
        super().validate(value)
        if isinstance(value, dt.date) and not CENTURY[0] <= value <= CENTURY[1]:
            raise ValidationError("Donnez une date entre 2000 et 2099.", code="century")


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


BETWEEN_DIGITS = str.maketrans("", "", " \u00a0\u202f\u2009\t\n-.")


class CodeField(forms.CharField):
    """Six digits, however they were copied: « 418 205 » with any space between."""

    widget = forms.TextInput(
        attrs={
            "class": "input",
            "inputmode": "numeric",
            "autocomplete": "one-time-code",
            "autocapitalize": "off",
            "spellcheck": "false",
        }
    )

    def __init__(self) -> None:
        super().__init__(
            label="Code à 6 chiffres",
            help_text="Comme dans le mail, avec ou sans espace.",
            max_length=40,
            error_messages={
                "required": "Saisissez le code reçu par mail.",
                "max_length": "Le code a 6\u00a0chiffres.",
            },
        )

    def clean(self, value: Any) -> str:
        typed = visible(super().clean(value)).translate(BETWEEN_DIGITS)
        digits = [unicodedata.decimal(c, None) for c in typed]
        if len(digits) != 6 or None in digits:
            raise ValidationError("Le code a 6\u00a0chiffres.")
        return "".join(str(digit) for digit in digits)


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


def whole(text: str) -> int | None:
    """As an address, a form or a header gives it; None for what is none, or is too long for any key of the database."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None
