"""Notices of the right to withdraw, word for word from `texts/`: whoever changes a word there changes it everywhere."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lib import french
from quotes.law.contract import Exempt, Start

FOLDER = Path(__file__).parent / "texts"
NBSP = "\u00a0"


@dataclass(frozen=True)
class LawText:
    """A text of the law and where it was read; not `is_confirmed`: from a copy, to be compared with Légifrance."""

    name: str
    source: str
    read_on: str
    is_confirmed: bool
    words: str


@dataclass(frozen=True)
class Seller:
    """What the slots of the annexes ask for; `function` is the address of « Renoncer au contrat ici »."""

    company: str
    address: str
    phone: str
    email: str
    function: str
    giving_back: str


# Who fetches what was delivered, and at whose cost: by the name of its text.
GIVING_BACK = {
    "fetched": "reprise-par-nous",
    "sent_back": "renvoi-a-nos-frais",
    "sent_back_paid": "renvoi-a-vos-frais",
}


@cache
def text(name: str) -> LawText:
    head, _, words = (FOLDER / f"{name}.txt").read_text(encoding="utf-8").partition("\n---\n")
    facts = dict(line.split(": ", 1) for line in head.splitlines())
    return LawText(name, facts["source"], facts["read"], facts["confirmed"] == "yes", words.strip())


def texts() -> tuple[LawText, ...]:
    return tuple(text(path.stem) for path in sorted(FOLDER.glob("*.txt")))


def unconfirmed() -> tuple[LawText, ...]:
    return tuple(one for one in texts() if not one.is_confirmed)


def digest() -> str:
    """Of all that is unconfirmed: what somebody has read is what stood there then."""
    words = "\n\n".join(f"{one.name}\n{one.words}" for one in unconfirmed())
    return hashlib.sha256(words.encode()).hexdigest()


def withdrawal_notice(start: Start, seller: Seller) -> str:
    """Annex R221-3, filled in."""
    notice = text("avis-services" if start is Start.CONCLUSION else "avis-biens")
    online = text("en-ligne").words.format(function=seller.function)
    giving_back = text(GIVING_BACK[seller.giving_back]).words
    return notice.words.format(
        company=seller.company,
        address=seller.address,
        phone=seller.phone,
        email=seller.email,
        online=online,
        giving_back=giving_back,
    )


def withdrawal_form(seller: Seller) -> str:
    """Annex R221-1, addressed to the company."""
    words = text("formulaire").words
    return words.format(company=seller.company, address=seller.address, email=seller.email)


def no_withdrawal(exempt: Exempt, reason: str) -> str:
    """Why there is no right, in our own words."""
    reason = french.quoted(reason)
    if exempt is Exempt.URGENT_REPAIR:
        return (
            f"Vous ne pouvez pas vous rétracter pour ce dépannage{NBSP}: "
            f"vous nous l'avez demandé en urgence ({reason}). "
            f"Pour tout ce qui irait au-delà, vous gardez 14{NBSP}jours. "
            "(Article L221-28, 8° du code de la consommation.)"
        )
    return (
        f"Vous ne pouvez pas vous rétracter{NBSP}: ce que vous commandez est fabriqué pour vous ({reason}). "
        "(Article L221-28, 3° du code de la consommation.)"
    )
