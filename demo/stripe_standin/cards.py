"""The test cards, which are Stripe's, and what each one leads to. No other number is taken or kept."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum


class Leads(Enum):
    PAID = "paid"
    REFUSED = "refused"
    QUESTION = "question"
    """The bank asks the holder (3-D Secure)."""
    WAITING = "waiting"
    """Accepted now, paid or not some time later, as with a direct debit."""


class Repayment(Enum):
    AT_ONCE = "at once"
    LATER = "later"
    FAILS = "fails"


@dataclass(frozen=True)
class Card:
    number: str
    shows: str
    leads: Leads = Leads.PAID
    brand: str = "visa"
    code: str = ""
    decline_code: str = ""
    message: str = ""
    sentence: str = ""
    repayment: Repayment = Repayment.AT_ONCE
    disputed: bool = False

    @property
    def last4(self) -> str:
        return self.number[-4:]

    @property
    def grouped(self) -> str:
        return " ".join(re.findall(".{1,4}", self.number))


def _refused(
    number: str,
    shows: str,
    *,
    sentence: str,
    message: str,
    code: str = "card_declined",
    decline_code: str = "",
) -> Card:
    return Card(
        number, shows, Leads.REFUSED, code=code, decline_code=decline_code, message=message, sentence=sentence
    )


CARDS = (
    Card("4242424242424242", "Paiement accepté"),
    Card("5555555555554444", "Paiement accepté (Mastercard)", brand="mastercard"),
    Card("4000002500003155", "Confirmation demandée par la banque (3-D Secure)", Leads.QUESTION),
    Card("4000000000242406", "Paiement en attente, confirmé ou refusé plus tard", Leads.WAITING),
    _refused(
        "4000000000000002",
        "Carte refusée",
        decline_code="generic_decline",
        message="Your card was declined.",
        sentence="Votre carte a été refusée.",
    ),
    _refused(
        "4000000000009995",
        "Provision insuffisante",
        decline_code="insufficient_funds",
        message="Your card has insufficient funds.",
        sentence="Votre carte a été refusée\N{NO-BREAK SPACE}: provision insuffisante.",
    ),
    _refused(
        "4000000000000069",
        "Carte expirée",
        code="expired_card",
        message="Your card has expired.",
        sentence="Votre carte a expiré.",
    ),
    _refused(
        "4000000000000127",
        "Cryptogramme refusé",
        code="incorrect_cvc",
        message="Your card's security code is incorrect.",
        sentence="Le cryptogramme de votre carte est incorrect.",
    ),
    _refused(
        "4000000000000119",
        "Incident technique de la banque",
        code="processing_error",
        message="An error occurred while processing your card. Try again in a little bit.",
        sentence="Une erreur est survenue pendant le traitement de votre carte. Réessayez dans un instant.",
    ),
    Card(
        "4000000000007726",
        "Accepté\N{NO-BREAK SPACE}; un remboursement aboutit plus tard",
        repayment=Repayment.LATER,
    ),
    Card(
        "4000000000005126",
        "Accepté\N{NO-BREAK SPACE}; un remboursement échoue plus tard",
        repayment=Repayment.FAILS,
    ),
    Card("4000000000000259", "Accepté, puis contesté par le porteur", disputed=True),
)
NO_TEST_CARD = _refused(
    "",
    "",
    decline_code="test_mode_live_card",
    message="Your card was declined. Your request was in test mode, but used a non test card.",
    sentence="Cette page ne prend que les cartes de test ci-dessous, jamais une vraie carte.",
)
BY_NUMBER = {card.number: card for card in CARDS}


def is_well_formed(number: str) -> bool:
    """The check digit (Luhn) of every card."""
    if not re.fullmatch(r"\d{12,19}", number):
        return False
    doubled = [int(digit) * (1 + index % 2) for index, digit in enumerate(reversed(number))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0
