"""Every rule of retention, in the order in which they are carried out.

The technical ones touch no journal, no version, no signature, no sealed document, no payment and no mail about a
contract. How long the data of persons are kept is the law's to say (quotes/law/retention.py); those rules come first:
whole quotes that never became a contract, then the customers whom none is left of.
"""

from __future__ import annotations

from lib import retention
from lib.retention import Rule
from logisav.personal import purging as personal
from logisav.staff import retention as staff
from notifications import retention as notifications
from payments import retention as payments
from quotes import retention as quotes

RULES: tuple[Rule, ...] = (
    *personal.RULES,
    *retention.RULES,
    *staff.RULES,
    *notifications.RULES,
    *quotes.RULES,
    *payments.RULES,
)
