"""How long the data of persons are kept, and where that is said: what the purge carries out, the page tells.

Sources: RGPD art. 5, 1, e (no longer than needed); CNIL, deliberation 2016-264 (prospects: three years from the last
contact); art. L213-1, R213-1 and D213-2 of the consumer code (contracts of 120 € and more: ten years from delivery or
from the end of the works); art. L123-22 of the commercial code (accounts: ten years).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True)
class Period:
    """`lasts` never ends before the calendar does: leap days are counted in whether or not there are so many."""

    words: str
    lasts: dt.timedelta


# Of whoever never signed: whole quotes, and customers whom no quote is left of.
PROSPECTS = Period("3\u00a0ans après notre dernier échange", dt.timedelta(days=3 * 365 + 1))
# Addresses and browsers of whoever never signed, as far as no contract may still come of the quote.
TRACES = Period("12\u00a0mois", dt.timedelta(days=366))
# Of a contract, from the end of the works on.
CONTRACTS = Period("10\u00a0ans après la fin des travaux", dt.timedelta(days=10 * 365 + 3))
