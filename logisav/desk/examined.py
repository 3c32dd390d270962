"""PDFs that staff hand in: read by the child process of the public check before they are kept.

They are handed on to customers, so they are pages and nothing else. The reading takes a second or more, so it stands
before any transaction.
"""

from __future__ import annotations

from typing import IO

from django.core.exceptions import ValidationError

from lib.places import Busy
from quotes.uploads import Scan, read_scan
from signing.check import examination

MAX_PAGES = 60
TOO_MANY_PAGES = (
    "Ce PDF a {pages}\u00a0pages, {most} au plus sont prises. Gardez celles qui concernent ce devis."
)
BUSY = "Trop de documents sont examinés en ce moment : réessayez dans une minute."
UNREADABLE = (
    "Ce PDF n'a pas pu être lu jusqu'au bout. Enregistrez-le à nouveau depuis votre traitement de texte "
    "(« Exporter en PDF »), puis réessayez."
)
PROTECTED = (
    "Ce PDF est protégé, il ne peut pas être examiné. Enregistrez-le sans mot de passe ni restriction."
)
ACTIVE = (
    "Ce PDF contient autre chose que des pages ({found}) : script, fichier joint, formulaire ou action. "
    "Exportez-le à nouveau depuis votre traitement de texte, sans ces éléments."
)


def why_refused(pdf: bytes) -> str:
    """In a sentence for whoever handed it in; empty: it is pages alone."""
    try:
        _inside(pdf)
    except ValidationError as refusal:
        return str(refusal.messages[0])
    return ""


def _inside(pdf: bytes) -> examination.Inside:
    try:
        inside = examination.look_into(pdf)
    except Busy as busy:
        raise ValidationError(BUSY) from busy
    except examination.UnreadablePdf as unreadable:
        raise ValidationError(UNREADABLE) from unreadable
    if why := _why_active(inside):
        raise ValidationError(why)
    return inside


def _why_active(inside: examination.Inside) -> str:
    if "Encrypt" in inside.active:
        return PROTECTED
    return ACTIVE.format(found=", ".join(inside.active)) if inside.active else ""


def document_pages(pdf: bytes) -> int:
    """How many pages a document has that goes to customers with a quote. Raises ValidationError."""
    inside = _inside(pdf)
    if not inside.pages:
        raise ValidationError(UNREADABLE)
    if inside.pages > MAX_PAGES:
        raise ValidationError(TOO_MANY_PAGES.format(pages=inside.pages, most=MAX_PAGES))
    return inside.pages


def scan(file: IO[bytes], *, size: int) -> Scan:
    """A paper as a PDF or a photo. Raises ValidationError."""
    read = read_scan(file, size=size)
    if read.suffix == ".pdf" and (why := why_refused(read.data)):
        raise ValidationError(why)
    return read
