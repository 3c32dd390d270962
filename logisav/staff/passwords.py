"""Passwords that a guesser tries first: the company's own names, beside Django's kept list of common ones."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError

from lib.folding import folded
from quotes.models import Company

SHORTEST_WORD = 4
LEAST_OF_ONES_OWN = 8  # letters and figures beside the company's names
LIKENESSES = str.maketrans("013457@$€", "oieastase")
PRODUCT = ("logisav", "devis", "facture", "signature")
TOO_COMMON = {"sarl", "www", "http", "https", "localhost"}


class NotTheCompanysName:
    """« ThermoRhone2026! » is twelve signs and no secret."""

    def validate(self, password: str, user: Any = None) -> None:
        left = _plain(password)
        for word in sorted(_words(), key=len, reverse=True):
            left = left.replace(word, "")
        if left != _plain(password) and len(left) < LEAST_OF_ONES_OWN:
            raise ValidationError(
                "Ce mot de passe est fait du nom de l'entreprise ou du logiciel : on l'essaierait en premier.",
                code="company_name",
            )

    def get_help_text(self) -> str:
        return "Votre mot de passe n'est pas fait du nom de l'entreprise."


def _plain(text: str) -> str:
    """Letters and figures; figures and signs that stand for letters are read as these."""
    return re.sub(r"[^a-z0-9]", "", folded(text).translate(LIKENESSES))


def _words() -> set[str]:
    """Of its names, its mail and its site, each word and all of them written as one."""
    company = Company.objects.first()
    names = [urlsplit(settings.SITE_URL).hostname or "", *PRODUCT]
    if company is not None:
        names += [company.trade_name, company.legal_name, company.email.rpartition("@")[2].rpartition(".")[0]]
    words = {_plain(word) for name in names for word in (name, *re.split(r"[\W_]+", name))}
    return {word for word in words if len(word) >= SHORTEST_WORD and word not in TOO_COMMON}
