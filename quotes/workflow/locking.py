"""The first step of every verb: the quote's row is locked before anything is read or written.

Customer → Quote (several: by primary key) → SigningRequest or Deposit → JournalHead.
"""

from __future__ import annotations

from quotes.models import Quote


def locked(quote_id: int) -> Quote:
    """The quote, locked until the transaction ends (on SQLite the whole database is).

    FOR NO KEY UPDATE: a row that only refers to the quote may be inserted meanwhile, so lock order needs no more care.
    """
    # Without its customer: joined here it would be as it was before the wait, and its address the old one.
    return Quote.objects.select_for_update(of=("self",), no_key=True).select_related("owner").get(pk=quote_id)
