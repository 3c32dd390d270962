"""Which fields the words of a fact name, and which of them a real fact lacks."""

from __future__ import annotations

import string
from typing import Any

from notifications.events import find_mail
from quotes import facts
from quotes.facts import QuoteMail


def fields_of(words: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(words) if name}


def lacking(kind: str, said: dict[str, Any]) -> set[str]:
    """What history or certificate would name and this fact does not say."""
    fact = facts.fact_of(kind)
    named = fields_of(fact.sentence) | fields_of(fact.certificate)
    mail = find_mail(said.get("message", "")) if kind == "mail_sent" else None
    if isinstance(mail, QuoteMail):
        named |= fields_of(mail.certificate)
    return named - said.keys()
