"""What « Avant d'envoyer » says of a quote: one sentence, where it is mended, who asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class MendedAt(Enum):
    """Where something is mended."""

    QUOTE = "quote"
    CUSTOMER = "customer"
    COMPANY = "company"
    CONTRIBUTION = "contribution"
    ENCLOSURES = "enclosures"


@dataclass(frozen=True)
class Finding:
    """`field` names what to fill in at that place; `law` says who asks for it, if not good sense alone."""

    sentence: str
    place: MendedAt
    field: str
    law: str = ""
    blocking: bool = False
