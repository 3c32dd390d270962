"""The « cadre de contribution » of a quote: attached to the working copy, frozen with its next version."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from quotes.rules import Verb
from quotes.workflow.locking import locked


@transaction.atomic
def attach_contribution(quote_id: int, *, file: str, dated: dt.date) -> None:
    """`file` is stored already, by its content. The one before stays: a version may have it. Raises IllegalMove.

    The journal says nothing of it, as of the lines: what is frozen tells.
    """
    _keep(quote_id, file, dated)


@transaction.atomic
def detach_contribution(quote_id: int) -> None:
    """Raises IllegalMove."""
    _keep(quote_id, "", None)


def _keep(quote_id: int, file: str, dated: dt.date | None) -> None:
    quote = locked(quote_id)
    quote.require(Verb.EDIT)
    quote.contribution.name, quote.contribution_on = file, dated
    quote.save(update_fields=["contribution", "contribution_on"])
