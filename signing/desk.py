"""What signing lets the owner do to several quotes of the list."""

from __future__ import annotations

from quotes.journal import Actor
from quotes.models import Quote, QuoteVersion
from quotes.offers import Move
from signing import workflow
from signing.models import SigningAllowance


def is_paused(quote: Quote) -> bool:
    """Too many codes or tries: the customer cannot sign until the owner says so."""
    allowance = SigningAllowance.objects.filter(quote=quote).first()
    return quote.state in Quote.SIGNABLE and allowance is not None and not allowance.allows_a_code


def _offered(quote: Quote, version: QuoteVersion | None) -> bool:
    return is_paused(quote)


def _allow(quote: Quote, actor: Actor, said: str) -> None:
    workflow.allow_more_tries(quote.pk, actor=actor)


ALLOW_MORE_TRIES = Move(
    path="autoriser-de-nouveaux-essais",
    label="Autoriser de nouveaux essais",
    effects=(
        "{email} peut de nouveau demander un code, au plus 6 en 24 h, et essayer 5 fois chacun.",
        "Appelez d'abord, pour être sûr que c'est bien votre client qui essaie.",
    ),
    done="{customer} peut de nouveau demander un code.",
    offered=_offered,
    run=_allow,
    why_not="La signature de ce devis n'est pas en pause.",
)
